//! Threads that take all blocks in turn, one thread at a time, and pass the turn on without ordering
//! anything. So what one thread did happens before what the next one does by the pool alone, and each
//! finds most blocks in the magazine of the one before. A turn can be seen before what was given back in
//! it is: then the pool says that it is exhausted, and is asked again.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Bench, THREADS, stamp};
use crate::held::{Way, take_and_fill};
use crate::threads::{give_way, together, wait_for};

/// Blocks of the pool: all of them fit into a magazine.
pub const BLOCKS: usize = 40;

pub fn run(bench: &Bench<'_>, way: Way) {
    let first = take_and_fill(bench.pool, way, 0).expect("all are free");
    first.give_back(0);
    let has_magazines = bench.pool.stats().cached > 0;
    let turns = AtomicUsize::new(0);
    together(THREADS, |number| {
        for round in 0..bench.rounds.div_ceil(THREADS) {
            // Relaxed, both: see above.
            while turns.load(Ordering::Relaxed) != round * THREADS + number {
                give_way();
            }
            let stamp = stamp(number, round);
            let take = |_| wait_for(|| take_and_fill(bench.pool, way, stamp));
            let held: Vec<_> = (0..BLOCKS).map(take).collect();
            held.into_iter().for_each(|held| held.give_back(stamp));
            turns.store(round * THREADS + number + 1, Ordering::Relaxed);
        }
    });
    let reclaims = bench.pool.stats().reclaims;
    assert_eq!(reclaims > 0, has_magazines, "blocks were called in {reclaims} times");
}
