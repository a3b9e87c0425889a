//! More threads than the magazines that a pool begins with: a pool adds magazines for further
//! threads.
#![cfg(all(not(any(block_loom, block_shuttle)), not(miri)))]

mod support;

use std::sync::Barrier;

use block_core::BlockAlloc;
use block_lockfree::LockFreeAlloc;
use support::{Stamped, deadline, expect_all_blocks};

#[test]
fn threads_beyond_the_first_slots_have_magazines_too() {
    let _end = deadline("threads beyond the first slots", 120);
    let pool = LockFreeAlloc::new(64, 100_000).unwrap();
    let (threads, barrier) = (200, Barrier::new(200));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                barrier.wait(); // all threads live at the same time, and race for the second table
                let held: Vec<_> = (0..20).map(|_| Stamped::must(&pool)).collect();
                barrier.wait();
                drop(held);
                barrier.wait();
            });
        }
    });
    // Each thread cached the blocks that it freed.
    let cached = pool.stats().cached;
    assert!(cached >= threads * 20, "{cached} blocks are cached");
    expect_all_blocks(&pool);
}

#[test]
fn a_reclaim_reaches_the_magazines_of_threads_beyond_the_first_slots() {
    let _end = deadline("a reclaim beyond the first slots", 120);
    let pool = LockFreeAlloc::new(64, 6000).unwrap();
    let barrier = Barrier::new(101);
    std::thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                let held: Vec<_> = (0..60).map(|_| Stamped::must(&pool)).collect();
                barrier.wait();
                drop(held);
                barrier.wait();
                barrier.wait();
            });
        }
        barrier.wait();
        barrier.wait();
        expect_all_blocks(&pool);
        barrier.wait();
    });
    assert!(pool.stats().reclaims > 0);
}
