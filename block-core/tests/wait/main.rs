//! Pools whose blocks are waited for: by threads, by tasks with and without a runtime, and by those that
//! go away.
#![cfg(all(feature = "wait", not(any(block_loom, block_shuttle))))]

mod backends;
mod cancelled;
mod closed;
#[cfg(feature = "conformance")]
mod conformance;
mod ends;
mod foreign_wakers;
mod hooked;
mod model;
mod order;
mod overtaking;
#[path = "../support/seeds.rs"]
mod seeds;
#[allow(dead_code, reason = "a wrapped pool is out of reach")]
#[path = "../support/mod.rs"]
mod support;
mod tasks;
mod threads;
mod timeouts;
mod tokio_tasks;
mod unlending;

use std::collections::HashSet;

use block_core::BlockAlloc;
use block_core::wait::Waiting;
use support::Pool;

const SIZE: usize = 64;

fn pool(capacity: usize) -> Waiting<Pool> {
    Waiting::new(Pool::new(SIZE, capacity))
}

/// Panics unless every block is free, and can be had, once (invariants 1 and 2).
#[track_caller]
fn assert_whole<A: BlockAlloc>(pool: &A) {
    assert_eq!(pool.available(), pool.capacity(), "blocks that came back");
    let taken: Vec<_> = std::iter::from_fn(|| pool.acquire()).collect();
    let distinct: HashSet<_> = taken.iter().collect();
    assert_eq!((taken.len(), distinct.len()), (pool.capacity(), pool.capacity()), "blocks");
    for block in taken {
        // SAFETY: acquired just now, without a mark, and given back once.
        unsafe { pool.release(block) };
    }
}
