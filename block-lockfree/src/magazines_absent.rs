//! The stand-in for the magazines in builds without thread-locals: every call goes to the stack.
//! Each call has one branch for hardened regions, whose outcome never changes.

use core::ptr::NonNull;

use block_core::Region;

pub(crate) use crate::shared::{FreeBlocks, Shared};

/// Returns the offset of a thread without a magazine.
#[inline]
pub(crate) fn this_thread() -> usize {
    usize::MAX
}

/// No magazines.
#[derive(Debug)]
pub(crate) struct Magazines;

impl Magazines {
    pub(crate) fn new(region: &Region, _blocks: usize) -> Self {
        Self::none(region)
    }

    pub(crate) const fn none(_region: &Region) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn acquire(&self, _offset: usize, shared: Shared<'_>) -> Option<NonNull<u8>> {
        let block = shared.pop_or_count_failure()?;
        // SAFETY: the block was just popped, so only this call has it (invariant 1).
        unsafe { shared.region.on_acquire(block) };
        Some(block)
    }

    /// # Safety
    ///
    /// The caller has the block, which is one of this pool, and gives it up.
    #[inline]
    pub(crate) unsafe fn release(
        &self,
        _offset: usize,
        shared: Shared<'_>,
        block: NonNull<u8>,
    ) -> bool {
        // SAFETY: by this function's contract.
        unsafe {
            shared.region.on_release(block);
            shared.push(block)
        }
    }

    #[inline]
    pub(crate) fn acquire_bulk(
        &self,
        _offset: usize,
        shared: Shared<'_>,
        out: &mut [Option<NonNull<u8>>],
    ) -> bool {
        if shared.exceeds_capacity(out) {
            return false;
        }
        let done = shared.pop_bulk_or_count_failure(out);
        if done && shared.region.is_hardened() {
            // SAFETY: the blocks were just popped, so only this call has them (invariant 1).
            out.iter().flatten().for_each(|&block| unsafe { shared.region.on_acquire(block) });
        }
        done
    }

    /// # Safety
    ///
    /// The caller has the blocks, which are distinct and all of this pool, and gives them up.
    #[inline]
    pub(crate) unsafe fn release_bulk(
        &self,
        _offset: usize,
        shared: Shared<'_>,
        blocks: &[Option<NonNull<u8>>],
    ) -> bool {
        if shared.region.is_hardened() {
            // SAFETY: the caller has the blocks.
            blocks.iter().flatten().for_each(|&block| unsafe { shared.region.on_release(block) });
        }
        // SAFETY: by this function's contract.
        unsafe { shared.push_bulk(blocks) }
    }

    pub(crate) fn retire(&self, _offset: usize, shared: Shared<'_>) -> bool {
        let free = shared.stack.retire();
        shared.stack.count_allocated(shared.region.layout().capacity() - free)
    }

    pub(crate) fn free_blocks(&self, shared: Shared<'_>) -> FreeBlocks {
        FreeBlocks { cached: 0, on_stack: shared.stack.content() }
    }

    pub(crate) fn size(&self) -> usize {
        0
    }

    pub(crate) fn failed_calls(&self) -> u64 {
        0
    }

    pub(crate) fn reclaims(&self) -> u64 {
        0
    }

    pub(crate) fn inherit_counts(&self, _before: &Self) {}

    pub(crate) fn drain_into_stack(self, _shared: Shared<'_>) {}
}
