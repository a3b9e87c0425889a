//! The calls of a pool with a hardened region: the calls of any other pool, with
//! [`Region::on_acquire`](block_core::Region::on_acquire) and [`Region::on_release`](block_core::Region::on_release) for
//! each block.
//!
//! A pool that is not hardened never comes here and has no branch for it: its route was chosen when
//! it was built, see [`Route`](super::Route). A block is checked after it was popped and before it
//! is pushed, so only the caller has it, and outside of any operation on a magazine (invariant 8).

use core::ptr::NonNull;

use super::{Magazines, Shared};

impl Magazines {
    #[inline(never)]
    pub(super) fn acquire_hardened(
        &self,
        offset: usize,
        shared: Shared<'_>,
    ) -> Option<NonNull<u8>> {
        let block = if self.is_enabled() {
            self.acquire_by_magazine(offset, shared)
        } else {
            shared.pop_or_count_failure()
        }?;
        // SAFETY: the block was just popped, so only this call has it (invariant 1).
        unsafe { shared.region.on_acquire(block) };
        Some(block)
    }

    /// # Safety
    ///
    /// As for [`Magazines::release`].
    #[inline(never)]
    pub(super) unsafe fn release_hardened(
        &self,
        offset: usize,
        shared: Shared<'_>,
        block: NonNull<u8>,
    ) -> bool {
        // SAFETY: by this function's contract; the block is given up after the check.
        unsafe {
            shared.region.on_release(block);
            if self.is_enabled() {
                self.release_to_magazine(offset, shared, block)
            } else {
                shared.push(block)
            }
        }
    }

    #[inline(never)]
    pub(super) fn acquire_bulk_hardened(
        &self,
        offset: usize,
        shared: Shared<'_>,
        out: &mut [Option<NonNull<u8>>],
    ) -> bool {
        let done = if self.is_enabled() {
            self.acquire_bulk_by_magazine(offset, shared, out)
        } else {
            shared.pop_bulk_or_count_failure(out)
        };
        if done {
            // SAFETY: the blocks were just popped, so only this call has them (invariant 1).
            out.iter().flatten().for_each(|&block| unsafe { shared.region.on_acquire(block) });
        }
        done
    }

    /// # Safety
    ///
    /// As for [`Magazines::release_bulk`].
    #[inline(never)]
    pub(super) unsafe fn release_bulk_hardened(
        &self,
        offset: usize,
        shared: Shared<'_>,
        blocks: &[Option<NonNull<u8>>],
    ) -> bool {
        // SAFETY: the caller has the blocks.
        blocks.iter().flatten().for_each(|&block| unsafe { shared.region.on_release(block) });
        // SAFETY: by this function's contract; the blocks are given up after the checks.
        unsafe {
            if self.is_enabled() {
                self.release_bulk_to_magazine(offset, shared, blocks)
            } else {
                shared.push_bulk(blocks)
            }
        }
    }
}
