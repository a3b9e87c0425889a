//! Poisons free blocks for AddressSanitizer. Without `--cfg block_asan`, which needs
//! `-Zsanitizer=address`, every function here is empty.
//!
//! ```text
//! |   block   | gap |   block   | gap |        allocated: only the bytes of the block are accessible
//!    stride                                    free: no byte is accessible; the gap never is
//! ```
//!
//! The blocks of a region are poisoned only if its backend calls [`Region::with_poisoning`]. It
//! then calls [`Region::on_acquire`] or [`Region::unpoison_block`] for each block that it hands
//! out, whether the region is hardened or not, and [`Region::on_release`] or
//! [`Region::poison_block`] for each freed block.
//!
//! One shadow byte of the sanitizer stands for eight bytes. If the first block or the stride is not
//! a multiple of eight, two blocks share a shadow byte, and two threads would write it at the same
//! time. Such a region is not poisoned. Neither is one with a stride above 1 MiB, since every call
//! writes the shadow of a block.

use core::ptr::NonNull;

pub(crate) use self::shadow::Poison;
use crate::Region;

#[cfg(block_asan)]
mod shadow {
    use core::ffi::c_void;
    use core::ptr::NonNull;
    use core::sync::atomic::{AtomicUsize, Ordering};

    use crate::BlockLayout;

    unsafe extern "C" {
        fn __asan_poison_memory_region(address: *const c_void, bytes: usize);
        fn __asan_unpoison_memory_region(address: *const c_void, bytes: usize);
    }

    /// The number of bytes that a shadow byte stands for.
    const GRANULE: usize = 8;

    /// The largest stride of blocks that are poisoned.
    const LARGEST_STRIDE: usize = 1 << 20;

    /// The poisoned part of a region. Unpoisons it when dropped, since the addresses will be
    /// reused.
    #[derive(Debug)]
    pub(crate) struct Poison {
        start: NonNull<u8>,
        is_enabled: bool,
        /// No byte from this offset on was ever poisoned.
        reach: AtomicUsize,
    }

    impl Poison {
        pub(crate) const fn none(start: NonNull<u8>) -> Self {
            Self { start, is_enabled: false, reach: AtomicUsize::new(0) }
        }

        pub(super) const fn enable(&mut self) {
            self.is_enabled = true;
        }

        /// # Safety
        ///
        /// The bytes are in the region, and no code may access them.
        pub(super) unsafe fn poison(&self, offset: usize, bytes: usize) {
            // Relaxed: only read when the region is dropped, by a thread that owns it.
            self.reach.fetch_max(offset + bytes, Ordering::Relaxed);
            let first = self.start.as_ptr().wrapping_add(offset).cast();
            // SAFETY: writes only the shadow memory of bytes of the region.
            unsafe { __asan_poison_memory_region(first, bytes) }
        }

        /// # Safety
        ///
        /// The bytes are in the region.
        pub(super) unsafe fn unpoison(&self, offset: usize, bytes: usize) {
            let first = self.start.as_ptr().wrapping_add(offset).cast();
            // SAFETY: writes only the shadow memory of bytes of the region.
            unsafe { __asan_unpoison_memory_region(first, bytes) }
        }

        /// Returns whether blocks are poisoned while they are free.
        pub(super) fn applies(&self, layout: &BlockLayout) -> bool {
            self.is_enabled
                && layout.stride() <= LARGEST_STRIDE
                && (self.start.addr().get() | layout.stride()) % GRANULE == 0
        }
    }

    impl Drop for Poison {
        fn drop(&mut self) {
            let reach = *self.reach.get_mut();
            // SAFETY: these bytes were poisoned before, so they are in the region.
            unsafe { self.unpoison(0, reach) };
        }
    }
}

/// A stand-in without the sanitizer.
#[cfg(not(block_asan))]
mod shadow {
    use core::ptr::NonNull;

    use crate::BlockLayout;

    #[derive(Debug)]
    pub(crate) struct Poison;

    impl Poison {
        pub(crate) const fn none(_start: NonNull<u8>) -> Self {
            Self
        }

        pub(super) const fn enable(&mut self) {}

        #[inline(always)]
        pub(super) unsafe fn poison(&self, _offset: usize, _bytes: usize) {}

        #[inline(always)]
        pub(super) unsafe fn unpoison(&self, _offset: usize, _bytes: usize) {}

        #[inline(always)]
        pub(super) const fn applies(&self, _layout: &BlockLayout) -> bool {
            false
        }
    }
}

/// The part of a region that is poisoned when its pool is built. This writes, and so commits, an
/// eighth as much shadow memory. Blocks beyond it are first poisoned when they are first freed.
const POISONED_FIRST: usize = 16 << 20;

impl Region {
    /// Enables poisoning, for a backend that reports each block that it hands out.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_poisoning(mut self) -> Self {
        self.poison.enable();
        self
    }

    /// Poisons the first 16 MiB of the region.
    ///
    /// # Safety
    ///
    /// No block is allocated.
    #[doc(hidden)]
    #[inline(always)]
    pub unsafe fn poison_all(&self) {
        if self.poison.applies(self.layout()) {
            // SAFETY: bytes of the region, and no block is allocated, by this function's contract.
            unsafe { self.poison.poison(0, self.layout().region_bytes().min(POISONED_FIRST)) };
        }
    }

    /// Makes the block and the gap behind it accessible, for the region's own checks.
    ///
    /// # Safety
    ///
    /// The address of a block of this region, which only the caller has.
    #[inline(always)]
    pub(crate) unsafe fn unpoison_with_gap(&self, block: NonNull<u8>) {
        if self.poison.applies(self.layout()) {
            // SAFETY: one stride from the start of a block is in the region (invariant 4).
            unsafe { self.poison.unpoison(self.offset(block), self.layout().stride()) };
        }
    }

    /// Makes the bytes of a block accessible, and not the gap behind it.
    ///
    /// # Safety
    ///
    /// The address of a block of this region, which only the caller has.
    #[doc(hidden)]
    #[inline(always)]
    pub unsafe fn unpoison_block(&self, block: NonNull<u8>) {
        if self.poison.applies(self.layout()) {
            let (offset, bytes) = (self.offset(block), self.layout().block_size());
            // SAFETY: one stride from the start of a block is in the region (invariant 4), and only
            // the caller has the block (invariant 1).
            unsafe {
                self.poison.poison(offset, self.layout().stride());
                self.poison.unpoison(offset, bytes);
            }
        }
    }

    /// Makes the bytes of a block inaccessible.
    ///
    /// # Safety
    ///
    /// The address of a block of this region, which only the caller has and no longer accesses.
    #[doc(hidden)]
    #[inline(always)]
    pub unsafe fn poison_block(&self, block: NonNull<u8>) {
        if self.poison.applies(self.layout()) {
            // SAFETY: one stride from the start of a block is in the region (invariant 4), and only
            // the caller has the block (invariant 1).
            unsafe { self.poison.poison(self.offset(block), self.layout().stride()) };
        }
    }
}
