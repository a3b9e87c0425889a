//! Free blocks as AddressSanitizer sees them: memory that nobody may touch. In builds with
//! `--cfg block_asan` alone, which need `-Zsanitizer=address` beside it.
//!
//! ```text
//! |   block   | gap |   block   | gap |        held: the bytes of the block may be touched
//!    stride                                    free: none; and the gap never
//! ```
//!
//! A region's blocks are poisoned only if its backend says that it lends them: then the backend calls
//! [`Region::lend`] on each block that it hands out, or [`Region::show`], whether the region is hardened or
//! not. [`Region::scrub`], which the contract demands anyway, ends a loan.
//!
//! A shadow byte of the sanitizer stands for eight bytes. Where the first block or the stride is no
//! multiple of eight, two blocks share one, and two threads would write it at once: such a region is
//! left as it is. So is one whose blocks are further apart than a MiB: the shadow of each is written, and so
//! committed, whenever it comes or goes.

use core::ffi::c_void;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::{BlockLayout, Region};

unsafe extern "C" {
    fn __asan_poison_memory_region(address: *const c_void, bytes: usize);
    fn __asan_unpoison_memory_region(address: *const c_void, bytes: usize);
}

/// Bytes that a shadow byte stands for.
const GRANULE: usize = 8;

/// How much of a region is poisoned when its pool is built. The shadow is written, and so committed: an
/// eighth of this. Blocks are first used in the order of their numbers, so those come later that are not
/// poisoned before they are first given back.
const AT_ONCE: usize = 16 << 20;

/// The largest stride of blocks that are poisoned: its shadow is written at every call.
const LARGEST: usize = 1 << 20;

/// What the sanitizer was told of a region, taken back when dropped: others will use the addresses.
#[derive(Debug)]
pub(crate) struct Poison {
    start: NonNull<u8>,
    /// Whether the backend says which blocks are out.
    is_lending: bool,
    /// Bytes from the start of which some may be poisoned.
    reach: AtomicUsize,
}

impl Poison {
    pub(crate) const fn none(start: NonNull<u8>) -> Self {
        Self { start, is_lending: false, reach: AtomicUsize::new(0) }
    }

    /// # Safety
    ///
    /// The bytes lie in the region, and nobody may touch them.
    unsafe fn poison(&self, offset: usize, bytes: usize) {
        // Relaxed: read by who drops the region, and so alone has it.
        self.reach.fetch_max(offset + bytes, Ordering::Relaxed);
        // SAFETY: writes shadow memory alone, that of bytes of the region.
        unsafe {
            __asan_poison_memory_region(self.start.as_ptr().wrapping_add(offset).cast(), bytes)
        }
    }

    /// # Safety
    ///
    /// The bytes lie in the region.
    unsafe fn unpoison(&self, offset: usize, bytes: usize) {
        let first = self.start.as_ptr().wrapping_add(offset).cast();
        // SAFETY: writes shadow memory alone, that of bytes of the region.
        unsafe { __asan_unpoison_memory_region(first, bytes) }
    }

    /// Whether each block has its shadow bytes for itself, and is poisoned while it is free.
    fn applies(&self, layout: &BlockLayout) -> bool {
        self.is_lending
            && layout.stride() <= LARGEST
            && (self.start.addr().get() | layout.stride()) % GRANULE == 0
    }
}

impl Drop for Poison {
    fn drop(&mut self) {
        let reach = *self.reach.get_mut();
        // SAFETY: as far as was poisoned before, so in the region.
        unsafe { self.unpoison(0, reach) };
    }
}

#[doc(hidden)]
impl Region {
    /// The backend will say which blocks it hands out. They are poisoned from when they first come back.
    #[must_use]
    pub const fn lending(mut self) -> Self {
        self.poison.is_lending = true;
        self
    }

    /// All blocks are free: no byte may be touched. Of a region beyond 16 MiB, its first.
    ///
    /// # Safety
    ///
    /// No block is held.
    pub unsafe fn poison_all(&self) {
        if self.poison.applies(self.layout()) {
            // SAFETY: at most all bytes of the region, which are nobody's by the contract.
            unsafe { self.poison.poison(0, self.layout().region_bytes().min(AT_ONCE)) };
        }
    }

    /// The block and what is behind it may be touched, up to the next one: for the region's own look.
    ///
    /// # Safety
    ///
    /// A block of this region, and the caller is its only holder.
    pub(crate) unsafe fn show_with_gap(&self, block: NonNull<u8>) {
        if self.poison.applies(self.layout()) {
            // SAFETY: a stride from a block on lies in the region (invariant 4).
            unsafe { self.poison.unpoison(self.offset(block), self.layout().stride()) };
        }
    }

    /// The block is handed out: its bytes may be touched, and what is between it and the next one may not.
    ///
    /// # Safety
    ///
    /// A block of this region, and the caller is its only holder.
    pub unsafe fn show(&self, block: NonNull<u8>) {
        if self.poison.applies(self.layout()) {
            let (offset, bytes) = (self.offset(block), self.layout().block_size());
            // SAFETY: a stride from a block on lies in the region (invariant 4), and is the caller's alone
            // (invariant 1).
            unsafe {
                self.poison.poison(offset, self.layout().stride());
                self.poison.unpoison(offset, bytes);
            }
        }
    }

    /// The block is free: its bytes may not be touched.
    ///
    /// # Safety
    ///
    /// A block of this region; the caller is its only holder, and touches it no more.
    pub unsafe fn take_back(&self, block: NonNull<u8>) {
        if self.poison.applies(self.layout()) {
            // SAFETY: a stride from a block on lies in the region (invariant 4), and is the caller's alone
            // (invariant 1).
            unsafe { self.poison.poison(self.offset(block), self.layout().stride()) };
        }
    }
}
