//! The slow path of allocations and frees: first use, refill, flush, and calls that bypass the
//! magazine.
//!
//! The functions for one block and for several look alike on purpose. Merged into one, in the
//! caller's crate or here, they cost 2 to 4 ns more on an exhausted call and up to 8 % on a burst,
//! or save no line.

use core::ptr::NonNull;

use block_core::Region;

use super::{Magazines, Route, Shared};
use crate::depot::{BATCH, index};
use crate::magazine::Magazine;
use crate::sync::{Ordering, fence};
use crate::thread;

/// The result of an operation on the calling thread's magazine.
enum Turn<R> {
    Done(R),
    /// The thread has no magazine, or may not use it now.
    Bypass,
    /// This call interrupted another call of its thread.
    Reentrant,
}

impl Magazines {
    /// Returns the magazine of the calling thread, and lets reclaimers know of it. Assigns a number
    /// to a thread that has none yet.
    fn own_magazine(&self, offset: usize, region: &Region) -> Option<&Magazine> {
        let offset = if offset == thread::UNASSIGNED { thread::assign() } else { offset };
        let number = offset / size_of::<Magazine>();
        let further = || self.further.magazine_or_create(number, region);
        let magazine = self.near_magazine(offset).or_else(further)?;
        let magazines = number + 1;
        if self.used.load(Ordering::Relaxed) < magazines {
            // Step 1: before the fence of the operation that follows, so Relaxed is enough.
            self.used.fetch_max(magazines, Ordering::Relaxed);
        }
        Some(magazine)
    }

    /// Runs an operation on the calling thread's magazine, if the thread may use it now.
    #[inline(always)]
    fn with_own<R>(
        &self,
        offset: usize,
        region: &Region,
        operation: impl FnOnce(&Magazine) -> R,
    ) -> Turn<R> {
        let Some(magazine) = self.own_magazine(offset, region) else { return Turn::Bypass };
        let Some(mut state) = magazine.enter(&self.state) else {
            return Turn::Reentrant;
        };
        if state.is_fenced() {
            // Step 2, where a reclaimer cannot make owners pass a fence. Pairs with the fence in
            // `stop_owners`.
            fence(Ordering::SeqCst);
            state = self.load();
        }
        let turn = if state.is_revoked() {
            Turn::Bypass
        } else {
            let limit = self.limit(self.batch());
            if magazine.limit() < limit {
                magazine.set_limit(limit); // first use, or the batch size has grown
            }
            Turn::Done(operation(magazine))
        };
        magazine.leave();
        turn
    }

    #[cold]
    #[inline(never)]
    pub(super) fn acquire_slow(&self, offset: usize, shared: Shared<'_>) -> Option<NonNull<u8>> {
        match self.route {
            Route::Stack => shared.pop_or_count_failure(),
            Route::Magazines => match self.acquire_further(offset) {
                None => self.acquire_from_magazine(offset, shared),
                block => block,
            },
            Route::Hardened => self.acquire_hardened(offset, shared),
        }
    }

    /// Acquires a block from a magazine in a further table: the fast path of such a thread.
    #[inline(always)]
    fn acquire_further(&self, offset: usize) -> Option<NonNull<u8>> {
        let magazine = self.further_magazine(offset)?;
        if !magazine.try_enter_fast(&self.state) {
            return None;
        }
        // SAFETY: the owner may use the memory (invariant D).
        let block = unsafe { magazine.pop() };
        magazine.leave();
        block
    }

    /// Not inlined, so that the paths before it need no stack frame.
    #[inline(never)]
    fn acquire_from_magazine(&self, offset: usize, shared: Shared<'_>) -> Option<NonNull<u8>> {
        self.acquire_by_magazine(offset, shared)
    }

