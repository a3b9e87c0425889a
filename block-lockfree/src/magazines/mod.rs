//! Per-thread magazines: most calls touch no cache line that another thread writes.
//!
//! Source: J. Bonwick, J. Adams, "Magazines and Vmem: Extending the Slab Allocator to Many CPUs and
//! Arbitrary Resources", USENIX 2001, for the magazines. The reclaim that makes exhaustion exact is
//! this crate's own, see `docs/exactness.md`. Comments here cite its numbered steps.
//!
//! # Invariants
//!
//! Invariant 8 of [the crate](crate#invariants): no lock is held and no reclaim is started inside
//! an operation on a magazine. A call that interrupts another call of its thread on the same pool
//! (in a signal handler) uses the shared stack and never reclaims, so it may find the pool
//! exhausted early.
//!
//! D. The plain memory of a magazine is used by its owner while the magazine is active and the
//!    state word was found open after that; or by the holder of the lock, while the state is
//!    revoked and after the magazine was seen inactive. (Steps 1 to 4.)
//! E. While the state is quiesced, every free block is on the stack. (Step 5.)
//!
//! # Memory orderings
//!
//! The state word and `active` are stored with Release and loaded with Acquire. On both sides a
//! full fence lies between the two words ([`fence`](crate::fence)). All other words are Relaxed:
//! the lock orders the threads that write them, and an owner that reads an outdated size moves a
//! batch of another size.

mod further;
mod hardened;
mod reclaim;
mod transfer;

use core::ptr::NonNull;

use block_core::Region;
use block_core::backend::Retirable;

use self::further::{FIRST, Tables};
use crate::depot::{BATCH, Depot};
use crate::fence;
use crate::lock::{Lock, LockGuard};
use crate::magazine::{LARGEST, Magazine};
use crate::state::State;
use crate::sync::{
    AtomicU32, AtomicU64, AtomicUsize, CachePadded, CountUsize, Ordering, Table,
    const_outside_models, no_table, table_for,
};
use crate::thread;

pub use crate::shared::{FreeBlocks, Shared};
pub(crate) use crate::thread::magazine_offset as this_thread;
#[cfg(any(block_loom, block_shuttle))]
pub use crate::thread::magazine_offset_of;

/// Where the calls go that a magazine cannot serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    /// To the stack. There are no magazines, so every call goes there.
    Stack,
    /// To the magazine, the depot and the stack.
    Magazines,
    /// To one of the above, with the checks of a hardened region for each block. Every call goes
    /// there: either no thread has a magazine, or the state word is never zero.
    Hardened,
}

/// The magazines of one pool, one per thread number.
#[derive(Debug)]
pub struct Magazines(Retirable<Parts>);

/// The fields of [`Magazines`].
#[derive(Debug)]
#[repr(C, align(128))]
pub struct Parts {
    // First the fields that every operation reads, which rarely change.
    /// A [`State`]. Written by the holder of the lock.
    state: AtomicUsize,
    /// The size of the first table in bytes.
    end: usize,
    /// The first table: the magazines of threads with numbers below [`FIRST`].
    near: Table<Magazine>,
    route: Route,
    largest_batch: usize,
    largest_limit: usize,
    /// The number of blocks that move between a magazine and the stack at a time. A magazine holds
    /// up to twice as many. Written by the holder of the lock.
    batch: AtomicU32,
    /// Magazines from here on were never used.
    used: AtomicUsize,
    /// The stack's head word when the batch size was last changed. Its tag counts popped blocks.
    changed_at: AtomicU64,
    /// The number of revocations. Used by the holder of the lock.
    revocations: AtomicUsize,
    /// The number of reclaims. Written by the holder of the lock.
    reclaims: CountUsize,
    /// Only in pools whose batches can have the full size.
    depot: Option<Depot>,
    /// The magazines of the other threads.
    further: Tables,
    // On a cache line of its own, for threads that find the pool exhausted.
    lock: CachePadded<Lock>,
}

impl core::ops::Deref for Magazines {
    type Target = Parts;

