//! The pool: a region and a locked free list.

use std::fmt;
use std::ptr::NonNull;
use std::sync::PoisonError;
#[cfg(not(block_tsan))]
use std::sync::{Mutex, MutexGuard};

use block_core::backend::{Retirable, after_last_step};
#[cfg(block_tsan)]
use block_core::told::{Mutex, MutexGuard};
use block_core::{BlockAlloc, BlockLayout, BuildError, Region, Stats};

use crate::free_list::FreeList;

/// A pool behind a mutex.
///
/// Construction takes constant time. The free list grows as blocks are first used, to four bytes
/// per block, or eight if the capacity is above `u32::MAX`. A bulk call takes the lock once. The
/// checks of a hardened region are made outside the lock. Without hardening, they cost one branch
/// per call.
///
/// # Examples
///
/// ```
/// use block_core::{AllocError, BlockAlloc, BlockAllocExt};
/// use block_mutex::MutexAlloc;
///
/// let pool = MutexAlloc::new(64, 2)?;
/// let (a, b) = (pool.alloc()?, pool.alloc()?);
/// assert_eq!(pool.alloc().unwrap_err(), AllocError::Exhausted);
/// drop(a);
/// assert_eq!(pool.available(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// The whole pool is in a cell: a thread may free the pool while another thread returns from its
// last call.
pub struct MutexAlloc(Retirable<Parts>);

struct Parts {
    region: Region,
    free: Together,
}

/// The lock and the free list on one cache line, so that a thread that takes the lock has loaded
/// both. Where the mutex of the standard library is a pointer, as on macOS, they are on two lines.
#[repr(align(64))]
struct Together(Mutex<FreeList>);

const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<MutexAlloc>();
};

impl MutexAlloc {
    /// Creates a pool of `capacity` blocks of `block_size` bytes in a lazily committed mapping.
    ///
    /// # Errors
    ///
    /// [`BuildError::Layout`] if `block_size` or `capacity` is zero or their product is too large.
    /// [`BuildError::Region`] if the system refuses the memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_mutex::MutexAlloc;
    ///
    /// let error = MutexAlloc::new(64, 0).unwrap_err();
    /// assert_eq!(error.to_string(), "the capacity is 0; it must be at least 1 block");
    /// ```
    pub fn new(block_size: usize, capacity: usize) -> Result<Self, BuildError> {
        Self::from_region(Region::map(BlockLayout::new(block_size, capacity)?)?)
    }

    /// Creates a pool over a region with options, such as an alignment, huge pages or memory of the
    /// caller.
    ///
    /// # Errors
    ///
    /// None at present.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockAlloc, BlockLayout, Region};
    /// use block_mutex::MutexAlloc;
    ///
    /// let layout = BlockLayout::new(512, 100)?.with_align(4096)?;
    /// let pool = MutexAlloc::from_region(Region::options().prefault(true).map(layout)?)?;
    /// assert_eq!(pool.available(), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_region(region: Region) -> Result<Self, BuildError> {
        let region = region.with_poisoning();
        // SAFETY: no pool owned the region before, so no block of it is allocated.
        unsafe { region.poison_all() };
        let free = Together(Mutex::new(FreeList::new(region.layout().capacity())));
        Ok(Self(Retirable::new(Parts { region, free })))
    }

    /// Locks the free list. A lock that a panic poisoned is taken too: every method of the list
    /// keeps it conserved (invariant 2) wherever the method could panic.
    fn free(&self) -> MutexGuard<'_, FreeList> {
        // A compare-and-swap locks a free mutex, and a swap unlocks it. Operations of a thread that
        // waits for the mutex are inside the standard library and are not counted.
        #[cfg(block_counting)]
        block_core::counting::shared(2);
        self.0.free.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// SAFETY: only this pool uses the region, and the region is never replaced. Under the lock, the
// index of a block leaves the free list when the block is acquired, and enters the list when it is
// released. So each block is in one place (invariant 1), no block is lost (2), and an empty list
// means that every block is allocated (3). Pointers come from the region (4). `acquire` and
// `release` call `on_acquire` and `on_release` (6). The lock orders the last access of one holder
// before the first access of the next holder. Nothing here unwinds: a failed allocation of the
// list's memory aborts.
unsafe impl BlockAlloc for MutexAlloc {
    fn region(&self) -> &Region {
        &self.0.region
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        let index = self.free().take()?;
        let block = self.0.region.block(index);
        // One branch on a constant of the region, if the region is not hardened. SAFETY: the block
        // was just removed from the free list, so only this call holds it (invariant 1).
        unsafe { self.0.region.on_acquire(block) };
        Some(block)
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract. A caller that borrows the pool is never the last.
        unsafe { self.release_owned(block) };
    }

