//! The pool: a region, a stack of its free blocks, and magazines.

#[cfg(not(any(block_loom, block_shuttle)))]
mod in_memory;

use core::ptr::NonNull;
use core::{fmt, mem};

use block_core::backend::Retirable;
use block_core::{BlockAlloc, BlockLayout, BuildError, Region, Stats};

use crate::magazines::{self, Magazines, Shared};
use crate::stack::Stack;

/// A lock-free pool of equal-sized blocks with a cache per thread.
///
/// Creating a pool takes constant time, whatever its capacity. Memory and metadata are committed
/// when they are first used: nine bytes per block (seventeen from `u32::MAX` blocks on, and one
/// word more with the feature `bytes` of `block-core`), and half a KiB per thread that uses the
/// pool, in whole pages. The address space reserved for caches is 32 KiB for the first 64 threads,
/// as much again for the next 64, and doubles with each doubling of the threads. Up to 2,048
/// threads have a cache at the same time; other threads use the shared stack.
///
/// A call works on the thread's own *magazine*, a cache of up to 62 blocks. One call in 31 moves a
/// batch from or to the shared stack. No block is stranded in another thread's magazine: before a
/// call reports exhaustion, it reclaims the blocks cached by other threads.
///
/// # Progress
///
/// Without magazines ([`with_magazine(0)`](Self::with_magazine)) the pool is lock-free: a stopped
/// thread never blocks another. With magazines this holds until a call finds the stack empty. That
/// call may wait until other threads have finished the few instructions of a call that they are in,
/// which takes as long as the system takes to run them again.
///
/// # Signals and forks
///
/// A signal handler may allocate and free, also in the first call of its thread. If it interrupted
/// a call on a pool, this one or another, it may find the pool exhausted while other magazines
/// contain blocks: the one exception to exactness. It may change `errno`. A forked child may
/// allocate and free, too, and reaches every block except those that other threads of the parent
/// had allocated or were moving. Neither holds on targets without 64-bit atomics, where a lock
/// replaces them, unless the program selects another method: see "Interrupt handlers" in
/// `docs/static-pools.md`.
///
/// # Examples
///
/// ```
/// use block_core::{AllocError, BlockAlloc, BlockAllocExt};
/// use block_lockfree::LockFreeAlloc;
///
/// let pool = LockFreeAlloc::new(1500, 2)?;
/// std::thread::scope(|scope| {
///     for _ in 0..2 {
///         scope.spawn(|| {
///             let mut packet = pool.alloc().expect("two threads, two blocks");
///             packet[0] = 0x45;
///         });
///     }
/// });
/// assert_eq!(pool.available(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// The whole pool and its parts are in cells: a thread may free the pool while another thread
// returns from its last call, see `BlockAlloc::retire`.
pub struct LockFreeAlloc(Retirable<Parts>);

// In this order, so that the fields that every call reads come first.
#[repr(C)]
struct Parts {
    magazines: Magazines,
    free: Stack,
    region: Retirable<Region>,
    /// Whether replaced magazines may have cached blocks.
    had_magazines: bool,
}

const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<LockFreeAlloc>();
};

impl LockFreeAlloc {
    const DEFAULT_MAGAZINE: usize = usize::MAX;

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
    /// use block_core::BlockAlloc;
    /// use block_lockfree::LockFreeAlloc;
    ///
    /// // Half a tebibyte of address space, and more blocks than 32 bits can number.
    /// # #[cfg(target_pointer_width = "64")] {
    /// let pool = LockFreeAlloc::new(64, 1 << 33)?;
    /// assert_eq!(pool.available(), 1 << 33);
    /// # }
    /// # Ok::<(), block_lockfree::BuildError>(())
    /// ```
    pub fn new(block_size: usize, capacity: usize) -> Result<Self, BuildError> {
        Self::from_region(Region::map(BlockLayout::new(block_size, capacity)?)?)
    }

