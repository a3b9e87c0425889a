//! What the threads do with a pool. Each leaves it as it found it.

mod buffers;
mod bulk;
mod exhaustion;
mod hand_over;
mod reuse;
mod turns;
mod waiting;

use block_core::BlockAlloc;

use crate::held::{Way, take_and_fill};
use crate::pools::POOLS;
use crate::threads::{Gate, together};

/// More than four: a magazine of a small pool holds a quarter of it, so these cannot all have one filled.
const THREADS: usize = 5;
/// Blocks enough for all that the threads hold, and for magazines of full size.
const AMPLE: usize = 1000;

/// A pool, and how long to use it.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    pub pool: &'a dyn BlockAlloc,
    pub rounds: usize,
}

/// What is done with a pool.
pub struct Workload {
    pub name: &'static str,
    pub what: &'static str,
    /// Does it with each kind of pool, for so many rounds.
    pub run: fn(usize),
}

/// All of them.
pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "pair",
        what: "a block taken and given back",
        run: |rounds| each_way(AMPLE, rounds, |bench, way| keep(bench, way, 1)),
    },
    Workload {
        name: "batch",
        what: "40 blocks taken, then given back: more than half a magazine",
        run: |rounds| each_way(AMPLE, rounds, |bench, way| keep(bench, way, 40)),
    },
    Workload {
        name: "bulk",
        what: "12 and 40 blocks in one call, raw and by handle",
        run: |rounds| each(AMPLE, rounds, bulk::run),
    },
    Workload {
        name: "hand-over",
        what: "blocks that one thread takes and fills, and another one reads and gives back",
        run: |rounds| each_way(AMPLE, rounds, hand_over::run),
    },
    Workload {
        name: "turns",
        what: "all blocks taken by one thread after the other, out of the last one's magazine",
        run: |rounds| each_way(turns::BLOCKS, rounds, turns::run),
    },
    Workload {
        name: "exhaustion",
        what: "as many blocks as the threads may hold: no call may fail",
        run: |rounds| each_way(THREADS * exhaustion::EACH, rounds, exhaustion::none_fails),
    },
    Workload {
        name: "shortage",
        what: "fewer blocks than threads: all are refused at once, then ask on",
        run: |rounds| each_way(exhaustion::TOO_FEW, rounds, exhaustion::some_fail),
    },
    Workload {
        name: "churn",
        what: "threads that end and leave what they cached to others",
        run: |rounds| each_way(AMPLE, rounds, churn),
    },
    Workload {
        name: "buffers",
        what: "buffers that are filled, frozen and read by all threads; the last one gives back",
        run: |rounds| each(AMPLE, rounds, buffers::run),
    },
    Workload {
        name: "reuse",
        what: "memory of the caller's that is a pool's for a while",
        run: reuse::run,
    },
    Workload { name: "waiting", what: "blocks that are waited for", run: waiting::run },
];

/// Over each kind of pool, a new one of so many blocks.
fn each(capacity: usize, rounds: usize, run: fn(&Bench<'_>)) {
    for kind in POOLS {
        kind.with(capacity, |pool| run(&Bench { pool, rounds }));
    }
}

/// The same, once for each way to take a block.
fn each_way(capacity: usize, rounds: usize, run: fn(&Bench<'_>, Way)) {
    for kind in POOLS {
        for way in Way::ALL {
            kind.with(capacity, |pool| run(&Bench { pool, rounds }, way));
        }
    }
}

/// A stamp that no other thread writes, and this one in no other round.
fn stamp(number: usize, round: usize) -> usize {
    round * THREADS + number + 1
}

/// Every thread takes so many blocks and gives them back.
fn keep(bench: &Bench<'_>, way: Way, count: usize) {
    let gate = Gate::default();
    together(THREADS, |number| {
        gate.pass(THREADS);
        for batch in (0..bench.rounds).step_by(count) {
            let rounds = batch..batch + count;
            let take = |round| {
                take_and_fill(bench.pool, way, stamp(number, round)).expect("there are enough")
            };
            let held: Vec<_> = rounds.clone().map(take).collect();
            held.into_iter()
                .zip(rounds)
                .for_each(|(held, round)| held.give_back(stamp(number, round)));
        }
    });
}

/// Threads that live for a few blocks each.
fn churn(bench: &Bench<'_>, way: Way) {
    for generation in 0..bench.rounds.div_ceil(50) {
        keep(&Bench { rounds: 20, ..*bench }, way, 1 + generation % 20);
    }
}
