//! The pool: a region and a stack of its free blocks.

#[cfg(not(any(block_loom, block_shuttle)))]
mod in_memory;

use core::ptr::NonNull;
use core::{fmt, mem};

use block_core::backend::Retirable;
use block_core::{BlockAlloc, BlockLayout, BuildError, Region, Stats};

use crate::magazines::{self, Magazines, Shared};
use crate::stack::Stack;

/// A pool of equal-sized blocks with a cache for each thread, over a lock-free stack.
///
/// Built in constant time, whatever the capacity; memory and metadata (nine bytes per block, seventeen
/// from `u32::MAX` blocks on, a word more if `block-core` has its feature `bytes`; half a KiB for each thread that uses the pool, in whole pages) are
/// committed as they are first used. Address space for the caches follows the number of threads: 32 KiB
/// for the first 64 threads, as much again for the next 64, and twice as much with each doubling from
/// there. Up to 2,048 threads at a time have a cache, further ones use the stack. A call works on the thread's own *magazine* of up to 62 blocks; one call in 31
/// moves a batch from or to the shared stack. No block is ever stranded in another thread's
/// magazine: before a call reports exhaustion, it collects them.
///
/// # Progress
///
/// Without magazines ([`with_magazine(0)`](Self::with_magazine)) lock-free: a thread that is
/// stopped at any point holds up nobody. With them the same, until a call finds the stack empty:
/// then it may have to wait until other threads have finished the few instructions of a call that
/// they are in the middle of, which takes as long as the system takes to run them again.
///
/// # Signals and forks
///
/// A signal handler may allocate and free, also as the first call of its thread. If it interrupted a
/// call on a pool, this one or another, it may find the pool exhausted while other magazines hold
/// blocks, the one exception to exactness. It may change `errno`. A forked child may allocate and give back, too, and reaches every block but those that
/// the parent's other threads held or were moving. Neither holds on targets without 64-bit atomics,
/// where a lock stands in for them, unless the program
/// [says otherwise](crate::static_pools#interrupt-handlers).
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
// In a cell as a whole, and so are its parts: a thread may free the pool while another one returns
// from its last call, see `BlockAlloc::retire`.
pub struct LockFreeAlloc(Retirable<Parts>);

// In this order, so that what every call reads comes first.
#[repr(C)]
struct Parts {
    magazines: Magazines,
    free: Stack,
    region: Retirable<Region>,
    /// Whether magazines that this pool no longer has may have held blocks.
    had_magazines: bool,
}

const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<LockFreeAlloc>();
};

impl LockFreeAlloc {
    const DEFAULT_MAGAZINE: usize = usize::MAX;

    /// A pool of `capacity` blocks of `block_size` bytes in a lazily committed mapping.
    ///
    /// # Errors
    ///
    /// [`BuildError::Layout`] if a size is zero or their product too large,
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

    /// A pool over a region made elsewhere: aligned, on huge pages, in the caller's memory.
    ///
    /// # Errors
    ///
    /// [`BuildError::Region`] if the system refuses the memory for the links; without
    /// the feature `alloc` always, as there is none to ask:
    /// [`from_static`](Self::from_static) has the links in the caller's memory, too.
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
        #[cfg(block_asan)]
        let region = region.lending();
        // SAFETY: of a region that no pool had no block is held.
        #[cfg(block_asan)]
        unsafe {
            region.poison_all();
        }
        let free = Stack::new(&region)?;
        let magazines = Magazines::new(&region, Self::DEFAULT_MAGAZINE);
        let region = Retirable::new(region);
        Ok(Self(Retirable::new(Parts { region, free, magazines, had_magazines: false })))
    }

    /// Sets how many blocks a thread's magazine may hold: at most 62, the default; more is taken
    /// as 62, an odd number above 1 as one less. In a pool of four blocks or more a magazine holds
    /// no more than half of them. Only magazines of the full size hand whole batches on to each
    /// other, which makes blocks that one thread takes and another gives back cheap.
    ///
    /// 0 means no magazines: the plain stack, strictly lock-free, for callers with a deadline. Each
    /// call is one compare-and-swap on one shared word then. So is a bulk call, unless other threads
    /// come in between: it then pops in parts, at worst block by block, and never holds more than it was
    /// asked for. A bulk release pushes at most 128 blocks in a step.
    ///
    /// A pool has no magazines either, whatever is asked for, in a build without the feature `std`, and if
    /// the system refuses the memory for them. `Debug` prints how many blocks a magazine may hold
    /// (`magazine: 0`).
    ///
    /// If the region is prefaulted or locked, so are the magazines of the first 64 threads and the
    /// batches between them. Those of further threads are mapped, prefaulted and locked in the first call of
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

