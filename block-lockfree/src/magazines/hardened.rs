//! The calls of a pool whose region is hardened: those of any other pool, and around them what
//! [`Region::lend`](block_core::Region::lend) and [`Region::scrub`](block_core::Region::scrub) do to each block.
//!
//! A pool that is not hardened never comes here, and has no branch for it: its way was chosen when it was
//! built, see [`Way`](super::Way). A block is lent when it is off the free lists and scrubbed before it is on
//! one, so it is the caller's alone; and outside of any operation on a magazine (invariant 8).

use core::ptr::NonNull;

use super::{Magazines, Shared};

impl Magazines {
    #[inline(never)]
    pub(super) fn acquire_hardened(&self, place: usize, shared: Shared<'_>) -> Option<NonNull<u8>> {
        let block = if self.are_there() {
            self.acquire_by_magazine(place, shared)
        } else {
            shared.pop_or_refuse()
        }?;
        // SAFETY: off the free list just now, so this call alone holds it (invariant 1).
        unsafe { shared.region.lend(block) };
        Some(block)
    }

    /// # Safety
    ///
    /// As for [`Magazines::release`].
    #[inline(never)]
    pub(super) unsafe fn release_hardened(
        &self,
        place: usize,
        shared: Shared<'_>,
        block: NonNull<u8>,
    ) -> bool {
        // SAFETY: the caller's promise; the block is given up after it was scrubbed.
        unsafe {
            shared.region.scrub(block);
            if self.are_there() {
                self.release_to_magazine(place, shared, block)
            } else {
                shared.push(block)
            }
        }
    }

    #[inline(never)]
    pub(super) fn acquire_many_hardened(
        &self,
        place: usize,
        shared: Shared<'_>,
        out: &mut [Option<NonNull<u8>>],
    ) -> bool {
        let done = if self.are_there() {
            self.acquire_many_by_magazine(place, shared, out)
        } else {
            shared.pop_many_or_refuse(out)
        };
        if done {
            // SAFETY: off the free list just now, so this call alone holds each (invariant 1).
            out.iter().flatten().for_each(|&block| unsafe { shared.region.lend(block) });
        }
        done
    }

    /// # Safety
    ///
    /// As for [`Magazines::release_many`].
    #[inline(never)]
    pub(super) unsafe fn release_many_hardened(
        &self,
        place: usize,
        shared: Shared<'_>,
        blocks: &[Option<NonNull<u8>>],
    ) -> bool {
        // SAFETY: the caller holds the blocks.
        blocks.iter().flatten().for_each(|&block| unsafe { shared.region.scrub(block) });
        // SAFETY: the caller's promise; the blocks are given up after they were scrubbed.
        unsafe {
            if self.are_there() {
                self.release_many_to_magazine(place, shared, blocks)
            } else {
                shared.push_many(blocks)
            }
        }
    }
}
