//! At the pool's limit, where blocks in other threads' magazines are called in.

use super::{Bench, THREADS, stamp};
use crate::held::{Held, Way, take_and_fill};
use crate::threads::{Gate, give_way, together, wait_for};

/// Blocks that a thread holds at most.
pub const EACH: usize = 7;

/// Threads that hold from none to all of their blocks: no call fails (invariant 3).
pub fn none_fails(bench: &Bench<'_>, way: Way) {
    let gate = Gate::default();
    together(THREADS, |number| {
        gate.pass(THREADS);
        let mut held = Vec::new();
        for round in 0..bench.rounds {
            // Up and down by steps that differ from thread to thread.
            let wanted = (round * (number + 1) * 5) % (EACH + 1);
            while held.len() > wanted {
                let (block, stamp): (Held<'_>, _) = held.swap_remove(round % held.len());
                block.give_back(stamp);
            }
            while held.len() < wanted {
                let stamp = stamp(number, round);
                let block = take_and_fill(bench.pool, way, stamp);
                held.push((block.expect("no thread holds more than its share"), stamp));
            }
            give_way();
        }
        held.into_iter().for_each(|(block, stamp)| block.give_back(stamp));
    });
}

/// Blocks of a pool with one too few: every thread but the last gets one.
pub const TOO_FEW: usize = THREADS - 1;

/// Threads that are all refused while all blocks are held, and then ask on until there is one.
pub fn some_fail(bench: &Bench<'_>, way: Way) {
    let (all_held, all_refused) = (Gate::default(), Gate::default());
    together(THREADS, |number| {
        let first = (number < TOO_FEW).then(|| {
            let block = take_and_fill(bench.pool, way, stamp(number, 0));
            block.expect("no thread holds more than its share")
        });
        all_held.pass(THREADS);
        assert!(Held::take(bench.pool, way).is_none(), "a block of which none is free");
        all_refused.pass(THREADS);
        first.into_iter().for_each(|held| held.give_back(stamp(number, 0)));
        for round in 0..bench.rounds {
            let stamp = stamp(number, round);
            let held = wait_for(|| take_and_fill(bench.pool, way, stamp));
            // Held while others run, so that they find none.
            give_way();
            held.give_back(stamp);
        }
    });
}
