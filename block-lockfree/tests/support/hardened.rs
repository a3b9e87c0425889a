//! Pools that end the process when they detect an error of their caller.

use block_core::{BlockLayout, Region};
use block_lockfree::LockFreeAlloc;

/// Returns a pool with magazines and a pool without. The pools verify that blocks are zero when
/// they are allocated. Each block has a guard of 13 bytes, which is no multiple of a word.
pub fn hardened(block_size: usize, capacity: usize) -> [LockFreeAlloc; 2] {
    let layout = BlockLayout::new(block_size, capacity).unwrap().with_guard(13).unwrap();
    let pool = || {
        let region = Region::options().verify_on_acquire(true).map(layout).unwrap();
        LockFreeAlloc::from_region(region).unwrap()
    };
    [pool(), pool().with_magazine(0)]
}
