//! Measures the resident memory and the mappings of small pools.
#![cfg(all(not(any(block_loom, block_shuttle)), target_os = "linux"))]

#[path = "support/resident.rs"]
mod resident;

use block_core::{BlockAlloc, BlockAllocExt};
use block_lockfree::LockFreeAlloc;
use resident::resident;

/// Returns the number of mappings of this process.
fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps").unwrap().lines().count()
}

#[test]
fn ten_thousand_small_pools_cost_a_few_pages_each() {
    const POOLS: usize = 10_000;
    // The first pool of a process maps a page that all pools share.
    drop(LockFreeAlloc::new(64, 10).unwrap());
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
    // A page of blocks, a page with the magazine of the first thread, the pool itself and its
    // links.
    assert!(each <= 12 << 10, "{each} bytes for each pool of ten small blocks");
    // The blocks, the guards at both ends, and the magazines. A few mappings are of the heap.
    assert!(mapped <= 4 * POOLS + 10, "{mapped} mappings: a process may have 65,530");
    drop(pools);
}
