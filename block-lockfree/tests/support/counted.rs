//! A backend that counts how often it was freed, and panics if it was freed too early.

use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use block_core::backend::Retirable;
use block_core::{BlockAlloc, Region, Stats};
use block_lockfree::LockFreeAlloc;

/// The counts of a pool, which outlive the pool.
#[derive(Debug, Default)]
pub struct Life {
    /// The number of allocated blocks.
    pub allocated: AtomicUsize,
    /// The number of times that the pool was freed.
    pub freed: AtomicUsize,
}

/// A pool and its [`Life`].
// The whole pool is in a cell, as `BlockAlloc::retire` requires.
pub struct Counted(Retirable<Parts>);

struct Parts {
    pool: LockFreeAlloc,
    life: Arc<Life>,
}

impl Counted {
    pub fn new(pool: LockFreeAlloc) -> (Self, Arc<Life>) {
        let life = Arc::<Life>::default();
        (Self(Retirable::new(Parts { pool, life: Arc::clone(&life) })), life)
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        // Each block is subtracted before it is freed, so the count is zero here.
        assert_eq!(self.life.allocated.load(Ordering::SeqCst), 0, "freed before its last block");
        assert_eq!(self.life.freed.fetch_add(1, Ordering::SeqCst), 0, "freed twice");
    }
}

// SAFETY: every call is forwarded to the pool inside.
unsafe impl BlockAlloc for Counted {
    fn region(&self) -> &Region {
        self.0.pool.region()
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        self.0.pool.acquire()
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract.
        unsafe { self.0.pool.release(block) }
    }

    fn available(&self) -> usize {
        self.0.pool.available()
    }

    fn stats(&self) -> Stats {
        self.0.pool.stats()
    }

    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        self.0.pool.acquire_bulk(blocks)
    }

    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        // SAFETY: by this function's contract.
        unsafe { self.0.pool.release_bulk(blocks) }
    }

    fn can_retire(&self) -> bool {
        self.0.pool.can_retire()
    }

    unsafe fn retire(&self) -> bool {
        // SAFETY: by this function's contract.
        unsafe { self.0.pool.retire() }
    }

    unsafe fn release_owned(&self, block: NonNull<u8>) -> bool {
        // SAFETY: by this function's contract.
        unsafe { self.0.pool.release_owned(block) }
    }

    unsafe fn release_bulk_owned(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        // SAFETY: by this function's contract.
        unsafe { self.0.pool.release_bulk_owned(blocks) }
    }
}