    fn can_retire(&self) -> bool {
        true
    }

    unsafe fn retire(&self) -> bool {
        let mut free = self.free();
        free.retire();
        free.is_over()
    }

    // Unlocking is the last step, and under the lock exactly one call finds that the pool has
    // ended. If another thread waits for the lock, the standard library may then wake it by the
    // address of the lock, but does not read or write there.
    unsafe fn release_owned(&self, block: NonNull<u8>) -> bool {
        // SAFETY: by this function's contract, a block of the region that the caller holds.
        let index = unsafe {
            self.0.region.on_release(block);
            self.0.region.index_of(block)
        };
        let is_last = {
            let mut free = self.free();
            free.put(index);
            free.is_over()
        };
        after_last_step();
        is_last
    }

    fn available(&self) -> usize {
        self.free().len()
    }

    /// Reads the free list under one lock, so the numbers are exact whatever other threads do.
    fn stats(&self) -> Stats {
        let free = self.free();
        let mut stats = Stats::new(self.0.region.layout(), free.len());
        free.tell(&mut stats);
        stats
    }

    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        let mut free = self.free();
        let enough = free.has(blocks.len());
        blocks.fill_with(|| {
            if enough { free.take().map(|index| self.0.region.block(index)) } else { None }
        });
        drop(free);
        if self.0.region.is_hardened() || cfg!(block_asan) {
            // SAFETY: the blocks were just removed from the free list, so only this call holds them
            // (invariant 1).
            blocks.iter().flatten().for_each(|&block| unsafe { self.0.region.on_acquire(block) });
        }
        enough
    }

    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        // SAFETY: by this function's contract. A caller that borrows the pool is never the last.
        unsafe { self.release_bulk_owned(blocks) };
    }

    unsafe fn release_bulk_owned(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        if self.0.region.is_hardened() || cfg!(block_asan) {
            // SAFETY: by this function's contract, a block of the region that the caller holds.
            blocks.iter().flatten().for_each(|&block| unsafe { self.0.region.on_release(block) });
        }
        let mut free = self.free();
        for block in blocks.iter_mut().filter_map(Option::take) {
            // SAFETY: by this function's contract, a block of the region.
            free.put(unsafe { self.0.region.index_of(block) });
        }
        free.is_over()
    }
}

/// Prints the [`Stats`] of the pool in one line.
impl fmt::Display for MutexAlloc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}

/// Prints the region and the [`Stats`] of the pool. Takes as long as [`BlockAlloc::stats`].
impl fmt::Debug for MutexAlloc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MutexAlloc")
            .field("region", &self.0.region)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg_attr(
    not(target_pointer_width = "64"),
    allow(arithmetic_overflow, reason = "there the tests are compiled, but ignored")
)]
mod tests {
    use super::*;
    use block_core::BlockAllocExt;

    /// Invariant 2 holds after a thread panicked while it held the lock.
    #[test]
    fn poisoning_loses_no_blocks() {
        let pool = MutexAlloc::new(64, 8).unwrap();
        let held = pool.alloc().unwrap();
        std::thread::scope(|scope| {
            let dying = scope.spawn(|| {
                let _guard = pool.0.free.0.lock();
                panic!("on purpose");
            });
            assert!(dying.join().is_err());
        });
        assert!(pool.0.free.0.is_poisoned());
        assert_eq!(pool.available(), 7);
        drop(held);
        let all: Vec<_> = (0..8).map(|_| pool.alloc().unwrap()).collect();
        assert!(pool.alloc().is_err());
        drop(all);
        assert_eq!(pool.available(), 8);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_lock_and_the_free_list_fill_one_cache_line() {
        assert_eq!(size_of::<Together>(), 64);
    }

    /// The capacity does not fit 32 bits, so the list of freed blocks is wide.
    #[test]
    #[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
    fn a_pool_of_2_to_the_33_blocks_finds_each_block_by_its_index() {
        let pool = MutexAlloc::new(64, 1 << 33).unwrap();
        let (a, b) = (pool.alloc().unwrap(), pool.alloc().unwrap());
        let first = a.as_ptr();
        drop(a);
        assert_eq!(pool.available(), (1 << 33) - 1);
        assert_eq!(pool.alloc().unwrap().as_ptr(), first);
        drop(b);
        assert_eq!(pool.available(), 1 << 33);
    }
}