    #[inline(always)]
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Magazines {
    /// The number of blocks popped from the stack after which magazines open again, and after which
    /// the batch size may grow by one.
    const COOL_DOWN: u64 = if cfg!(any(block_loom, block_shuttle)) { 1 } else { 1024 };

    /// Creates empty magazines of up to `blocks` blocks. There are none if that is 0, or if the
    /// system refuses the memory for them or a way to return the numbers of threads.
    pub fn new(region: &Region, blocks: usize) -> Self {
        if blocks == 0 || !thread::prepare() {
            return Self::none(region);
        }
        let Ok(near) = table_for(region, FIRST) else { return Self::none(region) };
        // A magazine must not hold most of a small pool.
        let quarter = (region.layout().capacity() / 4).max(1);
        let limit = blocks.clamp(1, LARGEST);
        let batch = (limit / 2).clamp(1, quarter);
        let state = State::new(fence::is_asymmetric(), region.is_hardened());
        Self(Retirable::new(Parts {
            state: AtomicUsize::new(state.bits()),
            end: near.len() * size_of::<Magazine>(),
            near,
            route: if region.is_hardened() { Route::Hardened } else { Route::Magazines },
            batch: AtomicU32::new(batch as u32),
            largest_batch: batch,
            largest_limit: limit,
            // Without a depot, batches go through the stack.
            depot: if batch == BATCH { Depot::new(region).ok() } else { None },
            ..Self::none(region).0.into_inner()
        }))
    }

    const_outside_models! {
        /// Creates no magazines. No thread has one, so no thread reads the state.
        pub(crate) fn none(region: &Region) -> Self {
            Self(Retirable::new(Parts {
                state: AtomicUsize::new(0),
                end: 0,
                near: no_table(),
                route: if region.is_hardened() { Route::Hardened } else { Route::Stack },
                largest_batch: 0,
                largest_limit: 0,
                batch: AtomicU32::new(0),
                used: AtomicUsize::new(0),
                changed_at: AtomicU64::new(0),
                revocations: AtomicUsize::new(0),
                reclaims: CountUsize::new(0),
                depot: None,
                further: Tables::new(),
                lock: CachePadded(Lock::new()),
            }))
        }
    }

    /// Returns whether there are magazines. If not, every call takes the slow path.
    pub fn is_enabled(&self) -> bool {
        self.end > 0
    }

    /// Returns the magazine at an offset ([`thread::magazine_offset`]) if it is in the first table.
    #[inline]
    fn near_magazine(&self, offset: usize) -> Option<&Magazine> {
        if offset >= self.end {
            return None;
        }
        debug_assert_eq!(offset % size_of::<Magazine>(), 0);
        // SAFETY: offsets are multiples of a magazine's size, and `end` is the size of the table.
        Some(unsafe { NonNull::from(&*self.near).cast::<Magazine>().byte_add(offset).as_ref() })
    }

    /// Acquires a block for the thread whose magazine is at `offset`.
    #[inline(always)]
    pub fn acquire(&self, offset: usize, shared: Shared<'_>) -> Option<NonNull<u8>> {
        if let Some(magazine) = self.near_magazine(offset) {
            if magazine.try_enter_fast(&self.state) {
                // SAFETY: the owner may use the memory (invariant D).
                let block = unsafe { magazine.pop() };
                magazine.leave();
                if block.is_some() {
                    return block;
                }
            }
        }
        self.acquire_slow(offset, shared)
    }

    /// Frees a block for the thread whose magazine is at `offset`. Returns whether it was the last
    /// block of a retired pool. If it returns false, the pool may have been freed: the caller must
    /// not use it any more.
    ///
    /// # Safety
    ///
    /// The caller has the block, which is one of this pool, and gives it up.
    #[inline(always)]
    pub unsafe fn release(&self, offset: usize, shared: Shared<'_>, block: NonNull<u8>) -> bool {
        if let Some(magazine) = self.near_magazine(offset) {
            if magazine.try_enter_fast(&self.state) {
                // SAFETY: the owner may use the memory (invariant D); the caller gives the block
                // up.
                let done = unsafe { magazine.push(block) };
                magazine.leave();
                if done {
                    return false;
                }
            }
        }
        // SAFETY: by this function's contract.
        unsafe { self.release_slow(offset, shared, block) }
    }

    /// Acquires a block for each entry, or none. Returns whether it did. If not, the entries are
    /// unspecified.
    #[inline(always)]
    pub fn acquire_bulk(
        &self,
        offset: usize,
        shared: Shared<'_>,
        out: &mut [Option<NonNull<u8>>],
    ) -> bool {
        if let Some(magazine) = self.near_magazine(offset) {
            if magazine.try_enter_fast(&self.state) {
                // SAFETY: the owner may use the memory (invariant D).
                let done = unsafe { magazine.pop_bulk(out) };
                magazine.leave();
                if done {
                    return true;
                }
            }
        }
        self.acquire_bulk_slow(offset, shared, out)
    }

    /// Frees blocks. Returns the same as [`release`](Self::release).
    ///
    /// # Safety
    ///
    /// Every entry is `Some`. The caller has the blocks, which are distinct and all of this pool,
    /// and gives them up.
    #[inline(always)]
    pub unsafe fn release_bulk(
        &self,
        offset: usize,
        shared: Shared<'_>,
        blocks: &[Option<NonNull<u8>>],
    ) -> bool {
        if let Some(magazine) = self.near_magazine(offset) {
            if magazine.try_enter_fast(&self.state) {
                // SAFETY: the owner may use the memory (invariant D); the caller gives the blocks
                // up.
                let done = unsafe { magazine.push_bulk(blocks) };
                magazine.leave();
                if done {
                    return false;
                }
            }
        }
        // SAFETY: by this function's contract.
        unsafe { self.release_bulk_slow(offset, shared, blocks) }
    }

    fn load(&self) -> State {
        // Acquire: pairs with the Release in `store`.
        State::from_bits(self.state.load(Ordering::Acquire))
    }

    fn store(&self, _lock: &LockGuard<'_>, state: State) {
        // Release: pairs with the Acquire of `Magazine::enter` and `load`.
        self.state.store(state.bits(), Ordering::Release);
    }

    fn batch(&self) -> usize {
        self.batch.load(Ordering::Relaxed) as usize
    }

    /// Returns the largest number of blocks in a magazine.
    pub(crate) fn size(&self) -> usize {
        self.largest_limit
    }

    /// Returns the limit of a magazine for a batch size.
    fn limit(&self, batch: usize) -> usize {
        (2 * batch).min(self.largest_limit)
    }

    /// Returns the magazine at an offset if it is in a further table that exists.
    #[inline]
    fn further_magazine(&self, offset: usize) -> Option<&Magazine> {
        self.further.magazine(offset / size_of::<Magazine>())
    }

    /// Returns the magazine at an offset if its table exists.
    fn magazine(&self, offset: usize) -> Option<&Magazine> {
        self.near_magazine(offset).or_else(|| self.further_magazine(offset))
    }

    /// Returns the magazines that may have been used, and the numbers of their threads.
    fn used(&self) -> impl Iterator<Item = (usize, &Magazine)> {
        // Relaxed: the fences of step 2 order this load, and `active` orders the memory of a
        // magazine.
        let used = self.used.load(Ordering::Relaxed);
        let first = self.near.iter().enumerate().take(used);
        first.chain((FIRST..used).filter_map(|it| Some((it, self.further.magazine(it)?))))
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use crate::stack::Stack;
    use block_core::BlockLayout;
    use std::vec::Vec;

    #[test]
    fn a_magazine_comes_to_hold_what_was_asked_for_and_no_more() {
        let sizes = [(1000, 1, 1), (1000, 2, 2), (1000, 5, 4), (1000, 62, 62), (1000, 63, 62)];
        let small = [(1, 62, 1), (4, 62, 2), (10, 62, 4), (1000, usize::MAX, 62)];
        for (capacity, asked, holds) in sizes.into_iter().chain(small) {
            let region =
                Retirable::new(Region::map(BlockLayout::new(8, capacity).unwrap()).unwrap());
            let stack = Stack::new(&region).unwrap();
            let shared = Shared { region: &region, stack: &stack };
            let magazines = Magazines::new(&region, asked);
            let offset = thread::assign();
            let count = capacity.min(200);
            let blocks: Vec<_> =
                (0..count).map(|_| magazines.acquire(offset, shared).unwrap()).collect();
            let mut most = 0;
            for block in blocks {
                // SAFETY: acquired above, and given up here.
                unsafe { magazines.release(offset, shared, block) };
                most = most.max(magazines.magazine(offset).unwrap().len());
            }
            assert_eq!(most, holds, "{capacity} blocks, {asked} asked for");
        }
    }

    #[test]
    fn a_thread_with_a_high_number_has_a_magazine_which_others_reclaim() {
        let region = Retirable::new(Region::map(BlockLayout::new(8, 200).unwrap()).unwrap());
        let stack = Stack::new(&region).unwrap();
        let shared = Shared { region: &region, stack: &stack };
        let magazines = Magazines::new(&region, 62);
        thread::assign();
        // Two threads that this one stands for.
        let [high, low] = [thread::LIMIT - 1, 0].map(|number| number * size_of::<Magazine>());
        assert!(magazines.magazine(high).is_none());
        let blocks: Vec<_> = (0..100).map(|_| magazines.acquire(high, shared).unwrap()).collect();
        for block in blocks {
            // SAFETY: acquired above, and given up here.
            unsafe { magazines.release(high, shared, block) };
        }
        assert!(
            magazines.magazine(high).unwrap().len() > 0
                && magazines.free_blocks(shared).count() == 200
        );
        assert!((0..200).all(|_| magazines.acquire(low, shared).is_some()));
        assert_eq!(magazines.magazine(high).unwrap().len(), 0);
        assert_eq!(magazines.reclaims(), 1);
    }
}
