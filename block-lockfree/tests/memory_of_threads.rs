//! Measures the resident memory of each thread that uses a pool.
#![cfg(all(not(any(block_loom, block_shuttle)), target_os = "linux"))]

#[path = "support/resident.rs"]
mod resident;

use std::sync::Barrier;

use block_core::BlockAllocExt;
use block_lockfree::LockFreeAlloc;
use resident::resident;

/// Allocates and frees a hundred blocks, so that the magazine of the calling thread is full.
fn use_pool(pool: &LockFreeAlloc) {
    drop((0..100).map(|_| pool.alloc().unwrap()).collect::<Vec<_>>());
}

#[test]
fn a_further_thread_costs_at_most_a_kibibyte() {
    const THREADS: usize = 1000;
    let pool = || {
        let pool = LockFreeAlloc::new(64, 200_000).unwrap();
        drop((0..200_000).map(|_| pool.alloc().unwrap()).collect::<Vec<_>>());
        pool
    };
    let (other, counted, barrier) = (pool(), pool(), Barrier::new(THREADS + 1));
    let (before, after) = std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let body = || {
                use_pool(&other); // what the thread itself costs: its stack, its heap
                barrier.wait();
                barrier.wait();
                use_pool(&counted);
                barrier.wait();
                barrier.wait();
            };
            std::thread::Builder::new().stack_size(128 << 10).spawn_scoped(scope, body).unwrap();
        }
        barrier.wait();
        let before = resident();
        barrier.wait();
        barrier.wait();
        let after = resident();
        barrier.wait();
        (before, after)
    });
    let each = (after - before) / THREADS;
    println!("{each} bytes a thread");
    assert!(each <= 1024, "{each} bytes for each thread that uses a pool");
}
