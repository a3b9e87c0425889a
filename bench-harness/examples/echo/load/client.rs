//! One client.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

use super::super::request::{Expected, Requests};
use super::super::sockets;
use super::{Answers, ClientError, Work};

/// Bytes of a read.
const INBOX: usize = 16 << 10;

/// The requests of a connection on their way out.
struct Outbox {
    requests: Requests,
    /// The request that is being sent.
    current: Vec<u8>,
    /// Bytes of it that are sent.
    sent: usize,
    /// When each request set out whose reply is due.
    under_way: VecDeque<Instant>,
}

impl Outbox {
    fn rest(&self) -> &[u8] {
        &self.current[self.sent..]
    }

    fn set_out(&mut self) {
        self.requests.next_into(&mut self.current);
        self.sent = 0;
        self.under_way.push_back(Instant::now());
    }
}

/// Works until it is told to leave, and then until nothing is due.
pub(super) async fn run(
    number: u32,
    server: SocketAddr,
    work: Work,
    mut leaves: watch::Receiver<bool>,
) -> Result<Answers, ClientError> {
    let mut answers = Answers::none().map_err(ClientError::Latencies)?;
    let mut stream = sockets::connect(server).await?;
    let (mut reader, mut writer) = stream.split();
    let mut outbox = Outbox {
        requests: Requests::of(number),
        current: Vec::new(),
        sent: 0,
        under_way: VecDeque::new(),
    };
    let mut expected = Expected::of(number);
    let mut inbox = vec![0; INBOX];
    loop {
        // Not before it has sent anything, however soon it is told.
        let leave = *leaves.borrow_and_update() && answers.bytes_sent > 0;
        if outbox.rest().is_empty() {
            match work {
                _ if leave && outbox.under_way.is_empty() => break,
                _ if leave => {}
                Work::Flow { depth } if outbox.under_way.len() == depth => {}
                Work::Fill | Work::Flow { .. } => outbox.set_out(),
            }
        }
        tokio::select! {
            biased;
            sent = writer.write(outbox.rest()), if !outbox.rest().is_empty() => {
                let sent = sent?;
                outbox.sent += sent;
                answers.bytes_sent += sent as u64;
            }
            read = reader.read(&mut inbox), if leave || work != Work::Fill => {
                let bytes = &inbox[..read?];
                if bytes.is_empty() {
                    return Err(ClientError::Closed(outbox.under_way.len()));
                }
                answers.bytes_back += bytes.len() as u64;
                let completed = expected.compare(bytes).map_err(ClientError::Differs)?;
                let now = Instant::now();
                for _ in 0..completed {
                    let start = outbox.under_way.pop_front().ok_or(ClientError::Surplus)?;
                    let latency = now.duration_since(start).as_micros();
                    answers.latencies_us.saturating_record(latency as u64);
                    answers.requests += 1;
                }
            }
            // Nobody waits for the answers any more.
            changed = leaves.changed() => if changed.is_err() { return Ok(answers) },
        }
    }
    writer.shutdown().await?;
    match reader.read(&mut inbox).await? {
        0 => Ok(answers),
        _ => Err(ClientError::Surplus),
    }
}
