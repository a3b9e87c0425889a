//! Threads that together may allocate the whole capacity.

use std::sync::atomic::{AtomicUsize, Ordering};

use block_core::BlockAlloc;
use block_lockfree::LockFreeAlloc;

use crate::churn::{Random, churn};
use crate::support::expect_all_blocks;

/// Runs `threads` threads, each of which allocates up to an equal share of the blocks. No call may
/// fail.
pub fn share_all_blocks(
    pool: &LockFreeAlloc,
    threads: usize,
    calls: usize,
    between: impl Fn(&mut Random) + Sync,
) {
    let (most, started) = (pool.capacity() / threads, AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let seed = started.fetch_add(1, Ordering::Relaxed);
                churn(pool, &mut Vec::new(), (most, calls, seed), &between);
            });
        }
    });
    expect_all_blocks(pool);
}
