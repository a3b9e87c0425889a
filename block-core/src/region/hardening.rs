//! Writes and checks at the allocation and the free of a block in a hardened region.
//!
//! ```text
//!   option              on_acquire                     on_release
//!   verify on acquire   checks that the block is zero
//!   a guard             writes the canary              checks the canary
//!   zero on release                                    writes zeros
//! ```
//!
//! The canary stays in the guard of a free block and is not checked there; the next allocation
//! writes it again. The memory of a block is not touched before its first allocation. If a backend
//! never calls `on_acquire`, there are no canaries, and overruns are not detected.

use core::ptr::NonNull;
use core::sync::atomic::Ordering;

use super::Region;
use super::canary::Canary;
use super::violation::{Kind, Violation};

impl Region {
    /// Returns whether the region is hardened: it has
    /// [`zero_on_release`](crate::RegionOptions::zero_on_release),
    /// [`verify_on_acquire`](crate::RegionOptions::verify_on_acquire), or a
    /// [guard](crate::BlockLayout::with_guard). Constant for a region, so a backend may store the
    /// result.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockLayout, Region};
    /// let layout = BlockLayout::new(64, 16)?;
    /// assert!(!Region::map(layout)?.is_hardened());
    /// assert!(Region::map(layout.with_guard(8)?)?.is_hardened());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn is_hardened(&self) -> bool {
        self.is_hardened
    }

    /// Returns whether blocks are zeroed when they are freed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockLayout, Region};
    /// assert!(!Region::map(BlockLayout::new(64, 16)?)?.zeroes_on_release());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn zeroes_on_release(&self) -> bool {
        self.options.zero_on_release || self.options.verify_on_acquire
    }

    /// Prepares a block for its user: checks that it is zero if the region has
    /// [`verify_on_acquire`](crate::RegionOptions::verify_on_acquire), and writes its
    /// [guard](crate::BlockLayout::with_guard) if it has one. A backend calls this for each block
    /// that it hands out, after the block was removed from the free list. Costs one branch if the
    /// region is not [hardened](Self::is_hardened). A backend that checks this itself may omit the
    /// call then.
    ///
    /// # Panics
    ///
    /// Panics if the block was written to after it was freed. The process is aborted before
    /// anything unwinds, see [`verify_on_acquire`](crate::RegionOptions::verify_on_acquire).
    ///
    /// # Safety
    ///
    /// `block` is the address of a block of this region that only the caller has. The provenance of
    /// the pointer does not matter: writes go through the region's own pointer.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockIndex, BlockLayout, Region};
    /// let region = Region::map(BlockLayout::new(64, 16)?.with_guard(8)?)?;
    /// let block = region.block(BlockIndex::new(0));
    /// // SAFETY: no other code uses this region.
    /// unsafe {
    ///     region.on_acquire(block); // allocated
    ///     block.write_bytes(7, 64); // 65 bytes would abort the process in the next line
    ///     region.on_release(block); // freed
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub unsafe fn on_acquire(&self, block: NonNull<u8>) {
        if self.is_hardened {
            // SAFETY: by this function's contract.
            unsafe { self.check_and_write_guard(block) };
        }
        // SAFETY: by this function's contract.
        unsafe { self.unpoison_block(block) };
    }

    /// Takes a block back from its user: checks its [guard](crate::BlockLayout::with_guard) if it
    /// has one, and overwrites it with zeros if the region has
    /// [`zero_on_release`](crate::RegionOptions::zero_on_release). A backend calls this for each
    /// freed block, before any other thread can get it. Costs one branch if the region is not
    /// [hardened](Self::is_hardened).
    ///
    /// # Panics
    ///
    /// Panics if the guard is not as [`on_acquire`](Self::on_acquire) wrote it. The process is
    /// aborted before anything unwinds.
    ///
    /// # Safety
    ///
    /// As for [`on_acquire`](Self::on_acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockIndex, BlockLayout, Region};
    /// let region = Region::options().zero_on_release(true).map(BlockLayout::new(64, 16)?)?;
    /// let block = region.block(BlockIndex::new(0));
    /// // SAFETY: no other code uses this region.
    /// unsafe {
    ///     block.write(7);
    ///     region.on_release(block);
    ///     assert_eq!(block.read(), 0);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub unsafe fn on_release(&self, block: NonNull<u8>) {
        if self.is_hardened {
            // SAFETY: by this function's contract.
            unsafe { self.check_guard_and_zero(block) };
        }
        // SAFETY: by this function's contract.
        unsafe { self.poison_block(block) };
    }

    /// # Safety
    ///
    /// As for [`on_acquire`](Self::on_acquire).
    #[cold]
    unsafe fn check_and_write_guard(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract.
        let (bytes, guard) = unsafe { (self.bytes(block), self.guard(block)) };
        if self.options.verify_on_acquire && !is_zero(bytes) {
            Violation::new(Kind::WriteAfterFree, self, block, bytes, |_| 0).fail();
        }
        Canary::of(block).write(guard);
        // Load first, since all threads share the cache line.
        if !self.is_reporting.load(Ordering::Relaxed) {
            self.is_reporting.store(true, Ordering::Relaxed);
        }
    }

    /// # Safety
    ///
    /// As for [`on_acquire`](Self::on_acquire).
    #[cold]
    unsafe fn check_guard_and_zero(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract.
        let guard = unsafe { self.guard(block) };
        let canary = Canary::of(block);
        let is_overrun = || self.is_reporting.load(Ordering::Relaxed) && !canary.is_in(guard);
        if is_overrun() {
            Violation::new(Kind::Overrun, self, block, guard, |at| canary.byte(at)).fail();
        }
        if self.zeroes_on_release() {
            // Through a pointer and not a slice: a raw block may have uninitialised bytes.
            // SAFETY: valid (invariant 4), and only the caller has the block (1).
            unsafe { self.own(block).write_bytes(0, self.layout.block_size()) };
        }
    }

    /// Returns the bytes of a block.
    ///
    /// # Safety
    ///
    /// As for [`on_acquire`](Self::on_acquire), and the reference is not used after the caller
    /// gives the block up.
    #[expect(clippy::mut_from_ref, reason = "only the caller has the block")]
    unsafe fn bytes(&self, block: NonNull<u8>) -> &mut [u8] {
        let bytes = NonNull::slice_from_raw_parts(self.own(block), self.layout.block_size());
        // SAFETY: valid (invariant 4), initialised (6), and only the caller has the block (1).
        unsafe { &mut *bytes.as_ptr() }
    }

    /// Returns the guard behind a block, which may be empty.
    ///
    /// # Safety
    ///
    /// As for [`on_acquire`](Self::on_acquire), and the reference is not used after the caller
    /// gives the block up.
    #[expect(clippy::mut_from_ref, reason = "only the caller has the block")]
    unsafe fn guard(&self, block: NonNull<u8>) -> &mut [u8] {
        // SAFETY: by this function's contract.
        unsafe { self.unpoison_with_gap(block) };
        // SAFETY: a block and its guard are at most one stride, so the end is in the region or at
        // its end.
        let end = unsafe { self.own(block).add(self.layout.block_size()) };
        let guard = NonNull::slice_from_raw_parts(end, self.layout.guard());
        // SAFETY: the bytes up to the next block are in the region (invariant 4), are initialised
        // (6), and only the user of the block accesses them (1).
        unsafe { &mut *guard.as_ptr() }
    }

    /// Returns whether the guard of a block was written and has not changed.
    ///
    /// # Safety
    ///
    /// As for [`on_acquire`](Self::on_acquire).
    #[cfg(feature = "conformance")]
    pub(crate) unsafe fn has_whole_guard(&self, block: NonNull<u8>) -> bool {
        // SAFETY: by this function's contract.
        let has_whole_guard = Canary::of(block).is_in(unsafe { self.guard(block) });
        // SAFETY: by this function's contract.
        unsafe { self.unpoison_block(block) };
        has_whole_guard
    }
}

/// Returns whether all bytes are zero. It has one branch per chunk of 64 bytes, not one per byte.
fn is_zero(bytes: &[u8]) -> bool {
    let chunks = bytes.chunks_exact(64);
    let none = |bytes: &[u8]| bytes.iter().fold(0, |all, byte| all | byte) == 0;
    none(chunks.remainder()) && { chunks }.all(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_that_is_not_zero_is_found_at_every_position() {
        for len in [1, 63, 64, 65, 200] {
            let mut bytes = std::vec![0; len];
            assert!(is_zero(&bytes));
            for position in 0..len {
                bytes[position] = 0x80;
                assert!(!is_zero(&bytes), "byte {position} of {len}");
                bytes[position] = 0;
            }
        }
    }
}
