//! One server under one load, from the first connection to the last.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bench_harness::stop::Stop;

use super::buffers::Buffers;
use super::gauge::Moment;
use super::load::{Answers, Crowd, Load, Work};
use super::memory::Memory;
use super::server::{Served, Server};

/// How often the round is looked at.
const TICK: Duration = Duration::from_millis(5);

/// For all connections to come to stand; far more than that takes.
const FILLING: Duration = Duration::from_secs(60);

/// For such a part of a round's time the server is filled and stands full.
const FULL: u32 = 4;

/// In the rest of it. More than the sockets take on average: clients send as fast as the server lets them,
/// and its connections go on waiting for buffers.
const BUSY: Work = Work::Flow { depth: 256 };

/// What is done in a round.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub crowd: Crowd,
    /// Threads of the server.
    pub threads: usize,
    /// How long to go on.
    pub time: Duration,
}

/// What happened in a round.
#[derive(Clone, Debug)]
pub struct Round {
    /// What came back of that which filled the server.
    pub filled: Answers,
    /// When every connection held a buffer or waited for one, and no more could be held.
    pub full: Moment,
    /// What came back while clients sent and read.
    pub flowed: Answers,
    /// How long they did.
    pub flow: Duration,
    /// The most buffers held at once.
    pub most_held: usize,
    /// How often a connection did not get a buffer at once: until the server had been full, and after.
    pub waits: [u64; 2],
    pub served: Served,
}

impl Round {
    /// Requests a second while clients sent and read.
    pub fn requests_per_second(&self) -> f64 {
        self.flowed.requests as f64 / self.flow.as_secs_f64()
    }

    /// Microseconds that so many percent of those requests took at most.
    pub fn percentile_us(&self, percent: f64) -> f64 {
        self.flowed.latencies_us.value_at_percentile(percent) as f64
    }
}

/// Runs a server with these buffers, first filled, then busy, until the time is over or a stop is asked
/// for. Then everything that was sent is waited for.
pub fn run<B: Buffers>(
    buffers: &Arc<B>,
    plan: Plan,
    stop: &Stop,
    memory: &mut Memory,
) -> Result<Round, String> {
    let start = Instant::now();
    let Plan { crowd, threads, time } = plan;
    let server = Server::start(Arc::clone(buffers), threads).map_err(cannot_start)?;
    let mut pause = |load: &Load, until: Instant| {
        while Instant::now() < until && !stop.is_asked_for() && !load.has_failed() {
            memory.look();
            thread::sleep(TICK.min(until.saturating_duration_since(Instant::now())));
        }
    };

    let load = Load::start(server.address(), crowd, Work::Fill).map_err(cannot_start)?;
    let full = fill(&server, &**buffers, crowd.connections, &load)?;
    pause(&load, start + time / FULL);
    let (filled, server) = finish(load, server)?;
    let waits_filled = server.gauge().waits();

    let opened = Instant::now();
    let load = Load::start(server.address(), crowd, BUSY).map_err(cannot_start)?;
    pause(&load, (start + time).max(opened + time / 2));
    let (flowed, server) = finish(load, server)?;
    let flow = opened.elapsed();

    let most_held = server.gauge().most_held();
    let waits = [waits_filled, server.gauge().waits() - waits_filled];
    let served = server.stop()?;
    Ok(Round { filled, full, flowed, flow, most_held, waits, served })
}

fn cannot_start(error: io::Error) -> String {
    format!("cannot start: {error}")
}

/// What the clients got back. If they failed because the server did, it is the server's error that counts.
fn finish(load: Load, server: Server) -> Result<(Answers, Server), String> {
    match load.finish() {
        Ok(answers) => Ok((answers, server)),
        Err(told) => Err(server.stop().err().unwrap_or(told)),
    }
}

/// Waits until every connection of the server holds a buffer or waits for one, and no more could be held.
/// It comes to that because nobody reads: a connection that has written all it read takes the next buffer,
/// or waits for it, until it has one and cannot write. A client that has failed will say why when it is
/// asked.
fn fill(
    server: &Server,
    buffers: &impl Buffers,
    connections: usize,
    load: &Load,
) -> Result<Moment, String> {
    let most = buffers.bound().map_or(connections, |bound| bound.min(connections));
    let full = Moment { waiting: connections - most, held: most };
    let limit = Instant::now() + FILLING;
    loop {
        let now = server.gauge().now();
        if load.has_failed() || (now == full && buffers.left().is_none_or(|left| left == 0)) {
            return Ok(now);
        }
        if Instant::now() > limit {
            let Moment { waiting, held } = now;
            return Err(format!(
                "the server does not fill: of {connections} connections {held} hold a buffer, and \
                 {waiting} wait for one"
            ));
        }
        thread::sleep(TICK);
    }
}
