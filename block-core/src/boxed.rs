//! `BlockAlloc` for a pool in a box.

use core::ptr::NonNull;

use alloc_crate::boxed::Box;

use crate::{BlockAlloc, Region, Stats};

// SAFETY: every call goes to the pool in the box, which this value owns. A box does not retire: a
// reference to the box itself would be an argument of the last call.
unsafe impl<A: BlockAlloc + ?Sized> BlockAlloc for Box<A> {
    #[inline]
    fn region(&self) -> &Region {
        (**self).region()
    }

    #[inline]
    fn acquire(&self) -> Option<NonNull<u8>> {
        (**self).acquire()
    }

    #[inline]
    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract.
        unsafe { (**self).release(block) }
    }

    fn available(&self) -> usize {
        (**self).available()
    }

    #[inline]
    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        (**self).acquire_bulk(blocks)
    }

    #[inline]
    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        // SAFETY: by this function's contract.
        unsafe { (**self).release_bulk(blocks) }
    }

    fn stats(&self) -> Stats {
        (**self).stats()
    }
}
