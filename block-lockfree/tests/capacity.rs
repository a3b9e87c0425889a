//! Pools of small capacities, and of more blocks than 32 bits can number.
#![cfg(not(any(block_loom, block_shuttle)))]
#![cfg_attr(
    not(target_pointer_width = "64"),
    allow(arithmetic_overflow, reason = "there the tests are compiled, but ignored")
)]

#[cfg(target_os = "linux")]
#[path = "support/resident.rs"]
mod resident;

use std::collections::HashSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use block_core::{AllocError, BlockAlloc, BlockAllocExt};
use block_lockfree::LockFreeAlloc;

#[test]
fn every_block_can_be_had_once_at_every_small_capacity() {
    for capacity in [1, 2, 3, 63, 64, 65, 1000] {
        let pool = LockFreeAlloc::new(24, capacity).unwrap();
        // The first round allocates from the frontier, the second from written links.
        for _ in 0..2 {
            let blocks: Vec<_> = (0..capacity).map(|_| pool.alloc().unwrap()).collect();
            let distinct: HashSet<_> = blocks.iter().map(|block| block.as_ptr()).collect();
            assert_eq!(distinct.len(), capacity, "invariant 1");
            assert_eq!(pool.alloc().unwrap_err(), AllocError::Exhausted);
            assert_eq!(pool.available(), 0);
            drop(blocks);
            assert_eq!(pool.available(), capacity, "invariant 2");
        }
    }
}

/// Every magazine has room for the whole pool, but idle threads keep no block from the others.
#[test]
fn a_pool_smaller_than_one_magazine_is_had_whole_by_each_thread_in_turn() {
    const THREADS: usize = 3;
    for capacity in [1, 2, 3, 4, 10, 31, 61] {
        let pool = LockFreeAlloc::new(24, capacity).unwrap();
        let turn_ends = Barrier::new(THREADS);
        // Checked at the end, because the others would wait for ever for a thread that panicked.
        let refused = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for id in 0..THREADS {
                let (pool, turn_ends, refused) = (&pool, &turn_ends, &refused);
                scope.spawn(move || {
                    for turn in 0..10 * THREADS {
                        // Every second turn allocates half of the pool, which leaves magazines
                        // open.
                        let wanted = if turn % 2 == 0 { capacity } else { capacity.div_ceil(2) };
                        if turn % THREADS == id {
                            let blocks: Vec<_> =
                                (0..wanted).map_while(|_| pool.alloc().ok()).collect();
                            refused.fetch_add(wanted - blocks.len(), Ordering::Relaxed);
                        }
                        turn_ends.wait();
                    }
                });
            }
        });
        assert_eq!(refused.into_inner(), 0, "invariant 3: {capacity} blocks");
        assert_eq!(pool.available(), capacity, "invariant 2");
    }
}

#[test]
#[cfg(target_os = "linux")]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn a_pool_of_2_to_the_33_blocks_commits_memory_only_as_they_are_first_used() {
    let capacity = 1 << 33;
    let before = resident::resident();
    let pool = LockFreeAlloc::new(64, capacity).unwrap();
    assert_eq!(pool.available(), capacity);
    let mut raw = vec![None; 10_000];
    pool.alloc_bulk_raw(&mut raw).unwrap();
    let mut handles: Vec<_> = (0..10_000).map(|_| pool.alloc().unwrap()).collect();
    handles.iter_mut().for_each(|block| block.fill(0xa5));
    assert_eq!(pool.available(), capacity - 20_000);
    drop(handles);
    // SAFETY: allocated above, and not used again.
    unsafe { pool.free_bulk_raw(&mut raw).unwrap() };
    assert_eq!(pool.available(), capacity);
    let grown = resident::resident().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes for 20,000 blocks of 64");
}
