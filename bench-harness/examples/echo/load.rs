//! The load: clients that send requests without waiting for the replies, and compare what comes back.
//!
//! They either fill the server or keep it busy, see [`Work`]. At the end they send nothing new, and wait
//! for what is due.

mod client;

use std::net::SocketAddr;
use std::time::Duration;
use std::{fmt, io};

use hdrhistogram::{CreationError, Histogram};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::request::Differs;
use super::sockets;

/// For everything to come back.
const RETURN: Duration = Duration::from_secs(60);

/// Latencies are told in microseconds up to a minute, to two digits: a table for each client.
const LONGEST_US: u64 = 60_000_000;
const DIGITS: u8 = 2;

/// What clients do until they are told to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// They send as much as their socket takes, and read nothing. So the server's connections come to
    /// stand: some of them in a write, with a buffer.
    Fill,
    /// They send and read, with so many requests under way. A client that can send does not read.
    Flow {
        /// Requests.
        depth: usize,
    },
}

/// How many clients there are.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    pub connections: usize,
    /// The threads of all of them.
    pub threads: usize,
}

/// What clients got back.
#[derive(Clone, Debug)]
pub struct Answers {
    pub requests: u64,
    pub bytes_sent: u64,
    pub bytes_back: u64,
    /// Of each request: microseconds from the first attempt to send it until its last byte was back.
    pub latencies_us: Histogram<u64>,
}

impl Answers {
    fn none() -> Result<Self, CreationError> {
        let latencies_us = Histogram::new_with_bounds(1, LONGEST_US, DIGITS)?;
        Ok(Self { requests: 0, bytes_sent: 0, bytes_back: 0, latencies_us })
    }

    /// Takes the other's to its own.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.bytes_sent += other.bytes_sent;
        self.bytes_back += other.bytes_back;
        self.latencies_us += &other.latencies_us;
    }
}

/// Why a client did not get back what it sent.
#[derive(Debug)]
pub enum ClientError {
    /// It got something else.
    Differs(Differs),
    /// So many requests were not answered when the server closed the connection.
    Closed(usize),
    /// Something came that was not sent.
    Surplus,
    /// The socket failed.
    Socket(io::Error),
    /// The latencies have no table.
    Latencies(CreationError),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs(differs) => differs.fmt(f),
            Self::Closed(due) => {
                write!(f, "the server closed a connection with {due} requests unanswered")
            }
            Self::Surplus => f.write_str("more came back than was sent"),
            Self::Socket(error) => {
                write!(f, "a client's socket failed: {}", sockets::with_advice(error))
            }
            Self::Latencies(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ClientError {}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> Self {
        Self::Socket(error)
    }
}

/// Clients that run, on threads of their own.
#[derive(Debug)]
pub struct Load {
    runtime: Runtime,
    leave: watch::Sender<bool>,
    clients: JoinHandle<Result<Answers, String>>,
}

impl Load {
    /// Starts clients.
    pub fn start(server: SocketAddr, crowd: Crowd, work: Work) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(crowd.threads)
            .thread_name("load")
            .enable_all()
            .build()?;
        let (leave, leaves) = watch::channel(false);
        let clients = runtime.spawn(clients(server, crowd.connections, work, leaves));
        Ok(Self { runtime, leave, clients })
    }

    /// Whether a client has failed: before the end there is no other reason to leave.
    pub fn has_failed(&self) -> bool {
        self.clients.is_finished()
    }

    /// Tells the clients to leave, and waits until everything is back.
    pub fn finish(self) -> Result<Answers, String> {
        // Who has failed does not hear of it, and says why.
        let _ = self.leave.send(true);
        match self.runtime.block_on(async { timeout(RETURN, self.clients).await }) {
            Ok(Ok(answers)) => answers,
            Ok(Err(panic)) => Err(format!("the load failed: {panic}")),
            Err(_) => Err(format!("replies are missing after {RETURN:?}")),
        }
    }
}

async fn clients(
    server: SocketAddr,
    connections: usize,
    work: Work,
    leaves: watch::Receiver<bool>,
) -> Result<Answers, String> {
    let mut clients = JoinSet::new();
    for number in 0..connections {
        clients.spawn(client::run(number as u32, server, work, leaves.clone()));
    }
    let mut all = Answers::none().map_err(|error| error.to_string())?;
    while let Some(ended) = clients.join_next().await {
        let answers = ended.map_err(|panic| format!("a client failed: {panic}"))?;
        all.add(&answers.map_err(|error| error.to_string())?);
    }
    Ok(all)
}
