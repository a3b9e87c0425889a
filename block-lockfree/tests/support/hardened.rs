//! Pools that would end the process at the first mistake.

use block_core::{BlockLayout, Region};
use block_lockfree::LockFreeAlloc;

/// With magazines, and without. Blocks must be zero when they are handed out, and have a guard of a word and
/// some more.
pub fn hardened(block_size: usize, capacity: usize) -> [LockFreeAlloc; 2] {
    let layout = BlockLayout::new(block_size, capacity).unwrap().with_guard(13).unwrap();
    let pool = || {
        let region = Region::options().verify_on_acquire(true).map(layout).unwrap();
        LockFreeAlloc::from_region(region).unwrap()
    };
    [pool(), pool().with_magazine(0)]
}
