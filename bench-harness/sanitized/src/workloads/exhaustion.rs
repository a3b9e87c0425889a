//! At the pool's limit, where blocks in other threads' magazines are called in.

use super::{Bench, THREADS, stamp};
use crate::held::{Held, Way, take_and_fill};
use crate::threads::{Gate, give_way, together};

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

/// Threads that ask on until there is a block.
pub fn some_fail(bench: &Bench<'_>, way: Way) {
    let gate = Gate::default();
    together(THREADS, |number| {
        gate.pass(THREADS);
        for round in 0..bench.rounds {
            let stamp = stamp(number, round);
            loop {
                if let Some(held) = take_and_fill(bench.pool, way, stamp) {
                    // Held while others run, so that they find none.
                    give_way();
                    break held.give_back(stamp);
                }
                give_way();
            }
        }
    });
}
