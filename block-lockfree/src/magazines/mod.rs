//! Per-thread magazines: most calls touch no cache line that another thread writes.
//!
//! Source: J. Bonwick, J. Adams, "Magazines and Vmem", USENIX 2001, for the magazines; the
//! revocation that makes exhaustion exact is this crate's, see [`exactness`](crate::exactness),
//! whose numbered steps the comments here cite.
//!
//! # Invariants
//!
//! 8 of [the crate](crate#invariants): no lock is held and no reclaim is started inside an operation
//! on a magazine. A call that interrupts another one of its thread on the same pool (a signal
//! handler's) uses the shared stack, and never reclaims: it may find a pool exhausted early.
//!
//! D. The plain memory of a magazine is used by its owner while the magazine is active and, after that,
//!    the state word was found open; or by the holder of the lock, while the state is revoked and
//!    after the magazine was seen inactive. (Steps 1 to 4.)
//! E. While the state is quiesced, every free block is on the stack. (Step 5.)
//!
//! # Memory orderings
//!
//! The state is stored with Release and loaded with Acquire, `active` likewise, with a full fence between
//! the two on both sides ([`fence`](crate::fence)). The other words are Relaxed: the lock orders those who
//! write them, and an owner that reads an outdated size moves a batch of another size, no more.

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
use crate::lock::{Held, Lock};
use crate::magazine::{LARGEST, Magazine};
use crate::state::State;
use crate::sync::{
    AtomicU32, AtomicU64, AtomicUsize, CachePadded, CountUsize, Ordering, Table,
    const_outside_models, no_table, table_for,
};
use crate::thread;

pub use crate::shared::{Free, Shared};
pub(crate) use crate::thread::magazine_offset as this_thread;
#[cfg(any(block_loom, block_shuttle))]
pub use crate::thread::magazine_offset_of;

/// Which way the calls go that cannot be done on a magazine alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    /// To the stack: there are no magazines, so that is every call.
    Stack,
    /// To magazine, depot and stack.
    Magazines,
    /// By one of these two, with what a hardened region does to each block. That, too, is every call:
    /// without magazines no thread has a magazine, and with them the state is never plainly open.
    Hardened,
}

/// The magazines of one pool, one per thread number.
#[derive(Debug)]
pub struct Magazines(Retirable<Parts>);

/// The fields of [`Magazines`].
#[derive(Debug)]
#[repr(C, align(128))]
pub struct Parts {
    // What every operation reads, and what hardly ever changes.
    /// A [`State`]. Written by the holder of the lock.
    state: AtomicUsize,
    /// The size of the first table of magazines in bytes.
    end: usize,
    /// The magazines of threads with numbers below [`FIRST`].
    near: Table<Magazine>,
    route: Route,
    largest_batch: usize,
    largest_limit: usize,
    /// Blocks that move between a magazine and the stack at a time. Written by the holder of the
    /// lock. A magazine holds up to twice as many.
    batch: AtomicU32,
    /// Magazines from here on were never used.
    used: AtomicUsize,
    /// The stack's head word when the batch was last changed: its tag counts popped blocks.
    changed_at: AtomicU64,
    /// How often the magazines were revoked. Used by the holder of the lock.
    revocations: AtomicUsize,
    /// How often blocks were called in. Written by the holder of the lock.
    reclaims: CountUsize,
    /// For pools whose batches can be of full size.
    depot: Option<Depot>,
    /// The magazines of the other threads.
    further: Tables,
    // What the exhausted meet at, on a line of its own.
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
    /// Blocks popped off the stack after which a reclaim is over, and batches may grow by one.
    const COOL_DOWN: u64 = if cfg!(any(block_loom, block_shuttle)) { 1 } else { 1024 };

