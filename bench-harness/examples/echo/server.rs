//! The echo server. It knows nothing of requests: what it reads it writes back.
//!
//! A connection waits until there is something to read, then for a buffer, reads into it, writes it out
//! and gives it back. So a connection on which nothing happens holds none, and few buffers serve many
//! connections. A connection that has no buffer does not read: the system's buffers of its socket fill,
//! and TCP stops the sender. That is all there is to back-pressure.
//!
//! What the server does not have is a limit on the time of a write. A peer that sends and never reads
//! keeps one buffer for as long as it stays connected; a server for strangers wants one.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::timeout;

use super::buffers::Buffers;
use super::gauge::Gauge;
use super::sockets;

/// For connections to end whose peers have left.
const LEAVING: Duration = Duration::from_secs(20);

/// A server that runs, on threads of its own.
#[derive(Debug)]
pub struct Server {
    runtime: Runtime,
    address: SocketAddr,
    gauge: Arc<Gauge>,
    stop: oneshot::Sender<()>,
    accepting: JoinHandle<io::Result<Served>>,
}

/// The connections that a server has had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Those whose peer said that it was done.
    pub ended: usize,
    /// Those that broke: the peer was gone.
    pub broken: usize,
}

impl Server {
    /// Starts a server with these buffers, on so many threads.
    pub fn start<B: Buffers>(buffers: Arc<B>, threads: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("server")
            .enable_all()
            .build()?;
        let listener = {
            let _inside = runtime.enter();
            sockets::listen()?
        };
        let address = listener.local_addr()?;
        let gauge = Arc::new(Gauge::default());
        let (stop, stopped) = oneshot::channel();
        let accepting = runtime.spawn(accept(listener, buffers, Arc::clone(&gauge), stopped));
        Ok(Self { runtime, address, gauge, stop, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its connections do with buffers.
    pub fn gauge(&self) -> &Gauge {
        &self.gauge
    }

    /// Accepts nobody any more, and waits for the connections to end.
    pub fn stop(self) -> Result<Served, String> {
        // It is gone if accepting failed, which is told below.
        let _ = self.stop.send(());
        match self.runtime.block_on(async { timeout(LEAVING, self.accepting).await }) {
            Ok(Ok(served)) => served.map_err(|error| {
                format!("the server cannot accept: {}", sockets::with_advice(&error))
            }),
            Ok(Err(panic)) => Err(format!("the server failed: {panic}")),
            Err(_) => Err("the server's connections do not end".to_owned()),
        }
    }
}

async fn accept<B: Buffers>(
    listener: TcpListener,
    buffers: Arc<B>,
    gauge: Arc<Gauge>,
    mut stop: oneshot::Receiver<()>,
) -> io::Result<Served> {
    let mut connections = JoinSet::new();
    let mut served = Served::default();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (buffers, gauge) = (Arc::clone(&buffers), Arc::clone(&gauge));
                    connections.spawn(async move { echo(stream, &*buffers, &gauge).await });
                }
                // The peer was gone before it was its turn.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            },
            Some(ended) = connections.join_next() => served.count(ended)?,
            _ = &mut stop => break,
        }
    }
    drop(listener);
    while let Some(ended) = connections.join_next().await {
        served.count(ended)?;
    }
    Ok(served)
}

impl Served {
    /// A panic is nobody's peer's fault.
    fn count(&mut self, ended: Result<io::Result<()>, JoinError>) -> io::Result<()> {
        match ended? {
            Ok(()) => self.ended += 1,
            Err(_) => self.broken += 1,
        }
        Ok(())
    }
}

async fn echo<B: Buffers>(mut stream: TcpStream, buffers: &B, gauge: &Gauge) -> io::Result<()> {
    loop {
        stream.readable().await?;
        let mut buffer = gauge.counted(buffers.take()).await;
        match stream.try_read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => stream.write_all(&buffer[..count]).await?,
            // There was nothing after all: the system may say so.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