    #[inline(always)]
    pub(super) fn acquire_by_magazine(
        &self,
        offset: usize,
        shared: Shared<'_>,
    ) -> Option<NonNull<u8>> {
        let turn = self.with_own(offset, shared.region, |magazine| {
            // SAFETY: the owner may use the memory (invariant D).
            unsafe {
                magazine.pop().or_else(|| {
                    self.refill(magazine, shared);
                    magazine.pop()
                })
            }
        });
        match turn {
            Turn::Done(Some(block)) => {
                self.grow(shared);
                Some(block)
            }
            Turn::Reentrant => shared.pop_or_count_failure(),
            Turn::Done(None) | Turn::Bypass => {
                let mut block = None;
                let found = self.until_exhausted(shared, || {
                    block = shared.pop();
                    block.is_some()
                });
                if !found {
                    self.count_failed(offset, shared);
                }
                block
            }
        }
    }

    /// # Safety
    ///
    /// As for [`Magazines::release`].
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn release_slow(
        &self,
        offset: usize,
        shared: Shared<'_>,
        block: NonNull<u8>,
    ) -> bool {
        // SAFETY: by this function's contract.
        unsafe {
            match self.route {
                Route::Stack => shared.push(block),
                Route::Magazines => {
                    !self.release_further(offset, block)
                        && self.release_to_own_magazine(offset, shared, block)
                }
                Route::Hardened => self.release_hardened(offset, shared, block),
            }
        }
    }

    /// Frees a block into a magazine in a further table: the fast path of such a thread. Returns
    /// whether the magazine took the block.
    ///
    /// # Safety
    ///
    /// As for [`Magazines::release`], if this returns true.
    #[inline(always)]
    unsafe fn release_further(&self, offset: usize, block: NonNull<u8>) -> bool {
        let Some(magazine) = self.further_magazine(offset) else { return false };
        if !magazine.try_enter_fast(&self.state) {
            return false;
        }
        // SAFETY: the owner may use the memory (invariant D); the caller gives the block up.
        let done = unsafe { magazine.push(block) };
        magazine.leave();
        done
    }

    /// Not inlined, so that the paths before it need no stack frame.
    ///
    /// # Safety
    ///
    /// As for [`Magazines::release`].
    #[inline(never)]
    unsafe fn release_to_own_magazine(
        &self,
        offset: usize,
        shared: Shared<'_>,
        block: NonNull<u8>,
    ) -> bool {
        // SAFETY: by this function's contract.
        unsafe { self.release_to_magazine(offset, shared, block) }
    }

