//! What threads and pools cost in resident memory.
#![cfg(all(not(loom), target_os = "linux", target_pointer_width = "64"))]

use std::sync::{Barrier, Mutex, MutexGuard};

use block_core::{BlockAlloc, BlockAllocExt};
use block_lockfree::LockFreeAlloc;

/// One test at a time: memory is counted for the process.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Resident anonymous memory of this process in bytes.
fn resident() -> usize {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = rollup.lines().find(|line| line.starts_with("Anonymous:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// How many mappings the kernel keeps for this process.
fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps").unwrap().lines().count()
}

/// Takes a few hundred blocks and gives them back, so that a magazine is full.
fn use_pool(pool: &LockFreeAlloc) {
    drop((0..100).map(|_| pool.alloc().unwrap()).collect::<Vec<_>>());
}

#[test]
fn a_further_thread_costs_at_most_a_kibibyte() {
    const THREADS: usize = 1000;
    let _alone = alone();
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

#[test]
fn ten_thousand_small_pools_cost_a_few_pages_each() {
    const POOLS: usize = 10_000;
    let _alone = alone();
    let (before, mapped) = (resident(), mappings());
    let pools: Vec<_> = (0..POOLS)
        .map(|_| {
            let pool = LockFreeAlloc::new(64, 10).unwrap();
            let mut blocks: Vec<_> = (0..10).map(|_| pool.alloc().unwrap()).collect();
            blocks.iter_mut().for_each(|block| block.fill(0xa5));
            drop(blocks);
            assert_eq!(pool.available(), 10);
            pool
        })
        .collect();
    let (each, mapped) = ((resident() - before) / POOLS, mappings() - mapped);
    println!("{each} bytes a pool, {mapped} mappings");
    // A page of blocks, a page with the first thread's magazine, the pool itself and its links.
    assert!(each <= 12 << 10, "{each} bytes for each pool of ten small blocks");
    assert!(mapped <= 2 * POOLS, "{mapped} mappings: a process may have 65,530");
    drop(pools);
}