    /// Empty magazines of up to `blocks` blocks. None at all if that is 0, and where the system refuses the
    /// memory for them or the means to return a thread's number.
    pub fn new(region: &Region, blocks: usize) -> Self {
        if blocks == 0 || !thread::watch() {
            return Self::none(region);
        }
        let Ok(near) = table_for(region, FIRST) else { return Self::none(region) };
        // A magazine of a small pool must not swallow most of it.
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
            // Without it batches go by the stack.
            depot: if batch == BATCH { Depot::new(region).ok() } else { None },
            ..Self::none(region).0.into_inner()
        }))
    }

    const_outside_models! {
        /// No magazines, in no memory. Nobody has a magazine, so nobody looks at the state.
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

    /// Whether there are magazines. If not, no thread has a magazine, and every call takes the slow way.
    pub fn is_enabled(&self) -> bool {
        self.end > 0
    }

    /// The magazine at a offset, see [`thread::magazine_offset`], if it is in the first table.
    #[inline]
    fn near_magazine(&self, offset: usize) -> Option<&Magazine> {
        if offset >= self.end {
            return None;
        }
        debug_assert_eq!(offset % size_of::<Magazine>(), 0);
        // SAFETY: places are multiples of a magazine's size, and `end` is the size of the table.
        Some(unsafe { NonNull::from(&*self.near).cast::<Magazine>().byte_add(offset).as_ref() })
    }

    /// Takes a block, for the thread at this place.
    #[inline(always)]
    pub fn acquire(&self, offset: usize, shared: Shared<'_>) -> Option<NonNull<u8>> {
        if let Some(magazine) = self.near_magazine(offset) {
            if magazine.try_enter_fast(&self.state) {
                // SAFETY: the owner's turn (invariant D).
                let block = unsafe { magazine.pop() };
                magazine.leave();
                if block.is_some() {
                    return block;
                }
            }
        }
        self.acquire_slow(offset, shared)
    }

    /// Frees a block for the thread at this place. Returns whether it was the last block of a retired
    /// pool. If false, the pool may be gone: the caller touches nothing of it any more.
    ///
    /// # Safety
    ///
    /// The caller holds the block, one of this pool, and gives it up.
    #[inline(always)]
    pub unsafe fn release(&self, offset: usize, shared: Shared<'_>, block: NonNull<u8>) -> bool {
        if let Some(magazine) = self.near_magazine(offset) {
            if magazine.try_enter_fast(&self.state) {
                // SAFETY: the owner's turn (invariant D); the caller gives the block up.
                let done = unsafe { magazine.push(block) };
                magazine.leave();
                if done {
                    return false;
                }
            }
        }
        // SAFETY: the caller's promise.
        unsafe { self.release_slow(offset, shared, block) }
    }

    /// Takes a block for each entry, or none and leaves the entries as they come.
    #[inline(always)]
    pub fn acquire_bulk(
        &self,
        offset: usize,
        shared: Shared<'_>,
        out: &mut [Option<NonNull<u8>>],
    ) -> bool {
        if let Some(magazine) = self.near_magazine(offset) {
            if magazine.try_enter_fast(&self.state) {
                // SAFETY: the owner's turn (invariant D).
                let done = unsafe { magazine.pop_bulk(out) };
                magazine.leave();
                if done {
                    return true;
                }
            }
        }
        self.acquire_bulk_slow(offset, shared, out)
    }

    /// Frees blocks. Returns as [`release`](Self::release) does.
    ///
    /// # Safety
    ///
    /// Every entry is `Some`; the caller holds the blocks, each once, all of this pool, and gives
    /// them up.
    #[inline(always)]
    pub unsafe fn release_bulk(
        &self,
        offset: usize,
        shared: Shared<'_>,
        blocks: &[Option<NonNull<u8>>],
    ) -> bool {
        if let Some(magazine) = self.near_magazine(offset) {
            if magazine.try_enter_fast(&self.state) {
                // SAFETY: the owner's turn (invariant D); the caller gives the blocks up.
                let done = unsafe { magazine.push_bulk(blocks) };
                magazine.leave();
                if done {
                    return false;
                }
            }
        }
        // SAFETY: the caller's promise.
        unsafe { self.release_bulk_slow(offset, shared, blocks) }
    }

    fn load(&self) -> State {
        // Acquire: pairs with the Release in `store`.
        State::from_bits(self.state.load(Ordering::Acquire))
    }

    /// Release: pairs with the Acquire of `Magazine::enter` and `load`.
    fn store(&self, _held: &Held<'_>, state: State) {
        self.state.store(state.bits(), Ordering::Release);
    }

    fn batch(&self) -> usize {
        self.batch.load(Ordering::Relaxed) as usize
    }

    /// How many blocks a magazine may come to hold.
    pub(crate) fn size(&self) -> usize {
        self.largest_limit
    }

    /// The limit of a magazine at a batch size.
    fn limit(&self, batch: usize) -> usize {
        (2 * batch).min(self.largest_limit)
    }

    /// The magazine at a offset, if it is in a further table that is there.
    #[inline]
    fn further_magazine(&self, offset: usize) -> Option<&Magazine> {
        self.further.magazine(offset / size_of::<Magazine>())
    }

    /// The magazine at a offset, if its table is there.
    fn magazine(&self, offset: usize) -> Option<&Magazine> {
        self.near_magazine(offset).or_else(|| self.further_magazine(offset))
    }

    /// The magazines below the highest number that ever came, and their numbers.
    fn used(&self) -> impl Iterator<Item = (usize, &Magazine)> {
        // Relaxed: the fences of step 2 order it; what is in a magazine is ordered by `active`.
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
            magazines.magazine(high).unwrap().len() > 0 && magazines.free(shared).count() == 200
        );
        assert!((0..200).all(|_| magazines.acquire(low, shared).is_some()));
        assert_eq!(magazines.magazine(high).unwrap().len(), 0);
        assert_eq!(magazines.reclaims(), 1);
    }
}
