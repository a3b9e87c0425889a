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
/// Creating a pool takes constant time. The free list grows to four bytes per block (eight beyond
/// `u32::MAX` blocks) when blocks are first used. A bulk call takes the lock once. The checks of a
/// hardened region are made outside of the lock. In other regions they cost one branch per call.
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
// The whole pool is in a cell: a thread may free it while another returns from its last call.
pub struct MutexAlloc(Retirable<Parts>);

struct Parts {
    region: Region,
    free: Together,
}

/// The lock and the data that it guards, on one cache line: a thread that takes the lock has both.
/// Two lines if the standard library's mutex is a pointer, as on macOS.
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
    /// Returns [`BuildError::Layout`] if a size is zero or their product is too large, and
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

    /// Creates a pool over a region, for example one with aligned blocks, on huge pages, or in the
    /// caller's memory.
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
        // SAFETY: no pool has used the region, so no block is allocated.
        unsafe { region.poison_all() };
        let free = Together(Mutex::new(FreeList::new(region.layout().capacity())));
        Ok(Self(Retirable::new(Parts { region, free })))
    }

    /// Locks the free list, also if a thread panicked with the lock: each method leaves the list
    /// consistent at every point where it could panic.
    fn free(&self) -> MutexGuard<'_, FreeList> {
        // One compare-and-swap locks a free mutex, and one swap unlocks it. Those of a thread that
        // waits are in the standard library and are not counted.
        #[cfg(block_counting)]
        block_core::counting::shared(2);
        self.0.free.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// SAFETY: the region belongs to this pool and is never replaced. Under the lock, the index of a
//         block leaves the free list when the block is allocated and enters it when it is freed, so
//         the block is in one place (invariant 1), none is lost (2), and an empty list means that
//         every block is allocated (3). Pointers come from the region (4). `acquire` and `release`
//         call `on_acquire` and `on_release` (6). The lock orders the last access by one user
//         before the first access by the next. Nothing here unwinds: an allocation of memory that
//         fails aborts.
unsafe impl BlockAlloc for MutexAlloc {
    fn region(&self) -> &Region {
        &self.0.region
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        let index = self.free().take()?;
        let block = self.0.region.block(index);
        // One branch whose outcome never changes.
        // SAFETY: the block was just removed from the free list, so only this call has it
        //         (invariant 1).
        unsafe { self.0.region.on_acquire(block) };
        Some(block)
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract. A pool that the caller borrows is not retired.
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

    // Unlocking is the last step, and under the lock exactly one call finds that the pool is
    // unused. If a thread waited for the lock, the standard library may afterwards wake it by the
    // address of the lock, without accessing memory there.
    unsafe fn release_owned(&self, block: NonNull<u8>) -> bool {
        // SAFETY: by this function's contract, a block of the region that only the caller has.
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

    /// Returns the statistics of one instant, which are exact whatever other threads do.
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
            // SAFETY: the block was just removed from the free list, so only this call has it
            //         (invariant 1).
            blocks.iter().flatten().for_each(|&block| unsafe { self.0.region.on_acquire(block) });
        }
        enough
    }

    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        // SAFETY: by this function's contract. A pool that the caller borrows is not retired.
        unsafe { self.release_bulk_owned(blocks) };
    }

    unsafe fn release_bulk_owned(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        if self.0.region.is_hardened() || cfg!(block_asan) {
            // SAFETY: by this function's contract, a block of the region that only the caller has.
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

/// Writes the pool's [`Stats`] in one line.
impl fmt::Display for MutexAlloc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}

/// Writes the region and the [`Stats`].
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

    /// Invariant 2, after a thread panicked with the lock.
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
    fn the_lock_and_what_it_guards_fill_one_cache_line() {
        assert_eq!(size_of::<Together>(), 64);
    }

    /// More blocks than 32 bits can count, so the list of freed blocks is wide.
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