// SAFETY: the region is this pool's alone and never replaced. The stack holds each free block once
// and changes in atomic steps (invariants A and B there), and the magazines hand each on once
// (D and E there), so a block is in one place (invariant 1), none is lost (2), and a call fails only
// on an empty stack beside empty magazines (3). Pointers come from the region (4). If it is hardened,
// `acquire` lends and `release` scrubs (6). A push's Release and a pop's Acquire order a holder's last
// access before the next one's first. Nothing in here unwinds: every index comes from the stack.
unsafe impl BlockAlloc for LockFreeAlloc {
    #[inline]
    fn region(&self) -> &Region {
        &self.0.region
    }

    #[inline]
    fn acquire(&self) -> Option<NonNull<u8>> {
        let block = self.0.magazines.acquire(magazines::this_thread(), self.shared());
        // SAFETY: off the free list just now, so this call alone holds it (invariant 1).
        #[cfg(block_asan)]
        block.inspect(|&block| unsafe { self.0.region.show(block) });
        block
    }

    #[inline]
    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract. A caller that borrows the pool is never the last.
        unsafe { self.release_owned(block) };
    }

    #[inline]
    fn can_retire(&self) -> bool {
        true
    }

    #[inline]
    unsafe fn release_owned(&self, block: NonNull<u8>) -> bool {
        // SAFETY: the caller gives the block up, and its next holder gets it after this call.
        #[cfg(block_asan)]
        unsafe {
            self.0.region.take_back(block);
        }
        // SAFETY: by this function's contract.
        unsafe { self.0.magazines.release(magazines::this_thread(), self.shared(), block) }
    }

    #[inline]
    unsafe fn release_bulk_owned(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        // SAFETY: the caller gives the blocks up, and their next holders get them after this call.
        #[cfg(block_asan)]
        blocks.iter().flatten().for_each(|&block| unsafe { self.0.region.take_back(block) });
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

    /// A diagnostic: reads a word for each thread that used the pool, one for each cell of the depot, and the
    /// depth of the block on top of the stack. Takes no lock, stops no thread, and waits for none, also
    /// in a signal handler. While other threads are inside calls, it is right within the blocks that they
    /// move during this call.
    fn available(&self) -> usize {
        self.0.magazines.free_blocks(self.shared()).count()
    }

    /// As [`available`](Self::available) a diagnostic, with the same cost. The places add up to the capacity in
    /// every report, `high_water` is never below `held`, and it never falls.
    ///
    /// `high_water` is the number of blocks that were ever used. In a pool that never had magazines that is
    /// the most that were in use at once: an unused block is taken only when all others are. Blocks that
    /// a bulk call held and then put back count, too. With magazines it is an upper bound that includes
    /// cached blocks: up to 62 for each thread that used the pool, and 496 on their way between threads.
    ///
    /// Calls that succeed are not counted, so that counting costs them nothing. FailedCalls are counted where only
    /// the calling thread writes, where a signal handler may make it miss one; without magazines in one of
    /// eight places that threads share. Counts start again after 2^32 on 32-bit targets.
    fn stats(&self) -> Stats {
        let free = self.0.magazines.free_blocks(self.shared());
        let mut stats = Stats::new(self.0.region.layout(), free.count());
        stats.in_magazines = free.cached;
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
        // SAFETY: off the free list just now, so this call alone holds it (invariant 1).
        #[cfg(block_asan)]
        blocks.iter().flatten().for_each(|&block| unsafe { self.0.region.show(block) });
        done
    }

    #[inline]
    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        // SAFETY: by this function's contract. A caller that borrows the pool is never the last.
        unsafe { self.release_bulk_owned(blocks) };
    }
}

/// The pool's [`Stats`] in one line.
impl fmt::Display for LockFreeAlloc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}

/// Its region and its [`Stats`].
impl fmt::Debug for LockFreeAlloc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockFreeAlloc")
            .field("region", &self.0.region)
            .field("magazine", &self.0.magazines.size())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
