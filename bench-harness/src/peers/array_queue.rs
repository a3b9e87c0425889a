//! A pool whose free list is an ordinary bounded queue, [`crossbeam_queue::ArrayQueue`]: what a
//! programmer builds in ten lines without a pool library.
//!
//! # Does it keep the invariants?
//!
//! A pop of that queue has two ways to meet a slot without a value. If tail and head are equal it
//! answers `None`: each of them only ever grows, so at the instant at which the tail was read the
//! queue was empty, and every block was held or inside a call. If they differ, a push has claimed
//! the slot and not yet published it, and the pop *waits* for it. So a claimed, unpublished slot
//! never makes the pool look empty, and exhaustion is exact (invariant 3). The same holds for a
//! push, which reports a full queue only if it was full; a queue as long as the pool has blocks
//! never is.
//!
//! The price of that waiting: this pool is not lock-free. A thread that is stopped between claim
//! and publication holds up those that come to its slot.
//!
//! Blocks come round first in, first out, so a program soon touches all of them, where a
//! last-in-first-out pool stays with those that are in the cache.

use std::ptr::NonNull;
use std::sync::Arc;

use block_core::{BlockAlloc, BlockIndex, BlockLayout, BuildError, Region};
use crossbeam_queue::ArrayQueue;

use super::paths;
use crate::grid::Case;
use crate::lineup::{Entry, Kind, Subjects};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "array-queue",
    kind: Kind::Pool,
    paths: &paths::NAMES,
    description: "a crossbeam ArrayQueue of block numbers over the same region",
    build,
};

fn build(case: &Case) -> Result<Subjects, BuildError> {
    let pool = ArrayQueueAlloc::new(case.shape.block_size, case.shape.arena)?;
    Ok(paths::rotating(Arc::new(pool)))
}

/// A pool behind a bounded queue of the numbers of its free blocks.
///
/// Built in linear time: the queue is filled at once. Sixteen bytes a block.
///
/// # Examples
///
/// ```
/// use bench_harness::peers::array_queue::ArrayQueueAlloc;
/// use block_core::{BlockAlloc, BlockAllocExt};
///
/// let pool = ArrayQueueAlloc::new(64, 2)?;
/// let (a, b) = (pool.alloc()?, pool.alloc()?);
/// assert!(pool.alloc().is_err());
/// drop((a, b));
/// assert_eq!(pool.available(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ArrayQueueAlloc {
    region: Region,
    free: ArrayQueue<usize>,
}

impl ArrayQueueAlloc {
    /// A pool of `capacity` blocks of `block_size` bytes.
    ///
    /// # Errors
    ///
    /// [`BuildError::Layout`] if a size is zero or their product too large,
    /// [`BuildError::Region`] if the system refuses the memory.
    pub fn new(block_size: usize, capacity: usize) -> Result<Self, BuildError> {
        Self::from_region(Region::map(BlockLayout::new(block_size, capacity)?)?)
    }

    /// A pool over a region made elsewhere.
    ///
    /// # Errors
    ///
    /// None at present.
    pub fn from_region(region: Region) -> Result<Self, BuildError> {
        let free = ArrayQueue::new(region.layout().capacity());
        for index in 0..free.capacity() {
            // The queue is as long as the pool has blocks.
            let _ = free.push(index);
        }
        Ok(Self { region, free })
    }
}

// SAFETY: the region is this pool's alone and never replaced. A block's number leaves the queue
// when it is handed out and enters it when it is given back, so it is in one place (invariant 1),
// none is lost (2), and an empty queue means that every block is held (3; see the module's text).
// Pointers come from the region (4); `release` scrubs (6). The slot's stamp, stored with Release
// and loaded with Acquire, orders a holder's last access before the next one's first. Nothing
// unwinds: the queue's methods do not, and every number in it is below the capacity.
unsafe impl BlockAlloc for ArrayQueueAlloc {
    #[inline]
    fn region(&self) -> &Region {
        &self.region
    }

    #[inline]
    fn acquire(&self) -> Option<NonNull<u8>> {
        Some(self.region.block(BlockIndex::new(self.free.pop()?)))
    }

    #[inline]
    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract, a block of the region that the caller holds.
        let index = unsafe {
            self.region.scrub(block);
            self.region.index_of(block)
        };
        // There is room: the queue has a slot for every block, and this one is not in it.
        let _ = self.free.push(index.get());
    }

    fn available(&self) -> usize {
        self.free.len()
    }
}
