//! A call fails only if every block is allocated (invariant 3), wherever the free blocks are.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

use crate::churn::{Random, churn};
use crate::share::share_all_blocks;
use crate::support::{Stamped, deadline, expect_all_blocks};
use block_core::BlockAlloc;
use block_lockfree::LockFreeAlloc;

/// The numbers of threads, and of blocks per thread.
const SHARES: [(usize, usize); 9] =
    [(2, 1), (2, 7), (2, 64), (2, 1000), (4, 5), (4, 100), (8, 33), (16, 16), (2, 10_000)];

fn pool(capacity: usize) -> LockFreeAlloc {
    LockFreeAlloc::new(64, capacity).unwrap()
}

#[test]
fn threads_that_together_need_every_block_get_every_block() {
    let _end = deadline("shares of all blocks", 120);
    for (threads, each) in SHARES {
        let calls = (10 * each).max(1_000_000 / threads);
        share_all_blocks(&pool(threads * each), threads, calls, |_| {});
    }
}

#[test]
fn bulk_calls_get_every_block_too() {
    let _end = deadline("bulk", 120);
    for (threads, each) in SHARES {
        let pool = pool(threads * each);
        let take_and_give = |seed: usize| {
            let mut random = Random(seed as u64);
            let mut blocks = vec![None; each];
            for _ in 0..(200_000 / each / threads).clamp(20, 5_000) {
                let share = &mut blocks[..1 + random.below(each)];
                assert!(pool.acquire_bulk(share), "invariant 3");
                // SAFETY: acquired above, all entries are `Some`, and not used again.
                unsafe { pool.release_bulk(share) };
            }
        };
        std::thread::scope(|scope| {
            (0..threads).for_each(|seed| drop(scope.spawn(move || take_and_give(seed))));
        });
        expect_all_blocks(&pool);
    }
}

#[test]
fn a_producer_is_not_starved_by_the_consumer_that_gives_its_blocks_back() {
    let _end = deadline("hand-over", 120);
    for (capacity, makers) in [(1, 1), (2, 1), (40, 2), (64, 1), (500, 2), (3000, 1)] {
        let pool = pool(capacity);
        // Who has a permit may hold a block, or is on the way to one: never more than there are.
        let permits = AtomicUsize::new(capacity);
        let permit = || {
            permits
                .fetch_update(Ordering::Acquire, Ordering::Relaxed, |it| it.checked_sub(1))
                .is_ok()
        };
        let (sender, receiver) = sync_channel(capacity);
        std::thread::scope(|scope| {
            for _ in 0..makers {
                let (sender, pool) = (sender.clone(), &pool);
                scope.spawn(move || {
                    for _ in 0..60_000 / makers {
                        while !permit() {
                            std::thread::yield_now();
                        }
                        sender.send(Stamped::must(pool)).unwrap();
                    }
                });
            }
            drop(sender);
            for block in receiver {
                drop(block);
                permits.fetch_add(1, Ordering::Release);
            }
        });
        expect_all_blocks(&pool);
    }
}

#[test]
fn threads_that_end_and_start_leave_every_block_to_the_others() {
    let _end = deadline("ends and starts", 120);
    for (lanes, each) in [(2, 1), (3, 20), (2, 64), (4, 100)] {
        let pool = pool(lanes * each);
        std::thread::scope(|lane| {
            for number in 0..lanes {
                let pool = &pool;
                lane.spawn(move || {
                    let mut held = Vec::new();
                    for generation in 0..300 {
                        // The next thread of the lane takes over what the last one holds.
                        let share = (each, 500, 1000 * number + generation);
                        std::thread::scope(|next| {
                            next.spawn(|| churn(pool, &mut held, share, |_| {}));
                        });
                    }
                });
            }
        });
        expect_all_blocks(&pool);
    }
}

#[test]
fn one_thread_gets_what_another_gave_back_and_lives_on() {
    let _end = deadline("one after the other", 120);
    for capacity in [1, 2, 3, 62, 63, 64, 65, 124, 1000, 5000] {
        let pool = pool(capacity);
        for _ in 0..3 {
            drop((0..capacity).map(|_| Stamped::must(&pool)).collect::<Vec<_>>());
            assert_eq!(pool.available(), capacity, "invariant 2");
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    drop((0..capacity).map(|_| Stamped::must(&pool)).collect::<Vec<_>>());
                    assert_eq!(pool.available(), capacity, "invariant 2");
                });
            });
        }
        expect_all_blocks(&pool);
    }
}

#[test]
fn the_count_is_exact_between_calls_and_within_the_capacity_during_them() {
    let _end = deadline("count", 120);
    for capacity in [10, 100, 1000] {
        let pool = pool(capacity);
        let kept: Vec<_> = (0..capacity / 2).map(|_| Stamped::must(&pool)).collect();
        let (free, over) = (capacity - kept.len(), AtomicBool::new(false));
        // Bursts: batches leave magazines while next to nothing is held, so a block that moves
        // during the count may be counted twice.
        let bursts = || {
            let mut random = Random(1);
            for _ in 0..(1_000_000 / free).min(20_000) {
                let blocks = 1 + random.below(free);
                drop((0..blocks).map(|_| Stamped::must(&pool)).collect::<Vec<_>>());
            }
        };
        std::thread::scope(|scope| {
            let worker = scope.spawn(bursts);
            let watcher = scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    assert!(pool.available() <= capacity, "over-reported");
                }
            });
            let end = worker.join();
            over.store(true, Ordering::Relaxed);
            watcher.join().unwrap();
            end.unwrap();
        });
        for held in 0..free {
            assert_eq!(pool.available(), free - held);
            std::mem::forget(Stamped::must(&pool));
        }
        assert_eq!(pool.available(), 0);
    }
}

#[test]
fn magazines_of_any_size_keep_to_it() {
    let _end = deadline("sizes", 120);
    for blocks in [0, 1, 2, 3, 7, 33, 61, 62, 63, 1000, usize::MAX] {
        for capacity in [2, 4, 10, 124, 600] {
            let pool = pool(capacity).with_magazine(blocks);
            expect_all_blocks(&pool);
            share_all_blocks(&pool, 2, 10_000, |_| {});
        }
    }
}

#[test]
fn blocks_in_magazines_are_not_lost_with_them() {
    for capacity in [1, 2, 10, 124, 600] {
        for blocks in [0, 1, 5, 62] {
            let pool = pool(capacity);
            // A part of them: a pool that ran dry would have empty magazines.
            drop((0..capacity.div_ceil(2)).map(|_| Stamped::must(&pool)).collect::<Vec<_>>());
            expect_all_blocks(&pool.with_magazine(blocks));
        }
    }
}
