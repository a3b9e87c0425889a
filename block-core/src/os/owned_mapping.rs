//! Ownership of a mapping.
//!
//! Near its limit on mappings (`vm.max_map_count`, 65,530 on Linux) a process cannot unmap a range
//! that the system has merged with its neighbours, since that would split a mapping. Then the pages
//! are returned immediately, so that only address space is left, and the range is kept in a list.
//! Each later drop and each later mapping tries again to unmap some ranges of the list.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, TryLockError};

use memmap2::{MmapMut, MmapRaw};

/// Address ranges that could not be unmapped, with their start and bytes. They have no pages.
static KEPT: Mutex<VecDeque<(usize, usize)>> = Mutex::new(VecDeque::new());

/// The number of kept ranges that one call tries again.
const ATTEMPTS: usize = 4;

/// A mapping that is unmapped when dropped.
#[derive(Debug)]
pub(crate) struct OwnedMapping {
    start: *mut u8,
    bytes: usize,
}

// SAFETY: this value owns an address range and accesses nothing in it.
unsafe impl Send for OwnedMapping {}
// SAFETY: as above.
unsafe impl Sync for OwnedMapping {}

impl OwnedMapping {
    /// Returns the address of the first byte.
    pub(super) fn as_mut_ptr(&self) -> *mut u8 {
        self.start
    }
}

impl From<MmapMut> for OwnedMapping {
    fn from(map: MmapMut) -> Self {
        let map = MmapRaw::from(map);
        let owned = Self { start: map.as_mut_ptr(), bytes: map.len() };
        core::mem::forget(map);
        owned
    }
}

impl Drop for OwnedMapping {
    fn drop(&mut self) {
        let (start, bytes) = (self.start, self.bytes);
        // SAFETY: this value owns the mapping, and nothing uses it any more.
        if unsafe { !unmap(start, bytes) } {
            // SAFETY: as above.
            unsafe { discard(start, bytes) };
            keep(start.expose_provenance(), bytes);
        }
        retry();
    }
}

/// Returns the pages of a range to the system.
///
/// # Safety
///
/// The caller owns the range, and nothing uses it.
unsafe fn discard(start: *mut u8, bytes: usize) {
    // SAFETY: by this function's contract.
    if unsafe { libc::madvise(start.cast(), bytes, libc::MADV_DONTNEED) } == 0 {
        return;
    }
    // Locked pages are only discarded by `MADV_DONTNEED_LOCKED` (Linux 5.18) or after they are
    // unlocked, which near the limit on mappings fails, too.
    #[cfg(target_os = "linux")]
    {
        const MADV_DONTNEED_LOCKED: libc::c_int = 24;
        // SAFETY: as above.
        if unsafe { libc::madvise(start.cast(), bytes, MADV_DONTNEED_LOCKED) } == 0 {
            return;
        }
    }
    // SAFETY: as above.
    unsafe {
        libc::munlock(start.cast(), bytes);
        libc::madvise(start.cast(), bytes, libc::MADV_DONTNEED);
    }
}

/// Unmaps a range and returns whether that succeeded.
///
/// # Safety
///
/// The caller owns the range, and nothing uses it.
unsafe fn unmap(start: *mut u8, bytes: usize) -> bool {
    // SAFETY: by this function's contract.
    unsafe { libc::munmap(start.cast(), bytes) == 0 }
}

/// Returns the list, unless another thread has locked it. No call waits for the lock: after a fork
/// its holder may not exist.
fn kept() -> Option<MutexGuard<'static, VecDeque<(usize, usize)>>> {
    match KEPT.try_lock() {
        Ok(kept) => Some(kept),
        Err(TryLockError::Poisoned(kept)) => Some(kept.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Adds a range to the list. If this fails, only address space is lost.
fn keep(start: usize, bytes: usize) {
    if let Some(mut kept) = kept() {
        if kept.try_reserve(1).is_ok() {
            kept.push_back((start, bytes));
        }
    }
}

/// Tries again to unmap some of the kept ranges.
pub(super) fn retry() {
    let Some(mut kept) = kept() else { return };
    for _ in 0..ATTEMPTS.min(kept.len()) {
        let Some((start, bytes)) = kept.pop_front() else { return };
        // SAFETY: the list owns the range, since its owner was dropped.
        if unsafe { !unmap(core::ptr::with_exposed_provenance_mut(start), bytes) } {
            kept.push_back((start, bytes));
        }
    }
}
