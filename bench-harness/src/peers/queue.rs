//! A pool whose free list is an ordinary queue of block numbers: what a programmer builds in ten
//! lines without a pool library. [`array_queue`](super::array_queue) and
//! [`seg_queue`](super::seg_queue) say which queue.
//!
//! # Does it keep the invariants?
//!
//! A block's number leaves the queue when the block is handed out and enters it when it is given back,
//! and the queue hands each number on once: so a block is in one place (invariant 1), and none is lost
//! (invariant 2). Pointers come from the region (invariant 4); `acquire` and `release` call `on_acquire` and `on_release`
//! (invariant 6).
//!
//! A pop of those queues has two ways to meet a slot without a value. If tail and head are equal it
//! answers `None`: each of them only ever grows, so at the instant at which the tail was read the
//! queue was empty, and every block was held or inside a call. If they differ, a push has claimed
//! the slot and not yet published it, and the pop *waits* for it. So a claimed, unpublished slot
//! never makes the pool look empty, and exhaustion is exact (invariant 3).
//!
//! The price of that waiting: such a pool is not lock-free. A thread that is stopped between claim
//! and publication holds up those that come to its slot.
//!
//! Blocks come round first in, first out, so a program soon touches all of them, where a
//! last-in-first-out pool stays with those that are in the cache.

use std::fmt::Debug;
use std::ptr::NonNull;
use std::sync::Arc;

use block_core::{BlockAlloc, BlockIndex, BlockLayout, BuildError, Region};

use super::paths;
use crate::grid::Case;
use crate::lineup::Subjects;

/// A queue of numbers that any thread may use.
///
/// # Safety
///
/// What was pushed is popped once, no sooner than it was pushed, and with all that its pusher wrote
/// before. A pop answers `None` only if at some instant of the call every number pushed was popped
/// or being popped. Nothing unwinds.
pub unsafe trait FreeQueue: Debug + Send + Sync + 'static {
    /// An empty queue with room for so many numbers.
    fn with_room_for(numbers: usize) -> Self;

    /// Appends a number. There is room: no more numbers come than were promised.
    fn push(&self, number: usize);

    /// The number pushed first.
    fn pop(&self) -> Option<usize>;

    /// How many there are.
    fn count(&self) -> usize;
}

/// A pool behind a queue of the numbers of its free blocks.
///
/// Built in linear time: the queue is filled at once. Sixteen bytes a block.
///
/// # Examples
///
/// ```
/// use bench_harness::peers::seg_queue::SegQueueAlloc;
/// use block_core::{BlockAlloc, BlockAllocExt};
///
/// let pool = SegQueueAlloc::new(64, 2)?;
/// let (a, b) = (pool.alloc()?, pool.alloc()?);
/// assert!(pool.alloc().is_err());
/// drop((a, b));
/// assert_eq!(pool.available(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct QueueAlloc<Q> {
    region: Region,
    free: Q,
}

/// The subjects of such a pool.
///
/// # Errors
///
/// As of a pool.
pub fn build<Q: FreeQueue>(case: &Case) -> Result<Subjects, BuildError> {
    let pool = QueueAlloc::<Q>::new(case.shape.block_size, case.shape.arena)?;
    Ok(paths::rotating(Arc::new(pool)))
}

impl<Q: FreeQueue> QueueAlloc<Q> {
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
        let capacity = region.layout().capacity();
        let free = Q::with_room_for(capacity);
        (0..capacity).for_each(|index| free.push(index));
        Ok(Self { region, free })
    }
}

// SAFETY: invariants 1 to 4 and 6, as this page's section on them has it; the region is never replaced. By
// `FreeQueue`'s contract what a holder wrote goes with the number, and nothing unwinds.
unsafe impl<Q: FreeQueue> BlockAlloc for QueueAlloc<Q> {
    #[inline]
    fn region(&self) -> &Region {
        &self.region
    }

    #[inline]
    fn acquire(&self) -> Option<NonNull<u8>> {
        let block = self.region.block(BlockIndex::new(self.free.pop()?));
        // SAFETY: out of the queue just now, so this call's alone.
        unsafe { self.region.on_acquire(block) };
        Some(block)
    }

    #[inline]
    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract, a block of the region that the caller holds.
        let index = unsafe {
            self.region.on_release(block);
            self.region.index_of(block)
        };
        self.free.push(index.get());
    }

    fn available(&self) -> usize {
        self.free.count()
    }
}
