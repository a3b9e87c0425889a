//! The rest of a pool, as its magazines see it.

use core::ptr::NonNull;

use block_core::Region;

use crate::stack::Stack;

/// The rest of the pool, which the magazines work on.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// The memory of the blocks.
    pub region: &'a Region,
    /// The free blocks outside the magazines.
    pub stack: &'a Stack,
}

impl Shared<'_> {
    pub(crate) fn pop(self) -> Option<NonNull<u8>> {
        Some(self.region.block(self.stack.pop()?))
    }

    pub(crate) fn pop_many(self, out: &mut [Option<NonNull<u8>>]) -> bool {
        self.stack.pop_many(out.len(), |at, block| out[at] = Some(self.region.block(block)))
    }

    /// # Safety
    ///
    /// The caller holds the block, one of this pool, and gives it up.
    pub(crate) unsafe fn push(self, block: NonNull<u8>) {
        // SAFETY: a block of the region, by the contract.
        self.stack.push(unsafe { self.region.index_of(block) });
    }

    /// # Safety
    ///
    /// Every entry is `Some`; the caller holds the blocks, all of this pool, and gives them up.
    pub(crate) unsafe fn push_many(self, blocks: &[Option<NonNull<u8>>]) {
        // SAFETY: blocks of the region, by the contract.
        let index = |&block: &NonNull<u8>| unsafe { self.region.index_of(block) };
        self.stack.push_many(blocks.iter().flatten().map(index));
    }
}