    /// # Safety
    ///
    /// As for [`Magazines::release`].
    #[inline(always)]
    pub(super) unsafe fn release_to_magazine(
        &self,
        offset: usize,
        shared: Shared<'_>,
        block: NonNull<u8>,
    ) -> bool {
        let turn = self.with_own(offset, shared.region, |magazine| {
            // SAFETY: the owner may use the memory (invariant D); only a successful push takes the
            // block. A flush makes room, since a batch has at least one block.
            unsafe {
                while !magazine.push(block) {
                    self.flush(magazine, shared);
                }
            }
        });
        if matches!(turn, Turn::Done(())) {
            return false;
        }
        if matches!(turn, Turn::Bypass) {
            // Before the push, since afterwards the pool may have been freed.
            self.cool_down(shared);
        }
        // SAFETY: by this function's contract; no magazine took the block.
        unsafe { shared.push(block) }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn acquire_bulk_slow(
        &self,
        offset: usize,
        shared: Shared<'_>,
        out: &mut [Option<NonNull<u8>>],
    ) -> bool {
        if shared.exceeds_capacity(out) {
            return false;
        }
        match self.route {
            Route::Stack => shared.pop_bulk_or_count_failure(out),
            Route::Magazines => self.acquire_bulk_by_magazine(offset, shared, out),
            Route::Hardened => self.acquire_bulk_hardened(offset, shared, out),
        }
    }

    #[inline(always)]
    pub(super) fn acquire_bulk_by_magazine(
        &self,
        offset: usize,
        shared: Shared<'_>,
        out: &mut [Option<NonNull<u8>>],
    ) -> bool {
        let turn = self.with_own(offset, shared.region, |magazine| {
            if out.len() > magazine.limit() {
                return false;
            }
            // SAFETY: the owner may use the memory (invariant D).
            while unsafe { !magazine.pop_bulk(out) } {
                // SAFETY: the owner may still use the memory.
                if unsafe { self.refill(magazine, shared) } == 0 {
                    return false;
                }
            }
            true
        });
        match turn {
            Turn::Done(true) => {
                self.grow(shared);
                true
            }
            Turn::Reentrant => shared.pop_bulk_or_count_failure(out),
            Turn::Done(false) | Turn::Bypass => {
                let done = self.until_exhausted(shared, || shared.pop_bulk(out));
                if !done {
                    self.count_failed(offset, shared);
                }
                done
            }
        }
    }

    /// # Safety
    ///
    /// As for [`Magazines::release_bulk`].
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn release_bulk_slow(
        &self,
        offset: usize,
        shared: Shared<'_>,
        blocks: &[Option<NonNull<u8>>],
    ) -> bool {
        // SAFETY: by this function's contract.
        unsafe {
            match self.route {
                Route::Stack => shared.push_bulk(blocks),
                Route::Magazines => self.release_bulk_to_magazine(offset, shared, blocks),
                Route::Hardened => self.release_bulk_hardened(offset, shared, blocks),
            }
        }
    }

    /// # Safety
    ///
    /// As for [`Magazines::release_bulk`].
    #[inline(always)]
    pub(super) unsafe fn release_bulk_to_magazine(
        &self,
        offset: usize,
        shared: Shared<'_>,
        blocks: &[Option<NonNull<u8>>],
    ) -> bool {
        let turn = self.with_own(offset, shared.region, |magazine| {
            if blocks.len() > magazine.limit() {
                return false;
            }
            // SAFETY: the owner may use the memory (invariant D); only a successful push takes the
            // blocks.
            unsafe {
                while !magazine.push_bulk(blocks) {
                    self.flush(magazine, shared);
                }
            }
            true
        });
        if matches!(turn, Turn::Done(true)) {
            return false;
        }
        if matches!(turn, Turn::Bypass) {
            // Before the push, since afterwards the pool may have been freed.
            self.cool_down(shared);
        }
        // SAFETY: by this function's contract; no magazine took the blocks.
        unsafe { shared.push_bulk(blocks) }
    }

    /// Moves a batch into the magazine, at most up to its limit. Returns the number of blocks
    /// moved.
    ///
    /// # Safety
    ///
    /// The caller may use the memory of the magazine (invariant D).
    unsafe fn refill(&self, magazine: &Magazine, shared: Shared<'_>) -> usize {
        let len = magazine.len();
        let wanted = self.batch().min(magazine.limit() - len);
        if let Some(depot) = self.depot.as_ref().filter(|_| wanted == BATCH) {
            // SAFETY: the caller may use the memory; there is room for `wanted` more.
            if unsafe { depot.take(magazine) } {
                return BATCH;
            }
        }
        let taken = shared.stack.pop_up_to(wanted, |position, block| {
            // SAFETY: the caller may use the memory; `len + position < limit`.
            unsafe { magazine.blocks().set(len + position, shared.region.block(block)) };
        });
        magazine.set_len(len + taken);
        taken
    }

    /// Moves a batch out of the magazine.
    ///
    /// # Safety
    ///
    /// The caller may use the memory of the magazine (invariant D).
    unsafe fn flush(&self, magazine: &Magazine, shared: Shared<'_>) {
        let len = magazine.len();
        let batch = self.batch().min(len);
        if let Some(depot) = self.depot.as_ref().filter(|_| batch == BATCH) {
            // SAFETY: the caller may use the memory; the magazine has a batch.
            if unsafe { depot.put(magazine) } {
                return;
            }
        }
        let rest = len - batch;
        // Remove them from the magazine first: a forked child must not find them twice.
        magazine.set_len(rest);
        // SAFETY: the caller may use the memory; `rest..len` was written.
        let block = |position| unsafe { index(shared.region, magazine.blocks(), position) };
        let pushed = shared.stack.push_bulk((rest..len).rev().map(block));
        debug_assert_eq!(pushed, batch, "the magazines of a retired pool stay closed");
    }
}
