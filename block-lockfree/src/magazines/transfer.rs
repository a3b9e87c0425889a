//! The slow half of the owner's calls: first use, refill, flush, and the way past the magazine.

use core::ptr::NonNull;

use block_core::Region;

use super::{Magazines, Shared, Way};
use crate::depot::{BATCH, index};
use crate::slot::Slot;
use crate::sync::{Ordering, fence};
use crate::thread;

/// What became of an operation on the own magazine.
enum Turn<R> {
    Done(R),
    /// The magazine may not be used now, or there is none.
    Bypass,
    /// This call interrupted another one of its thread.
    Reentrant,
}

impl Magazines {
    /// The slot of the thread that calls, made known to reclaimers. A thread that has no number yet
    /// gets one here.
    fn own_slot(&self, place: usize, region: &Region) -> Option<&Slot> {
        let place = if place == thread::UNASSIGNED { thread::assign() } else { place };
        let number = place / size_of::<Slot>();
        let further = || self.further.slot_or_make(number, region);
        let slot = self.near_slot(place).or_else(further)?;
        let slots = number + 1;
        if self.used.load(Ordering::Relaxed) < slots {
            // Step 1: before the fence of the operation that follows. Relaxed is enough for that.
            self.used.fetch_max(slots, Ordering::Relaxed);
        }
        Some(slot)
    }

    /// Runs an operation on the own magazine, if it may be used now.
    #[inline(always)]
    fn with_own<R>(
        &self,
        place: usize,
        region: &Region,
        operation: impl FnOnce(&Slot) -> R,
    ) -> Turn<R> {
        let Some(slot) = self.own_slot(place, region) else { return Turn::Bypass };
        let Some(mut state) = slot.enter(&self.state) else {
            return Turn::Reentrant;
        };
        if state.is_fenced() {
            // Step 2, where the reclaimer's fence does not reach: the owner's own. Pairs with the
            // one in `stop_owners`.
            fence(Ordering::SeqCst);
            state = self.load();
        }
        let turn = if state.is_revoked() {
            Turn::Bypass
        } else {
            let limit = self.limit(self.batch());
            if slot.limit() < limit {
                slot.set_limit(limit); // first use, or batches have grown
            }
            Turn::Done(operation(slot))
        };
        slot.leave();
        turn
    }

    #[cold]
    #[inline(never)]
    pub(super) fn acquire_slowly(&self, place: usize, shared: Shared<'_>) -> Option<NonNull<u8>> {
        match self.way {
            Way::Stack => shared.pop_or_refuse(),
            Way::Magazines => match self.acquire_further(place) {
                None => self.acquire_from_magazine(place, shared),
                block => block,
            },
            Way::Hardened => self.acquire_hardened(place, shared),
        }
    }

    /// The short way of a thread whose slot is in a further table.
    #[inline(always)]
    fn acquire_further(&self, place: usize) -> Option<NonNull<u8>> {
        let slot = self.further_slot(place)?;
        if !slot.enter_plainly(&self.state) {
            return None;
        }
        // SAFETY: the owner's turn (invariant D).
        let block = unsafe { slot.pop() };
        slot.leave();
        block
    }

    /// A function of its own, so that the ways before it need no frame.
    #[inline(never)]
    fn acquire_from_magazine(&self, place: usize, shared: Shared<'_>) -> Option<NonNull<u8>> {
        self.acquire_by_magazine(place, shared)
    }

    #[inline(always)]
    pub(super) fn acquire_by_magazine(
        &self,
        place: usize,
        shared: Shared<'_>,
    ) -> Option<NonNull<u8>> {
        let turn = self.with_own(place, shared.region, |slot| {
            // SAFETY: the owner's turn (invariant D).
            unsafe {
                slot.pop().or_else(|| {
                    self.refill(slot, shared);
                    slot.pop()
                })
            }
        });
        match turn {
            Turn::Done(Some(block)) => {
                self.grow(shared);
                Some(block)
            }
            Turn::Reentrant => shared.pop_or_refuse(),
            Turn::Done(None) | Turn::Bypass => {
                let mut block = None;
                let found = self.until_exhausted(shared, || {
                    block = shared.pop();
                    block.is_some()
                });
                if !found {
                    self.refuse(place, shared);
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
    pub(super) unsafe fn release_slowly(
        &self,
        place: usize,
        shared: Shared<'_>,
        block: NonNull<u8>,
    ) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            match self.way {
                Way::Stack => shared.push(block),
                Way::Magazines => {
                    !self.release_further(place, block)
                        && self.release_to_own_magazine(place, shared, block)
                }
                Way::Hardened => self.release_hardened(place, shared, block),
            }
        }
    }

    /// The short way of a thread whose slot is in a further table. Returns whether the block is there.
    ///
    /// # Safety
    ///
    /// As for [`Magazines::release`], if this returns true.
    #[inline(always)]
    unsafe fn release_further(&self, place: usize, block: NonNull<u8>) -> bool {
        let Some(slot) = self.further_slot(place) else { return false };
        if !slot.enter_plainly(&self.state) {
            return false;
        }
        // SAFETY: the owner's turn (invariant D); the caller gives the block up.
        let done = unsafe { slot.push(block) };
        slot.leave();
        done
    }

    /// A function of its own, so that the ways before it need no frame.
    ///
    /// # Safety
    ///
    /// As for [`Magazines::release`].
    #[inline(never)]
    unsafe fn release_to_own_magazine(
        &self,
        place: usize,
        shared: Shared<'_>,
        block: NonNull<u8>,
    ) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.release_to_magazine(place, shared, block) }
    }

