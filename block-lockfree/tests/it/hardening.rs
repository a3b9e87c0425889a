//! Hardened pools report nothing if their callers make no error, and a pool that is built at
//! compile time has a guard too. `bench-harness/tests/hardening.rs` tests that errors are detected,
//! for all backends.

use std::sync::mpsc;

use crate::churn::churn;
use crate::hardened::hardened;
use crate::support::{Stamped, deadline, expect_all_blocks};
use block_core::{BlockAlloc, BlockLayout, StaticMemory};
use block_lockfree::LockFreeAlloc;

/// The threads need every block, so the pool reclaims all the time.
#[test]
fn threads_that_need_every_block_are_blamed_for_nothing() {
    let _end = deadline("hardened at exhaustion", 120);
    for each in [1, 5, 100] {
        for pool in hardened(72, 3 * each) {
            std::thread::scope(|scope| {
                for seed in 0..3 {
                    let pool = &pool;
                    scope.spawn(move || {
                        churn(pool, &mut Vec::new(), (each, 5_000, seed), |_| {});
                    });
                }
            });
            expect_all_blocks(&pool);
        }
    }
}

/// Each block is lent by one thread and scrubbed by another; whole batches change hands.
#[test]
fn blocks_given_back_by_other_threads_are_blamed_on_nobody() {
    let _end = deadline("hardened hand-over", 120);
    for pool in hardened(64, 1_000) {
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel::<Vec<Stamped<'_>>>(4);
            let pool = &pool;
            scope.spawn(move || receiver.into_iter().for_each(drop));
            for _ in 0..300 {
                let blocks = (0..100).map(|_| Stamped::must(pool)).collect();
                sender.send(blocks).unwrap();
            }
        });
        expect_all_blocks(&pool);
    }
}

/// More than a magazine holds, and fewer.
#[test]
fn blocks_of_bulk_calls_are_zero_and_guarded() {
    for pool in hardened(40, 200) {
        for count in [1, 2, 31, 62, 63, 200].repeat(3) {
            let mut blocks = vec![None; count];
            assert!(pool.acquire_bulk(&mut blocks), "invariant 3");
            for block in blocks.iter().flatten() {
                // SAFETY: held by this test, and initialised (invariant 6).
                let bytes = unsafe { std::slice::from_raw_parts_mut(block.as_ptr(), 40) };
                assert_eq!(bytes, [0; 40]);
                bytes.fill(0xff);
                // SAFETY: the guard is within the stride, written when the block was handed out.
                let guard = unsafe { std::slice::from_raw_parts(block.as_ptr().add(40), 24) };
                assert!(guard.iter().all(|&byte| byte != 0), "{guard:?}");
            }
            // SAFETY: acquired above, and not used again.
            unsafe { pool.release_bulk(&mut blocks) };
        }
        expect_all_blocks(&pool);
    }
}

#[test]
fn a_pool_in_a_static_has_its_guard() {
    const LAYOUT: BlockLayout = match BlockLayout::new(24, 3) {
        Ok(layout) => match layout.with_guard(8) {
            Ok(layout) => layout,
            Err(error) => panic!("{}", error.message()),
        },
        Err(error) => panic!("{}", error.message()),
    };
    static POOL: LockFreeAlloc = {
        static mut MEMORY: StaticMemory<{ LockFreeAlloc::footprint(&LAYOUT).bytes() }> =
            StaticMemory::new();
        let memory = &raw mut MEMORY;
        // SAFETY: the only reference ever made to it.
        LockFreeAlloc::in_static(LAYOUT, unsafe { &mut *memory })
    };
    assert_eq!((LAYOUT.stride(), LAYOUT.guard()), (32, 8));
    for _ in 0..2 {
        let mut blocks = [None; 3];
        assert!(POOL.acquire_bulk(&mut blocks));
        for block in blocks.iter().flatten() {
            // SAFETY: within the stride of a block that is held.
            let guard = unsafe { std::slice::from_raw_parts(block.as_ptr().add(24), 8) };
            assert!(guard.iter().all(|&byte| byte != 0), "{guard:?}");
        }
        // SAFETY: acquired above, and not used again.
        unsafe { POOL.release_bulk(&mut blocks) };
    }
    expect_all_blocks(&POOL);
}
