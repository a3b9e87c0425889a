//! In place of the magazines in a build without threads' own memory: every call works on the stack. Each
//! has one branch on whether the region is hardened, which never changes.

use core::ptr::NonNull;

use block_core::Region;

pub(crate) use crate::shared::{Free, Shared};

/// No thread has a number.
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
        // SAFETY: off the free list just now, so this call alone holds it (invariant 1).
        unsafe { shared.region.lend(block) };
        Some(block)
    }

    /// # Safety
    ///
    /// The caller holds the block, one of this pool, and gives it up.
    #[inline]
    pub(crate) unsafe fn release(
        &self,
        _offset: usize,
        shared: Shared<'_>,
        block: NonNull<u8>,
    ) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            shared.region.scrub(block);
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
            // SAFETY: off the free list just now, so this call alone holds each (invariant 1).
            out.iter().flatten().for_each(|&block| unsafe { shared.region.lend(block) });
        }
        done
    }

    /// # Safety
    ///
    /// The caller holds the blocks, each once, all of this pool, and gives them up.
    #[inline]
    pub(crate) unsafe fn release_bulk(
        &self,
        _offset: usize,
        shared: Shared<'_>,
        blocks: &[Option<NonNull<u8>>],
    ) -> bool {
        if shared.region.is_hardened() {
            // SAFETY: the caller holds the blocks.
            blocks.iter().flatten().for_each(|&block| unsafe { shared.region.scrub(block) });
        }
        // SAFETY: the caller's promise.
        unsafe { shared.push_bulk(blocks) }
    }

    pub(crate) fn retire(&self, _offset: usize, shared: Shared<'_>) -> bool {
        let free = shared.stack.retire();
        shared.stack.count_allocated(shared.region.layout().capacity() - free)
    }

    pub(crate) fn free(&self, shared: Shared<'_>) -> Free {
        Free { in_magazines: 0, on_stack: shared.stack.content() }
    }

    /// They hold nothing.
    pub(crate) fn size(&self) -> usize {
        0
    }

    /// Nobody was refused here.
    pub(crate) fn failed_calls(&self) -> u64 {
        0
    }

    /// Nothing was called in.
    pub(crate) fn reclaims(&self) -> u64 {
        0
    }

    pub(crate) fn inherit_counts(&self, _before: &Self) {}

    pub(crate) fn dissolve(self, _shared: Shared<'_>) {}
}
