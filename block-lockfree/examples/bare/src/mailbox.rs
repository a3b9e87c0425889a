//! Passes one block from one context to another, without a lock.

use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};

use block_core::Block;
use block_lockfree::LockFreeAlloc;

use crate::Frame;

/// Holds at most one block of one pool.
///
/// Invariant: the pointer is null, or it points to a block that `put` made raw and that was not
/// taken since. One swap stores the pointer and another swap removes it, so exactly one caller gets
/// it.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pool: &'static LockFreeAlloc,
    block: AtomicPtr<u8>,
}

impl Mailbox {
    /// Creates an empty mailbox for blocks of `pool`.
    pub(crate) const fn new(pool: &'static LockFreeAlloc) -> Self {
        Self { pool, block: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Stores a block, and returns the previous block if it was not taken.
    ///
    /// # Panics
    ///
    /// Panics if the block is of another pool.
    pub(crate) fn put(&self, frame: Frame) -> Option<Frame> {
        assert!(ptr::eq(*frame.pool(), self.pool), "a block of another pool");
        self.exchange(frame.into_raw().as_ptr())
    }

    /// Takes the stored block.
    pub(crate) fn take(&self) -> Option<Frame> {
        self.exchange(ptr::null_mut())
    }

    fn exchange(&self, new: *mut u8) -> Option<Frame> {
        // Release: the bytes of the block are written before the block is stored. Pairs with the
        // Acquire of the swap that removes it.
        let old = NonNull::new(self.block.swap(new, Ordering::AcqRel))?;
        // SAFETY: the block is allocated raw, and only this swap got the pointer (the invariant of
        // `Mailbox`).
        let frame = unsafe { Block::from_raw(old, self.pool) };
        Some(frame.expect("a mailbox holds raw blocks of its pool"))
    }
}
