// The smallest pool that keeps the invariants: a region and a stack of block numbers.
//
// The core may not depend on the backends, so its tests bring their own, and so do the examples in its
// documentation, which include this file (so these are no inner doc comments). It overrides none of
// the provided methods: those are what is tested.

use std::collections::HashSet;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use block_core::{BlockAlloc, BlockIndex, BlockLayout, Region};

/// A free list behind a mutex; the block given back last goes out first.
pub struct Pool {
    region: Region,
    free: Mutex<Vec<BlockIndex>>,
}

impl Pool {
    pub fn new(block_size: usize, capacity: usize) -> Self {
        Self::over(Region::map(BlockLayout::new(block_size, capacity).unwrap()).unwrap())
    }

    pub fn over(region: Region) -> Self {
        let free = (0..region.layout().capacity()).rev().map(BlockIndex::new).collect();
        Self { region, free: Mutex::new(free) }
    }

    fn free(&self) -> MutexGuard<'_, Vec<BlockIndex>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Panics unless the pool is whole: exactly the blocks of `held` are out, and each of the
    /// others can be taken, once (invariants 1 and 2). Gives back what it takes.
    #[track_caller]
    pub fn assert_only_held(&self, held: &[NonNull<u8>]) {
        assert_eq!(self.available(), self.capacity() - held.len(), "available blocks");
        let taken: Vec<_> = std::iter::from_fn(|| self.acquire()).collect();
        let distinct: HashSet<_> = taken.iter().chain(held).copied().collect();
        assert_eq!(taken.len() + held.len(), self.capacity(), "blocks, free or held");
        assert_eq!(distinct.len(), self.capacity(), "distinct blocks, free or held");
        for block in taken.into_iter().rev() {
            // SAFETY: acquired just now, without a mark, and given back once.
            unsafe { self.release(block) };
        }
    }
}

// Not derived: it would format the list under its lock, and a formatter may use the pool.
impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let available = self.available();
        f.debug_struct("Pool").field("available", &available).finish_non_exhaustive()
    }
}

// SAFETY: the mutex gives each block of the one region to one holder at a time (invariants 1 to 4)
// and orders its holders; `acquire` and `release` call `on_acquire` and `on_release` before anyone else can get the block
// (invariant 6).
unsafe impl BlockAlloc for Pool {
    fn region(&self) -> &Region {
        &self.region
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        let block = self.region.block(self.free().pop()?);
        // SAFETY: off the list just now, so this call's alone.
        unsafe { self.region.on_acquire(block) };
        Some(block)
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: the caller held the block, so it is one of this region and nobody else's.
        let index = unsafe {
            self.region.on_release(block);
            self.region.index_of(block)
        };
        self.free().push(index);
    }

    fn available(&self) -> usize {
        self.free().len()
    }
}