    /// Creates a pool over a region, for example one with aligned blocks, on huge pages, or in the
    /// caller's memory.
    ///
    /// # Errors
    ///
    /// Returns [`BuildError::Region`] if the system refuses the memory for the links, and always
    /// without the feature `alloc`. Use [`from_static`](Self::from_static) there, which takes the
    /// links from the caller's memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockAlloc, BlockLayout, HugePages, Region};
    /// use block_lockfree::LockFreeAlloc;
    ///
    /// let layout = BlockLayout::new(4096, 1024)?.with_align(4096)?;
    /// let region = Region::options().huge_pages(HugePages::Transparent).map(layout)?;
    /// let pool = LockFreeAlloc::from_region(region)?;
    /// assert_eq!(pool.available(), 1024);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_region(region: Region) -> Result<Self, BuildError> {
        let region = region.with_poisoning();
        // SAFETY: no pool has used the region, so no block is allocated.
        unsafe { region.poison_all() };
        let free = Stack::new(&region)?;
        let magazines = Magazines::new(&region, Self::DEFAULT_MAGAZINE);
        let region = Retirable::new(region);
        Ok(Self(Retirable::new(Parts { region, free, magazines, had_magazines: false })))
    }

    /// Sets the largest number of blocks in a thread's magazine: at most 62, the default. A larger
    /// number means 62, and an odd number above 1 means one less. A magazine never holds more than
    /// half of the blocks of a pool of four blocks or more. Only magazines of the full size pass
    /// whole batches to each other, which makes it cheap to allocate in one thread and free in
    /// another.
    ///
    /// 0 means no magazines: every call goes to the shared stack and is strictly lock-free, for
    /// real-time callers. Each call is then one compare-and-swap on one shared word. So is a bulk
    /// allocation unless other threads interfere: then it pops in parts, in the worst case block by
    /// block, and never has more blocks than it was asked for. A bulk free pushes at most 128
    /// blocks in one step.
    ///
    /// A pool also has no magazines in builds without the feature `std`, and if the system refuses
    /// the memory for them. `Debug` prints the largest number of blocks in a magazine (`magazine:
    /// 0`).
    ///
    /// If the region is prefaulted or locked, so are the magazines of the first 64 threads and the
    /// depot. Magazines of further threads are mapped, prefaulted and locked in the first call of
    /// such a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_lockfree::LockFreeAlloc;
    ///
    /// let real_time = LockFreeAlloc::new(256, 64)?.with_magazine(0);
    /// # Ok::<(), block_lockfree::BuildError>(())
    /// ```
    #[must_use]
    pub fn with_magazine(mut self, blocks: usize) -> Self {
        let new = Magazines::new(&self.0.region, blocks);
        let old = mem::replace(&mut self.0.magazines, new);
        let is_used = self.0.free.content().frontier < self.0.region.layout().capacity();
        self.0.had_magazines |= old.size() > 0 && is_used;
        self.0.magazines.inherit_counts(&old);
        old.drain_into_stack(self.shared());
        self
    }

    #[inline]
    fn shared(&self) -> Shared<'_> {
        Shared { region: &self.0.region, stack: &self.0.free }
    }
}

// SAFETY: the region belongs to this pool and is never replaced. The stack has each free block once
// and changes in atomic steps (invariants A and B there), and the magazines pass each block on once
// (D and E there). So a block is in one place (invariant 1), none is lost (2), and a call fails
// only if the stack and the magazines are empty (3). Pointers come from the region (4). `acquire`
// and `release` of a hardened region check and zero blocks (6). The Release of a push and the
// Acquire of a pop order the last access to a block by one user before the first access by the
// next. Nothing here unwinds: every index comes from the stack.
unsafe impl BlockAlloc for LockFreeAlloc {
    #[inline]
    fn region(&self) -> &Region {
        &self.0.region
    }

    #[inline]
    fn acquire(&self) -> Option<NonNull<u8>> {
        let block = self.0.magazines.acquire(magazines::this_thread(), self.shared());
        if let Some(block) = block {
            // SAFETY: the block was just popped, so only this call has it (invariant 1).
            unsafe { self.0.region.unpoison_block(block) };
        }
        block
    }

