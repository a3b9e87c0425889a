//! Reclaims blocks cached by other threads when the stack is empty, and counts those that are free.

use super::{Free, Magazines, Shared};
use crate::depot::{Depot, index};
use crate::fence;
use crate::lock::Held;
use crate::magazine::Magazine;
use crate::state::State;
use crate::sync::{Ordering, wait};
use crate::thread;
use crate::wait_guard::{WaitGuard, is_active_still};

impl Magazines {
    /// How often a look starts again while blocks come to the stack or leave it.
    const LOOKS: usize = if cfg!(any(block_loom, block_shuttle)) { 1 } else { 64 };

    /// Returns how many blocks are free, and where they are: exact when no other thread is inside a
    /// call, otherwise right within the blocks that other threads move during the look.
    ///
    /// Reads a word of each magazine and of each cell of the depot, and the stack as
    /// [`Stack::content`](crate::stack::Stack::content) does. Takes no lock, stops no owner, and waits
    /// for no thread, so it may be called from a signal handler, too.
    ///
    /// A block that moves from one magazine to another during the look may be counted twice or not at
    /// all. Blocks that move between magazines and the stack move its head: then the look starts again,
    /// up to 64 times. A block that is counted twice never makes the sum exceed the capacity.
    pub fn free(&self, shared: Shared<'_>) -> Free {
        if !self.is_enabled() {
            return Free { in_magazines: 0, on_stack: shared.stack.content() };
        }
        let mut looks = 0;
        loop {
            let before = shared.stack.mark();
            // Relaxed, in `len`: a call that ended before this one began is seen, and no memory is
            // read by what it says.
            let in_magazines = self.used().map(|(_, magazine)| magazine.len()).sum::<usize>();
            let in_depot = self.depot.as_ref().map_or(0, Depot::len);
            let on_stack = shared.stack.content();
            looks += 1;
            if shared.stack.mark() == before || looks == Self::LOOKS {
                let at_most = shared.region.layout().capacity() - on_stack.count();
                return Free { in_magazines: (in_magazines + in_depot).min(at_most), on_stack };
            }
        }
    }

    /// How many calls were refused that have a magazine, but for those that the stack counts.
    pub fn failed_calls(&self) -> u64 {
        self.used().map(|(_, magazine)| magazine.failed_calls() as u64).sum()
    }

    /// How often blocks were called in.
    pub fn reclaims(&self) -> u64 {
        self.reclaims.load(Ordering::Relaxed) as u64
    }

