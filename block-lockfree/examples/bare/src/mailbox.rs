//! Room for one block on its way from one context to another, without a lock.

use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};

use block_core::Block;
use block_lockfree::LockFreeAlloc;

use crate::Frame;

/// At most one block of one pool.
///
/// Invariant: the pointer is null, or that of a block which `put` made raw and nobody has taken since:
/// it comes in by one swap and goes out by another, so one caller gets it.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pool: &'static LockFreeAlloc,
    block: AtomicPtr<u8>,
}

impl Mailbox {
    /// An empty one for blocks of this pool.
    pub(crate) const fn new(pool: &'static LockFreeAlloc) -> Self {
        Self { pool, block: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Leaves a block for whoever comes next, and returns the one that nobody has taken.
    ///
    /// # Panics
    ///
    /// If it is a block of another pool.
    pub(crate) fn put(&self, frame: Frame) -> Option<Frame> {
        assert!(ptr::eq(*frame.pool(), self.pool), "a block of another pool");
        self.exchange(frame.into_raw().as_ptr())
    }

    /// Takes what was left.
    pub(crate) fn take(&self) -> Option<Frame> {
        self.exchange(ptr::null_mut())
    }

    fn exchange(&self, new: *mut u8) -> Option<Frame> {
        // Release: what was written into the block comes with it; pairs with the Acquire of the swap
        // that takes it out.
        let old = NonNull::new(self.block.swap(new, Ordering::AcqRel))?;
        // SAFETY: out raw, and this swap alone got the pointer (the mailbox's invariant).
        let frame = unsafe { Block::from_raw(old, self.pool) };
        Some(frame.expect("a mailbox holds raw blocks of its pool"))
    }
}