    /// # Safety
    ///
    /// As for [`Magazines::release`].
    #[inline(always)]
    pub(super) unsafe fn release_to_magazine(
        &self,
        place: usize,
        shared: Shared<'_>,
        block: NonNull<u8>,
    ) -> bool {
        let turn = self.with_own(place, shared.region, |slot| {
            // SAFETY: the owner's turn (invariant D); the block is given up once, by the push that
            // says so. A flush makes room: batches are of one block or more.
            unsafe {
                while !slot.push(block) {
                    self.flush(slot, shared);
                }
            }
        });
        if matches!(turn, Turn::Done(())) {
            return false;
        }
        if matches!(turn, Turn::Bypass) {
            // Before the push: after it the pool may be gone.
            self.cool_down(shared);
        }
        // SAFETY: the caller's promise; no magazine took the block.
        unsafe { shared.push(block) }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn acquire_many_slowly(
        &self,
        place: usize,
        shared: Shared<'_>,
        out: &mut [Option<NonNull<u8>>],
    ) -> bool {
        if shared.refuse_above_capacity(out) {
            return false;
        }
        match self.way {
            Way::Stack => shared.pop_many_or_refuse(out),
            Way::Magazines => self.acquire_many_by_magazine(place, shared, out),
            Way::Hardened => self.acquire_many_hardened(place, shared, out),
        }
    }

    #[inline(always)]
    pub(super) fn acquire_many_by_magazine(
        &self,
        place: usize,
        shared: Shared<'_>,
        out: &mut [Option<NonNull<u8>>],
    ) -> bool {
        let turn = self.with_own(place, shared.region, |slot| {
            if out.len() > slot.limit() {
                return false;
            }
            // SAFETY: the owner's turn (invariant D).
            while unsafe { !slot.pop_many(out) } {
                // SAFETY: the same turn.
                if unsafe { self.refill(slot, shared) } == 0 {
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
            Turn::Reentrant => shared.pop_many_or_refuse(out),
            Turn::Done(false) | Turn::Bypass => {
                let done = self.until_exhausted(shared, || shared.pop_many(out));
                if !done {
                    self.refuse(place, shared);
                }
                done
            }
        }
    }

    /// # Safety
    ///
    /// As for [`Magazines::release_many`].
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn release_many_slowly(
        &self,
        place: usize,
        shared: Shared<'_>,
        blocks: &[Option<NonNull<u8>>],
    ) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            match self.way {
                Way::Stack => shared.push_many(blocks),
                Way::Magazines => self.release_many_to_magazine(place, shared, blocks),
                Way::Hardened => self.release_many_hardened(place, shared, blocks),
            }
        }
    }

    /// # Safety
    ///
    /// As for [`Magazines::release_many`].
    #[inline(always)]
    pub(super) unsafe fn release_many_to_magazine(
        &self,
        place: usize,
        shared: Shared<'_>,
        blocks: &[Option<NonNull<u8>>],
    ) -> bool {
        let turn = self.with_own(place, shared.region, |slot| {
            if blocks.len() > slot.limit() {
                return false;
            }
            // SAFETY: the owner's turn (invariant D); the blocks are given up once, by the push
            // that says so.
            unsafe {
                while !slot.push_many(blocks) {
                    self.flush(slot, shared);
                }
            }
            true
        });
        if matches!(turn, Turn::Done(true)) {
            return false;
        }
        if matches!(turn, Turn::Bypass) {
            // Before the push: after it the pool may be gone.
            self.cool_down(shared);
        }
        // SAFETY: the caller's promise; no magazine took the blocks.
        unsafe { shared.push_many(blocks) }
    }

    /// Moves a batch into the magazine, at most to its limit; says how many came.
    ///
    /// # Safety
    ///
    /// It is the caller's turn with the slot.
    unsafe fn refill(&self, slot: &Slot, shared: Shared<'_>) -> usize {
        let len = slot.len();
        let wanted = self.batch().min(slot.limit() - len);
        if let Some(depot) = self.depot.as_ref().filter(|_| wanted == BATCH) {
            // SAFETY: the caller's turn; there is room for `wanted` more.
            if unsafe { depot.take(slot) } {
                return BATCH;
            }
        }
        let taken = shared.stack.pop_up_to(wanted, |position, block| {
            // SAFETY: the caller's turn; `len + position < limit`.
            unsafe { slot.blocks().set(len + position, shared.region.block(block)) };
        });
        slot.set_len(len + taken);
        taken
    }

    /// Moves the last batch out of the magazine.
    ///
    /// # Safety
    ///
    /// It is the caller's turn with the slot.
    unsafe fn flush(&self, slot: &Slot, shared: Shared<'_>) {
        let len = slot.len();
        let batch = self.batch().min(len);
        if let Some(depot) = self.depot.as_ref().filter(|_| batch == BATCH) {
            // SAFETY: the caller's turn; the slot has so many.
            if unsafe { depot.put(slot) } {
                return;
            }
        }
        let rest = len - batch;
        // First out of the magazine: a forked child must not find them twice.
        slot.set_len(rest);
        // SAFETY: the caller's turn; `rest..len` was written.
        let block = |position| unsafe { index(shared.region, slot.blocks(), position) };
        let pushed = shared.stack.push_many((rest..len).rev().map(block));
        debug_assert_eq!(pushed, batch, "the magazines of a retired pool stay closed");
    }
}
