//! The rest of a pool, as its magazines see it.

use core::ptr::NonNull;

use block_core::Region;
use block_core::backend::Retirable;

use crate::stack::{Content, Stack};

/// The free blocks of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// In magazines, and in the depot on their way from one to another. Never more than the blocks
    /// that are not on the stack.
    pub in_magazines: usize,
    /// On the stack.
    pub on_stack: Content,
}

impl Free {
    /// All of them.
    pub fn count(self) -> usize {
        self.in_magazines + self.on_stack.count()
    }
}

/// The rest of the pool, which the magazines work on.
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

    /// Whether more blocks are asked for than there are. Such a call is counted here, and fails without
    /// a look at the blocks: no reclaim could help it.
    pub(crate) fn exceeds_capacity(self, out: &[Option<NonNull<u8>>]) -> bool {
        let is_above = out.len() > self.region.layout().capacity();
        if is_above {
            self.stack.count_failed(1);
        }
        is_above
    }

    /// As [`pop`](Self::pop), for a call that nothing but the stack can help.
    pub(crate) fn pop_or_count_failure(self) -> Option<NonNull<u8>> {
        let block = self.pop();
        if block.is_none() {
            self.stack.count_failed(1);
        }
        block
    }

    /// As [`pop_bulk`](Self::pop_bulk), for a call that nothing but the stack can help.
    pub(crate) fn pop_bulk_or_count_failure(self, out: &mut [Option<NonNull<u8>>]) -> bool {
        let done = self.pop_bulk(out);
        if !done {
            self.stack.count_failed(1);
        }
        done
    }

    /// Frees a block. Returns whether it was the last block of a retired pool. If false, the pool may
    /// be gone.
    ///
    /// # Safety
    ///
    /// The caller holds the block, one of this pool, and gives it up.
    pub(crate) unsafe fn push(self, block: NonNull<u8>) -> bool {
        // SAFETY: a block of the region, by the contract.
        let block = unsafe { self.region.index_of(block) };
        !self.stack.push(block) && self.stack.count_freed(1)
    }

    /// Frees blocks. Returns as [`push`](Self::push) does.
    ///
    /// # Safety
    ///
    /// Every entry is `Some`; the caller holds the blocks, all of this pool, and gives them up.
    pub(crate) unsafe fn push_bulk(self, blocks: &[Option<NonNull<u8>>]) -> bool {
        // SAFETY: blocks of the region, by the contract.
        let index = |&block: &NonNull<u8>| unsafe { self.region.index_of(block) };
        let left = blocks.len() - self.stack.push_bulk(blocks.iter().flatten().map(index));
        left > 0 && self.stack.count_freed(left)
    }
}
