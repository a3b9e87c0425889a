//! The pool: a region and a stack of its free blocks.

use core::ptr::NonNull;

use block_core::{BlockAlloc, BlockIndex, BlockLayout, BuildError, Region};

use crate::stack::Stack;

/// A lock-free pool of equal-sized blocks.
///
/// Built in constant time, whatever the capacity; memory and metadata (five bytes a block, nine
/// from `u32::MAX` blocks on) are committed as blocks are first used. Each call is one
/// compare-and-swap on one word, a bulk call too, however many blocks it moves.
///
/// # Progress
///
/// Lock-free: a thread that is stopped at any point holds up nobody, and a call fails to make
/// progress only because another one did. A signal handler or a forked child may call it.
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
#[derive(Debug)]
pub struct LockFreeAlloc {
    region: Region,
    free: Stack,
}

impl LockFreeAlloc {
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
    /// [`BuildError::Region`] if the system refuses the memory for the links.
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
        let free = Stack::new(&region)?;
        Ok(Self { region, free })
    }

    /// The size of the cache that each thread keeps of this pool's blocks; 0 means none: the plain
    /// stack.
    ///
    /// This version has no such caches: whatever is asked for, the pool is the plain stack. To ask
    /// for 0 is to have it stay so.
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
    pub fn with_magazine(self, blocks: usize) -> Self {
        let _ = blocks;
        self
    }

    /// The number of a block that the caller of `release` holds.
    ///
    /// # Safety
    ///
    /// `block` is a block of this pool's region, held by the caller.
    #[inline]
    unsafe fn scrubbed_index(&self, block: NonNull<u8>) -> BlockIndex {
        // SAFETY: the caller's promise.
        unsafe {
            self.region.scrub(block);
            self.region.index_of(block)
        }
    }
}

// SAFETY: the region is this pool's alone and never replaced. The stack holds each free block once
// and changes in atomic steps (invariants A and B there), so a block is in one place (invariant 1),
// none is lost (2), and an empty stack means that every block is held (3). Pointers come from the
// region (4); `release` scrubs (6). A push's Release and a pop's Acquire order a holder's last
// access before the next one's first. Nothing in here unwinds: every index comes from the stack.
unsafe impl BlockAlloc for LockFreeAlloc {
    #[inline]
    fn region(&self) -> &Region {
        &self.region
    }

    #[inline]
    fn acquire(&self) -> Option<NonNull<u8>> {
        Some(self.region.block(self.free.pop()?))
    }

    #[inline]
    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract.
        self.free.push(unsafe { self.scrubbed_index(block) });
    }

    /// Walks the blocks that were given back, see the crate's [page](crate): linear in their
    /// number. While other threads are inside calls it may report fewer than are free.
    fn available(&self) -> usize {
        self.free.len()
    }

    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        let taken = self.free.pop_many(blocks.len(), |position, index| {
            blocks[position] = Some(self.region.block(index));
        });
        if !taken {
            blocks.fill(None);
        }
        taken
    }

    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        self.free.push_many(
            blocks
                .iter_mut()
                .filter_map(Option::take)
                // SAFETY: by this function's contract.
                .map(|block| unsafe { self.scrubbed_index(block) }),
        );
    }
}