    #[inline]
    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract. A pool that the caller borrows is not retired.
        unsafe { self.release_owned(block) };
    }

    #[inline]
    fn can_retire(&self) -> bool {
        true
    }

    #[inline]
    unsafe fn release_owned(&self, block: NonNull<u8>) -> bool {
        // SAFETY: the caller gives the block up, and no other call gets it before this call ends.
        unsafe { self.0.region.poison_block(block) };
        // SAFETY: by this function's contract.
        unsafe { self.0.magazines.release(magazines::this_thread(), self.shared(), block) }
    }

    #[inline]
    unsafe fn release_bulk_owned(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        // SAFETY: the caller gives the blocks up, and no other call gets them before this call
        // ends.
        blocks.iter().flatten().for_each(|&block| unsafe { self.0.region.poison_block(block) });
        // SAFETY: by this function's contract.
        let last = unsafe {
            self.0.magazines.release_bulk(magazines::this_thread(), self.shared(), blocks)
        };
        blocks.fill(None);
        last
    }

    unsafe fn retire(&self) -> bool {
        self.0.magazines.retire(magazines::this_thread(), self.shared())
    }

    /// Returns the number of free blocks, for diagnostics.
    ///
    /// Reads one word for each thread that used the pool, one for each cell of the depot, and the
    /// depth of the block on top of the stack. Takes no lock, stops no thread and waits for none,
    /// so a signal handler may call it. While other threads are inside calls, the number is correct
    /// within the blocks that they move during this call.
    fn available(&self) -> usize {
        self.0.magazines.free_blocks(self.shared()).count()
    }

    /// Returns the statistics of the pool, for diagnostics, at the same cost as
    /// [`available`](Self::available).
    ///
    /// The numbers of blocks add up to the capacity in every report, `high_water` is never below
    /// `in_use`, and it never decreases.
    ///
    /// `high_water` is the number of blocks that were ever used. In a pool that never had magazines
    /// this is the largest number in use at the same time: an unused block is allocated only when
    /// all others are. Blocks that a bulk call popped and pushed back count, too. With magazines it
    /// is an upper bound that includes cached blocks: up to 62 per thread that used the pool, and
    /// 496 in the depot.
    ///
    /// Successful calls are not counted, so that counting costs nothing. Failed allocations are
    /// counted where only the calling thread writes, and a signal handler may make it miss one;
    /// without magazines they are counted in eight cells that threads share. On 32-bit targets the
    /// counters wrap around after 2^32.
    fn stats(&self) -> Stats {
        let free = self.0.magazines.free_blocks(self.shared());
        let mut stats = Stats::new(self.0.region.layout(), free.count());
        stats.cached = free.cached;
        stats.never_used = free.on_stack.frontier;
        stats.high_water = stats.capacity - free.on_stack.frontier;
        stats.high_water_is_exact = !self.0.had_magazines && self.0.magazines.size() == 0;
        stats.exhaustions = self.0.free.failed_calls() + self.0.magazines.failed_calls();
        stats.reclaims = self.0.magazines.reclaims();
        stats
    }

    #[inline]
    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        let done = self.0.magazines.acquire_bulk(magazines::this_thread(), self.shared(), blocks);
        if !done {
            blocks.fill(None);
        }
        // SAFETY: the blocks were just popped, so only this call has them (invariant 1).
        blocks.iter().flatten().for_each(|&block| unsafe { self.0.region.unpoison_block(block) });
        done
    }

    #[inline]
    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        // SAFETY: by this function's contract. A pool that the caller borrows is not retired.
        unsafe { self.release_bulk_owned(blocks) };
    }
}

/// Writes the pool's [`Stats`] in one line.
impl fmt::Display for LockFreeAlloc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}

/// Writes the region and the [`Stats`].
impl fmt::Debug for LockFreeAlloc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockFreeAlloc")
            .field("region", &self.0.region)
            .field("magazine", &self.0.magazines.size())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
