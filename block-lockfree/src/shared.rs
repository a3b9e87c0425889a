//! The parts of a pool that all threads share: the region and the stack.

use core::ptr::NonNull;

use block_core::Region;
use block_core::backend::Retirable;

use crate::stack::{Content, Stack};

/// The numbers of free blocks of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeBlocks {
    /// In magazines and in the depot. Never more than the blocks that are not on the stack.
    pub cached: usize,
    /// On the stack.
    pub on_stack: Content,
}

impl FreeBlocks {
    /// Returns the number of all free blocks.
    pub fn count(self) -> usize {
        self.cached + self.on_stack.count()
    }
}

/// The region and the stack of a pool.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// The memory of the blocks.
    pub region: &'a Retirable<Region>,
    /// The free blocks outside the magazines.
    pub stack: &'a Stack,
}

impl Shared<'_> {
    pub(crate) fn pop(self) -> Option<NonNull<u8>> {
        Some(self.region.block(self.stack.pop()?))
    }

    pub(crate) fn pop_bulk(self, out: &mut [Option<NonNull<u8>>]) -> bool {
        self.stack.pop_bulk(out.len(), |at, block| out[at] = Some(self.region.block(block)))
    }

    /// Returns whether a call asks for more blocks than the pool has. If so, counts the failed
    /// call: it needs neither a search nor a reclaim.
    pub(crate) fn exceeds_capacity(self, out: &[Option<NonNull<u8>>]) -> bool {
        let is_above = out.len() > self.region.layout().capacity();
        if is_above {
            self.stack.count_failed(1);
        }
        is_above
    }

    /// Pops a block, and counts the call if it fails. For calls that must not reclaim.
    pub(crate) fn pop_or_count_failure(self) -> Option<NonNull<u8>> {
        let block = self.pop();
        if block.is_none() {
            self.stack.count_failed(1);
        }
        block
    }

    /// Pops a block for each entry, or none, and counts the call if it fails. For calls that must
    /// not reclaim.
    pub(crate) fn pop_bulk_or_count_failure(self, out: &mut [Option<NonNull<u8>>]) -> bool {
        let done = self.pop_bulk(out);
        if !done {
            self.stack.count_failed(1);
        }
        done
    }

    /// Frees a block. Returns whether it was the last block of a retired pool. If it returns false,
    /// the pool may have been freed.
    ///
    /// # Safety
    ///
    /// The caller has the block, which is one of this pool, and gives it up.
    pub(crate) unsafe fn push(self, block: NonNull<u8>) -> bool {
        // SAFETY: a block of the region, by this function's contract.
        let block = unsafe { self.region.index_of(block) };
        !self.stack.push(block) && self.stack.count_freed(1)
    }

    /// Frees blocks. Returns the same as [`push`](Self::push).
    ///
    /// # Safety
    ///
    /// Every entry is `Some`. The caller has the blocks, which are all of this pool, and gives them
    /// up.
    pub(crate) unsafe fn push_bulk(self, blocks: &[Option<NonNull<u8>>]) -> bool {
        // SAFETY: blocks of the region, by this function's contract.
        let index = |&block: &NonNull<u8>| unsafe { self.region.index_of(block) };
        let left = blocks.len() - self.stack.push_bulk(blocks.iter().flatten().map(index));
        left > 0 && self.stack.count_freed(left)
    }
}
