//! A loan: from when a block is handed out until it is given back. What is written and checked at either end
//! of it, if the region is hardened.
//!
//! ```text
//!   option              lend                         scrub
//!   verify on acquire   is the block zero?
//!   a guard             writes the canary            is it whole?
//!   zero on release                                  writes zeros
//! ```
//!
//! The canary stays in the guard of a free block: no holder can be blamed for what happens to it there, and
//! the next loan writes it anew. Memory is never touched before its block is first handed out. A backend that
//! never lends has no guards, and none is looked for.

use core::ptr::NonNull;
use core::sync::atomic::Ordering;

use super::Region;
use super::canary::Canary;
use super::violation::{Kind, Violation};

impl Region {
    /// Whether anything is written or checked when a block is handed out or given back:
    /// [`RegionOptions::zero_on_release`](crate::RegionOptions::zero_on_release),
    /// [`verify_on_acquire`](crate::RegionOptions::verify_on_acquire), or a
    /// [guard](crate::BlockLayout::with_guard). Constant for a region, so a backend may ask once.
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

    /// Whether blocks are zeroed when they are given back.
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

    /// Begins a loan: looks whether a block is still zero, if the region has
    /// [`verify_on_acquire`](crate::RegionOptions::verify_on_acquire), and writes its
    /// [guard](crate::BlockLayout::with_guard), if it has one. A backend calls this on each block that it
    /// hands out, after it is off the free list. Costs one branch if the region is not
    /// [hardened](Self::is_hardened); a backend that looks at that itself may leave the call out then.
    ///
    /// # Panics
    ///
    /// If the block was written to after it was given back; the process is aborted before anything unwinds,
    /// see [`verify_on_acquire`](crate::RegionOptions::verify_on_acquire).
    ///
    /// # Safety
    ///
    /// `block` is the address of a block of this region, and the caller is its only holder. What is
    /// written is written through the region's own pointer, so the address alone counts.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockIndex, BlockLayout, Region};
    /// let region = Region::map(BlockLayout::new(64, 16)?.with_guard(8)?)?;
    /// let block = region.block(BlockIndex::new(0));
    /// // SAFETY: nobody else has this region.
    /// unsafe {
    ///     region.on_acquire(block); // handed out
    ///     block.write_bytes(7, 64); // 65 would end the process in the next line
    ///     region.on_release(block); // given back
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub unsafe fn on_acquire(&self, block: NonNull<u8>) {
        if self.is_hardened {
            // SAFETY: the caller's promise.
            unsafe { self.begin_loan(block) };
        }
        // SAFETY: by this function's contract.
        unsafe { self.unpoison_block(block) };
    }

    /// Ends a loan: looks whether the [guard](crate::BlockLayout::with_guard) is whole, if the region has
    /// one, and writes zeros over the block, if it has
    /// [`zero_on_release`](crate::RegionOptions::zero_on_release). A backend calls this in `release`,
    /// before anyone else can get the block. Costs one branch if the region is not
    /// [hardened](Self::is_hardened).
    ///
    /// # Panics
    ///
    /// If the guard is not as [`on_acquire`](Self::on_acquire) wrote it; the process is aborted before anything
    /// unwinds. What was written over is most likely the end of this block's data, or of the next block's
    /// beginning, and cannot be had back.
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
    /// // SAFETY: nobody else has this region.
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
            // SAFETY: the caller's promise.
            unsafe { self.end_loan(block) };
        }
        // SAFETY: by this function's contract.
        unsafe { self.poison_block(block) };
    }

    /// # Safety
    ///
    /// As for [`on_acquire`](Self::on_acquire).
    #[cold]
    unsafe fn begin_loan(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise.
        let (bytes, guard) = unsafe { (self.bytes(block), self.guard(block)) };
        if self.options.verify_on_acquire && !is_zero(bytes) {
            Violation::new(Kind::WriteAfterFree, self, block, bytes, |_| 0).fail();
        }
        Canary::of(block).write(guard);
        // Read first: the line is every thread's.
        if !self.has_lent.load(Ordering::Relaxed) {
            self.has_lent.store(true, Ordering::Relaxed);
        }
    }

    /// # Safety
    ///
    /// As for [`on_acquire`](Self::on_acquire).
    #[cold]
    unsafe fn end_loan(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise.
        let guard = unsafe { self.guard(block) };
        let canary = Canary::of(block);
        let is_overrun = || self.has_lent.load(Ordering::Relaxed) && !canary.is_in(guard);
        if is_overrun() {
            Violation::new(Kind::Overrun, self, block, guard, |at| canary.byte(at)).fail();
        }
        if self.zeroes_on_release() {
            // By pointer, without a slice: a raw holder may have left bytes uninitialised.
            // SAFETY: valid (invariant 4), and the caller's alone (1).
            unsafe { self.own(block).write_bytes(0, self.layout.block_size()) };
        }
    }

    /// The bytes of a block.
    ///
    /// # Safety
    ///
    /// As for [`on_acquire`](Self::on_acquire), and the reference is gone when the block is somebody else's.
    #[expect(clippy::mut_from_ref, reason = "who holds the block has its bytes alone")]
    unsafe fn bytes(&self, block: NonNull<u8>) -> &mut [u8] {
        let bytes = NonNull::slice_from_raw_parts(self.own(block), self.layout.block_size());
        // SAFETY: valid (invariant 4), initialised (6), and the caller's alone (1).
        unsafe { &mut *bytes.as_ptr() }
    }

    /// The bytes behind a block that are guarded: none without a guard.
    ///
    /// # Safety
    ///
    /// As for [`on_acquire`](Self::on_acquire), and the reference is gone when the block is somebody else's.
    #[expect(clippy::mut_from_ref, reason = "who holds the block has its guard alone")]
    unsafe fn guard(&self, block: NonNull<u8>) -> &mut [u8] {
        // SAFETY: by this function's contract.
        unsafe { self.unpoison_with_gap(block) };
        // SAFETY: block and guard are a stride or less, so the end lies in the region or at its end.
        let end = unsafe { self.own(block).add(self.layout.block_size()) };
        let guard = NonNull::slice_from_raw_parts(end, self.layout.guard());
        // SAFETY: up to the next block, so in the region (invariant 4); initialised with it (6); and touched
        // by who holds the block alone (1).
        unsafe { &mut *guard.as_ptr() }
    }

    /// Whether a block with a guard was lent, and not overrun since.
    ///
    /// # Safety
    ///
    /// As for [`on_acquire`](Self::on_acquire).
    #[cfg(feature = "conformance")]
    pub(crate) unsafe fn is_lent(&self, block: NonNull<u8>) -> bool {
        // SAFETY: the caller's promise.
        let is_lent = Canary::of(block).is_in(unsafe { self.guard(block) });
        // SAFETY: by this function's contract.
        unsafe { self.unpoison_block(block) };
        is_lent
    }
}

/// Without a branch for each byte, but one for each chunk: memory that is zero is read as fast as can be.
fn is_zero(bytes: &[u8]) -> bool {
    let chunks = bytes.chunks_exact(64);
    let none = |bytes: &[u8]| bytes.iter().fold(0, |all, byte| all | byte) == 0;
    none(chunks.remainder()) && { chunks }.all(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_that_is_not_zero_is_seen_wherever_it_is() {
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
