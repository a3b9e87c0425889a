//! The same server with blocks of a pool and with a `Vec` for each read, by turns.

use std::sync::Arc;
use std::time::Duration;

use bench_harness::stop::Stop;
use bench_harness::workers::Cores;
use block_core::wait::Waiting;
use block_core::{BlockAlloc, BlockLayout};
use block_lockfree::LockFreeAlloc;

use super::arguments::Arguments;
use super::buffers::Vecs;
use super::load::Crowd;
use super::memory::Memory;
use super::round::{self, Plan, Round};

/// A round of each, as long as there is time; no fewer than two, since the first is for warming up, and
/// no more than this: what is kept of each round would pass for growth of the servers.
const SECONDS_OF_BOTH: f64 = 2.0;
const FEWEST: usize = 2;
const MOST: usize = 50;

/// What the rounds of a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub layout: BlockLayout,
    pub connections: usize,
    pub pool: Vec<Round>,
    pub vecs: Vec<Round>,
    /// Blocks in the pool when every connection had ended.
    pub blocks_back: usize,
    pub memory: Memory,
    /// Rounds that were to be.
    pub planned: usize,
    pub interrupted: bool,
}

/// Runs both servers by turns; tells `hear` after each round how many of how many are done.
pub fn run(
    arguments: &Arguments,
    stop: &Stop,
    mut hear: impl FnMut(usize, usize),
) -> Result<Outcome, String> {
    let Arguments { time, connections, blocks, block_size } = *arguments;
    let pool = LockFreeAlloc::new(block_size, blocks).map_err(|error| error.to_string())?;
    let pool = Arc::new(Waiting::new(pool));
    let vecs = Arc::new(Vecs { size: block_size });
    let planned = ((time / SECONDS_OF_BOTH) as usize).clamp(FEWEST, MOST);
    // Two threads at least, so that connections do compete for blocks.
    let threads = Cores::usable().count().div_ceil(2).max(2);
    let plan = Plan {
        crowd: Crowd { connections, threads },
        threads,
        time: Duration::from_secs_f64(time / (2 * planned) as f64),
    };
    let mut outcome = Outcome {
        layout: *pool.region().layout(),
        connections,
        pool: Vec::new(),
        vecs: Vec::new(),
        blocks_back: 0,
        memory: Memory::default(),
        planned: 2 * planned,
        interrupted: false,
    };
    for round in 0..planned {
        outcome.pool.push(round::run(&pool, plan, stop, &mut outcome.memory)?);
        hear(2 * round + 1, outcome.planned);
        outcome.vecs.push(round::run(&vecs, plan, stop, &mut outcome.memory)?);
        hear(2 * round + 2, outcome.planned);
        if round == 0 {
            outcome.memory.is_warm();
        }
        if stop.is_asked_for() {
            outcome.interrupted = round + 1 < planned;
            break;
        }
    }
    outcome.blocks_back = pool.available();
    Ok(outcome)
}