    /// Goes on from the reclaims of the magazines before, which nobody else has any more.
    pub(crate) fn inherit_counts(&self, before: &Self) {
        self.reclaims.store(before.reclaims.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Counts a call of the thread at this place that was refused: in its magazine, where nobody else writes.
    pub(super) fn count_failed(&self, offset: usize, shared: Shared<'_>) {
        let full = self.magazine(offset).map_or(1, Magazine::count_failed);
        if full > 0 {
            shared.stack.count_failed(full);
        }
    }

    /// Repeats an attempt on the stack until it succeeds or the pool was exhausted during it.
    /// Reclaims what other threads' magazines hold.
    #[inline(always)]
    pub(super) fn until_exhausted(
        &self,
        shared: Shared<'_>,
        mut attempt: impl FnMut() -> bool,
    ) -> bool {
        loop {
            let before = self.load();
            if attempt() {
                if before.is_revoked() {
                    self.cool_down(shared)
                } else {
                    self.grow(shared)
                }
                return true;
            }
            if before.is_quiesced() {
                // Step 6: the same state before and after the attempt, so at the instant when it
                // found the stack empty (or too short), the magazines were.
                if self.load() == before {
                    return false;
                }
            } else if !self.reclaim(before, shared) {
                return false;
            }
        }
    }

    /// Moves every cached block to the stack, unless the state has changed since it was looked at.
    /// False if this thread must not wait: it is in a signal handler that interrupted a call.
    #[cold]
    fn reclaim(&self, seen: State, shared: Shared<'_>) -> bool {
        let Some(held) = self.lock.0.lock() else { return false };
        if self.load() != seen {
            return true; // somebody else did it meanwhile, or is over it already
        }
        if !self.stop_owners(&held) {
            return false;
        }
        let batch = (self.batch() / 2).max(1);
        self.batch.store(batch as u32, Ordering::Relaxed);
        for (_, magazine) in self.used() {
            magazine.set_limit(self.limit(batch).min(magazine.limit()));
        }
        // SAFETY: the owners are stopped.
        unsafe { self.drain(shared) };
        self.changed_at.store(shared.stack.mark(), Ordering::Relaxed);
        self.reclaims.store(self.reclaims.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.store(&held, self.load().quiesced());
        true
    }

    /// Moves every cached block to the stack.
    ///
    /// # Safety
    ///
    /// The owners are stopped, or there are none.
    unsafe fn drain(&self, shared: Shared<'_>) {
        for (_, magazine) in self.used() {
            let len = magazine.len();
            // First out of the magazine, as in `flush`.
            magazine.set_len(0);
            // SAFETY: the reclaimer's turn (invariant D); `0..len` was written.
            let block = |position| unsafe { index(shared.region, magazine.blocks(), position) };
            let pushed = shared.stack.push_bulk((0..len).rev().map(block));
            debug_assert_eq!(pushed, len, "the magazines of a retired pool stay closed");
        }
        if let Some(depot) = &self.depot {
            // SAFETY: the owners are stopped.
            unsafe { depot.drain(shared.region, shared.stack) };
        }
    }

    /// The end of the magazines: every block in them goes to the stack, and so does what they counted.
    pub fn dissolve(self, shared: Shared<'_>) {
        // SAFETY: `self` was moved here, so nobody else is inside a call; whatever other threads
        // did happened before the move.
        unsafe { self.drain(shared) };
        shared.stack.count_failed(self.failed_calls() as usize);
    }

    /// Takes all free blocks for good and returns their number. From then on every free goes to the
    /// stack, which counts it. Returns `None` and changes nothing if this thread must not wait,
    /// because it is in a signal handler that interrupted a call.
    fn take_all_free(&self, offset: usize, shared: Shared<'_>) -> Option<usize> {
        if !self.is_enabled() {
            return Some(shared.stack.retire());
        }
        let interrupted = self.magazine(offset).is_some_and(Magazine::is_active);
        let held = if interrupted { None } else { self.lock.0.lock() }?;
        if !self.stop_owners(&held) {
            return None;
        }
        self.store(&held, self.load().retired());
        // What is in magazines and depot stays there: the state never opens again.
        let cached = self.used().map(|(_, magazine)| magazine.len()).sum::<usize>()
            + self.depot.as_ref().map_or(0, Depot::len);
        Some(cached + shared.stack.retire())
    }

    /// Ends the life of a pool without owners; see `BlockAlloc::retire`.
    pub fn retire(&self, offset: usize, shared: Shared<'_>) -> bool {
        let capacity = shared.region.layout().capacity();
        // The count comes last: once it is made, the free of the last block may free the pool.
        let free = self.take_all_free(offset, shared);
        free.is_some_and(|free| shared.stack.count_allocated(capacity - free))
    }

    /// Makes every owner stay out of its magazine, and waits until they are. (Steps 1 to 4.) False,
    /// and they may go on, if this thread must not wait, see [`patience`](crate::wait_guard).
    fn stop_owners(&self, held: &Held<'_>) -> bool {
        let revocation = self.revocations.load(Ordering::Relaxed).wrapping_add(1);
        self.revocations.store(revocation, Ordering::Relaxed);
        let state = self.load().revoked(revocation);
        self.store(held, state);
        if !fence::heavy(!state.is_fenced()) {
            self.store(held, state.fenced());
        }
        let patience = WaitGuard::new();
        for (number, magazine) in self.used() {
            let mut round = 0;
            while is_active_still(number, magazine) {
                thread::notice_fork();
                if patience.must_stop() {
                    self.store(held, self.load().open());
                    return false;
                }
                wait(round);
                round = round.saturating_add(1);
            }
        }
        true
    }

    /// Lets the owners use their magazines again, some time after a reclaim; or at once, if who
    /// revoked them stayed in the parent of this process.
    pub(super) fn cool_down(&self, shared: Shared<'_>) {
        let is_due = || match self.load() {
            state if state.is_retired() => false,
            state if state.is_quiesced() => self.is_over(shared),
            // Its holder is at work, or this process is a child forked in the middle.
            state => state.is_revoked(),
        };
        if is_due() {
            let Some(held) = self.lock.0.try_lock() else { return };
            // Again: another thread may have been here before.
            if is_due() {
                self.changed_at.store(shared.stack.mark(), Ordering::Relaxed);
                self.store(&held, self.load().open());
            }
        }
    }

    /// Lets batches grow, some time after they were halved.
    pub(super) fn grow(&self, shared: Shared<'_>) {
        let is_due = || {
            self.batch() < self.largest_batch && !self.load().is_revoked() && self.is_over(shared)
        };
        if is_due() {
            let Some(_held) = self.lock.0.try_lock() else { return };
            if is_due() {
                self.batch.store(self.batch() as u32 + 1, Ordering::Relaxed);
                self.changed_at.store(shared.stack.mark(), Ordering::Relaxed);
            }
        }
    }

    fn is_over(&self, shared: Shared<'_>) -> bool {
        shared.stack.popped_since(self.changed_at.load(Ordering::Relaxed)) >= Self::COOL_DOWN
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use crate::stack::Stack;
    use block_core::backend::Retirable;
    use block_core::{BlockLayout, Region};

    /// Invariant 8, as in a signal handler.
    #[test]
    fn a_call_that_interrupts_another_one_starts_no_reclaim() {
        let region = Retirable::new(Region::map(BlockLayout::new(8, 100).unwrap()).unwrap());
        let stack = Stack::new(&region).unwrap();
        let shared = Shared { region: &region, stack: &stack };
        let magazines = Magazines::new(&region, 62);
        let offset = thread::assign();
        while stack.pop().is_some() {}
        let magazine = magazines.magazine(offset).unwrap();
        magazine.enter(&magazines.state).expect("the call that is interrupted");
        assert_eq!(magazines.acquire(offset, shared), None);
        assert!(!magazines.acquire_bulk(offset, shared, &mut [None]));
        magazine.leave();
        assert_eq!(magazines.revocations.load(Ordering::Relaxed), 0);
        assert_eq!(magazines.acquire(offset, shared), None);
        assert_eq!(magazines.revocations.load(Ordering::Relaxed), 1, "by a call of its own");
    }

    /// As when the system stops a thread in the middle of a call, or its thread is interrupted there and
    /// does not come back.
    #[test]
    fn a_look_waits_for_no_owner_that_is_stopped_inside_a_call() {
        let region = Retirable::new(Region::map(BlockLayout::new(8, 100).unwrap()).unwrap());
        let stack = Stack::new(&region).unwrap();
        let shared = Shared { region: &region, stack: &stack };
        let magazines = &Magazines::new(&region, 62);
        let offset = thread::assign();
        let block = magazines.acquire(offset, shared).unwrap();
        let magazine = magazines.magazine(offset).unwrap();
        magazine.enter(&magazines.state).expect("the call that is stopped");
        let held_lock = magazines.lock.0.lock();
        std::thread::scope(|scope| {
            let looker = scope.spawn(|| magazines.free(shared).count());
            assert_eq!(looker.join().unwrap(), 99);
        });
        assert_eq!(magazines.free(shared).count(), 99, "in a handler of the thread itself, too");
        drop(held_lock);
        magazine.leave();
        // SAFETY: acquired above, and given up here.
        unsafe { magazines.release(offset, shared, block) };
        assert_eq!(magazines.revocations.load(Ordering::Relaxed), 0, "no owner was stopped");
    }

    /// As after `pthread_exit` in a handler: its magazine is in use, and it holds the lock.
    #[test]
    fn a_reclaim_does_not_wait_for_a_thread_that_ended_inside_a_call() {
        let region = Retirable::new(Region::map(BlockLayout::new(8, 100).unwrap()).unwrap());
        let stack = Stack::new(&region).unwrap();
        let shared = Shared { region: &region, stack: &stack };
        let magazines = Magazines::new(&region, 62);
        let life = || {
            let offset = thread::assign();
            let block = magazines.acquire(offset, shared).unwrap();
            // SAFETY: acquired above, and given up here.
            unsafe { magazines.release(offset, shared, block) };
            let held = magazines.lock.0.lock().unwrap();
            magazines.store(&held, magazines.load().revoked(1));
            core::mem::forget(held);
            magazines.magazine(offset).unwrap().enter(&magazines.state).unwrap();
        };
        std::thread::scope(|scope| scope.spawn(life).join().unwrap());
        let offset = thread::assign();
        let taken = std::iter::from_fn(|| magazines.acquire(offset, shared));
        assert_eq!(taken.count(), 100, "none of its blocks was under way");
        assert_eq!(magazines.reclaims(), 1);
    }

    #[test]
    fn a_thread_without_a_number_counts_its_refusals_too() {
        let region = Retirable::new(Region::map(BlockLayout::new(8, 1).unwrap()).unwrap());
        let stack = Stack::new(&region).unwrap();
        let shared = Shared { region: &region, stack: &stack };
        let magazines = Magazines::new(&region, 62);
        let _held = magazines.acquire(thread::NONE, shared).unwrap();
        assert_eq!(magazines.acquire(thread::NONE, shared), None);
        assert_eq!((stack.failed_calls(), magazines.failed_calls()), (1, 0));
    }

    /// As in a child forked while a thread of the parent was at it.
    #[test]
    fn magazines_whose_revoker_is_gone_open_again() {
        let region = Retirable::new(Region::map(BlockLayout::new(8, 100).unwrap()).unwrap());
        let stack = Stack::new(&region).unwrap();
        let shared = Shared { region: &region, stack: &stack };
        let magazines = Magazines::new(&region, 62);
        let held = magazines.lock.0.lock().unwrap();
        magazines.store(&held, magazines.load().revoked(1));
        magazines.cool_down(shared);
        assert!(magazines.load().is_revoked(), "somebody is at it");
        drop(held);
        magazines.cool_down(shared);
        assert!(!magazines.load().is_revoked());
    }
    /// A pool near its limit does not hoard, and one that is far from it again comes back to full speed.
    #[test]
    fn a_reclaim_halves_the_batches_which_grow_by_one_after_each_cool_down() {
        let region = Retirable::new(Region::map(BlockLayout::new(8, 200).unwrap()).unwrap());
        let stack = Stack::new(&region).unwrap();
        let shared = Shared { region: &region, stack: &stack };
        let magazines = Magazines::new(&region, 62);
        let offset = thread::assign();
        let take = || std::iter::from_fn(|| magazines.acquire(offset, shared));
        let give = |block| {
            // SAFETY: acquired by this test, and given up here.
            unsafe { magazines.release(offset, shared, block) };
        };
        let full = magazines.batch();
        let all: std::vec::Vec<_> = take().collect();
        assert_eq!((all.len(), magazines.batch(), magazines.reclaims()), (200, full / 2, 1));
        let mut since = stack.mark();
        all.into_iter().for_each(give);

        while magazines.load().is_revoked() {
            take().take(1).for_each(give);
            let popped = stack.popped_since(since);
            assert!(popped <= Magazines::COOL_DOWN, "still closed after {popped} blocks");
        }
        assert_eq!(stack.popped_since(since), Magazines::COOL_DOWN);
        for expected in full / 2 + 1..=full {
            let before = magazines.batch();
            while magazines.batch() == before {
                let held: std::vec::Vec<_> = take().take(150).collect();
                held.into_iter().for_each(give);
                assert!(stack.popped_since(since) < 4 * Magazines::COOL_DOWN, "it does not grow");
            }
            assert_eq!(magazines.batch(), expected);
            assert!(stack.popped_since(since) >= Magazines::COOL_DOWN, "it grows too soon");
            since = magazines.changed_at.load(Ordering::Relaxed);
        }
        for _ in 0..30 {
            let held: std::vec::Vec<_> = take().take(150).collect();
            held.into_iter().for_each(give);
        }
        assert_eq!(magazines.batch(), full, "and no further");
        assert_eq!(magazines.reclaims(), 1);
    }
}
