//! `BlockAlloc` for `Waiting`: every release serves the oldest waiter first.

use core::ptr::NonNull;

use super::Waiting;
use super::queue::Stock;
use crate::sync::Ordering;
use crate::{BlockAlloc, Region, Stats};

// SAFETY: the backend keeps the contract, and only this pool uses it, so nothing else hands out its
//         blocks. A block that goes from one user to the next past the backend stays allocated
//         (invariants 1, 2 and 3): to the call, to the queue's entry (invariant b there), to the
//         waiter. It keeps its pointer, which the backend takes back and hands out (4), goes
//         through `on_release` on the way (6), and the queue's lock orders its users. Nothing
//         unwinds: panics of wakers are caught.
unsafe impl<A: BlockAlloc + ?Sized> BlockAlloc for Waiting<A> {
    #[inline]
    fn region(&self) -> &Region {
        self.backend.region()
    }

    #[inline]
    fn acquire(&self) -> Option<NonNull<u8>> {
        let block = self.backend.acquire();
        if block.is_none() {
            self.count_exhaustion();
        }
        block
    }

    #[inline]
    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract.
        self.give_back(unsafe { Held::new(block) });
    }

    /// Returns the number of the backend's free blocks. A block that was given to a waiter is not
    /// free.
    #[inline]
    fn available(&self) -> usize {
        self.backend.available()
    }

    /// Returns the backend's statistics and those of waiting.
    ///
    /// `exhaustions` counts the calls on this pool, not those on the backend before it was wrapped.
    /// The backend also counts each look that is made for a waiter.
    fn stats(&self) -> Stats {
        let mut stats = self.backend.stats();
        let counts = self.queue.counts();
        // Relaxed: a counter that orders no other memory.
        stats.exhaustions = self.exhaustions.load(Ordering::Relaxed) as u64 + counts.waits;
        stats.waits = counts.waits;
        stats.time_waited = counts.waited;
        stats.longest_wait = counts.longest;
        stats
    }

    #[inline]
    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        // Waiters come first. Otherwise bulk calls that fail could pass a block to each other, each
        // before its waiter finds it. No block for a waiter means none for this call.
        let is_hopeless =
            self.queue.has_waiters() && !blocks.is_empty() && !self.queue.settle(&self.stock());
        if is_hopeless {
            blocks.fill(None);
            self.count_exhaustion();
            return false;
        }
        let done = self.backend.acquire_bulk(blocks);
        if !done {
            self.count_exhaustion();
            // It may have had some blocks for a moment, during which a waiter found none.
            self.queue.settle(&self.stock());
        }
        done
    }

    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        // One block for each waiter, and the others back in one transfer.
        let mut given = 0;
        while let Some(&mut Some(block)) = blocks.get_mut(given) {
            // SAFETY: by this function's contract, which for each block is that of `release`.
            let held = unsafe { Held::new(block) };
            if self.queue.hand_over(&self.stock(), held).is_err() {
                break;
            }
            blocks[given] = None;
            given += 1;
        }
        let rest = &mut blocks[given..];
        if !rest.is_empty() {
            // SAFETY: by this function's contract; these blocks were given to no waiter.
            unsafe { self.backend.release_bulk(rest) };
            self.queue.settle(&self.stock());
        }
    }
}

/// A block that belongs to a call of this pool or to an entry of its queue, without a mark: the
/// pointer that the backend returned, a copy of it, or the region's own. Not `Copy`: it is in one
/// place (invariant 1).
#[derive(Debug)]
pub(super) struct Held(NonNull<u8>);

// SAFETY: the owner of this value owns the block, which is plain memory (invariant 1).
unsafe impl Send for Held {}

impl Held {
    /// # Safety
    ///
    /// `block` is one of the pool's, held by the caller without a mark, by a pointer that `release`
    /// takes. The caller gives it up unless it gets this back.
    #[inline]
    unsafe fn new(block: NonNull<u8>) -> Self {
        Self(block)
    }

    /// Returns all bytes of the block.
    #[inline]
    pub(super) fn bytes(self, region: &Region) -> NonNull<[u8]> {
        NonNull::slice_from_raw_parts(self.0, region.layout().block_size())
    }
}

/// The backend as the source of blocks for the queue.
pub(super) struct Free<'a, A: ?Sized>(pub(super) &'a A);

impl<A: BlockAlloc + ?Sized> Stock<Held> for Free<'_, A> {
    #[inline]
    fn take(&self) -> Option<Held> {
        let block = self.0.acquire()?;
        // SAFETY: the block was just acquired.
        Some(unsafe { Held::new(block) })
    }

    #[inline]
    fn put(&self, held: Held) {
        // SAFETY: only `held` stood for this block, without a mark, and it was consumed.
        unsafe { self.0.release(held.0) };
    }

    fn clean(&self, held: &Held) {
        let region = self.0.region();
        // The block needs no `on_acquire`: it is as zero as `on_release` left it, and its guard is
        // whole.
        // SAFETY: a block of the region, which only `held` stands for (invariant 1).
        unsafe { region.on_release(held.0) };
        // SAFETY: the same. The free list, which would hand it out, does not see it.
        unsafe { region.unpoison_block(held.0) };
    }
}
