//! Reclaims blocks cached by other threads when the stack is empty, counts free blocks, and retires
//! a pool.

use super::{FreeBlocks, Magazines, Shared};
use crate::depot::{Depot, index};
use crate::fence;
use crate::lock::LockGuard;
use crate::magazine::Magazine;
use crate::state::State;
use crate::sync::{Ordering, wait};
use crate::thread;
use crate::wait_guard::{WaitGuard, is_active_still};

impl Magazines {
    /// The number of attempts to count free blocks while blocks move to or from the stack.
    const ATTEMPTS: usize = if cfg!(any(block_loom, block_shuttle)) { 1 } else { 64 };

    /// Counts the free blocks. Exact while no other thread is inside a call, otherwise correct
    /// within the blocks that other threads move during the count.
    ///
    /// Reads one word of each magazine and of each cell of the depot, and the stack as
    /// [`Stack::content`](crate::stack::Stack::content) does. Takes no lock, stops no owner and
    /// waits for no thread, so a signal handler may call it.
    ///
    /// A block that moves from one magazine to another during the count may be counted twice or not
    /// at all. Blocks that move between magazines and the stack change its head word: then the
    /// count starts again, up to 64 times. The sum never exceeds the capacity.
    pub fn free_blocks(&self, shared: Shared<'_>) -> FreeBlocks {
        if !self.is_enabled() {
            return FreeBlocks { cached: 0, on_stack: shared.stack.content() };
        }
        let mut attempts = 0;
        loop {
            let before = shared.stack.mark();
            // Relaxed, in `len`: calls that ended before this one began are visible, and the
            // lengths are not used to read memory.
            let in_magazines = self.used().map(|(_, magazine)| magazine.len()).sum::<usize>();
            let in_depot = self.depot.as_ref().map_or(0, Depot::len);
            let on_stack = shared.stack.content();
            attempts += 1;
            if shared.stack.mark() == before || attempts == Self::ATTEMPTS {
                let at_most = shared.region.layout().capacity() - on_stack.count();
                return FreeBlocks { cached: (in_magazines + in_depot).min(at_most), on_stack };
            }
        }
    }

    /// Returns the number of failed allocations of threads with a magazine, except those that the
    /// stack counts.
    pub fn failed_calls(&self) -> u64 {
        self.used().map(|(_, magazine)| magazine.failed_calls() as u64).sum()
    }

    /// Returns the number of reclaims.
    pub fn reclaims(&self) -> u64 {
        self.reclaims.load(Ordering::Relaxed) as u64
    }

    /// Carries the reclaim count over from the magazines being replaced.
    pub(crate) fn inherit_counts(&self, before: &Self) {
        self.reclaims.store(before.reclaims.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Counts a failed allocation of the thread whose magazine is at `offset`: in the magazine,
    /// which no other thread writes.
    pub(super) fn count_failed(&self, offset: usize, shared: Shared<'_>) {
        let full = self.magazine(offset).map_or(1, Magazine::count_failed);
        if full > 0 {
            shared.stack.count_failed(full);
        }
    }

    /// Repeats an attempt on the stack until it succeeds, or the pool was exhausted during the
    /// attempt. Reclaims the blocks cached by other threads. Returns whether the attempt succeeded.
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
                // Step 6: the state is the same before and after the attempt, so the magazines were
                // empty at the instant when the attempt found too few blocks on the stack.
                if self.load() == before {
                    return false;
                }
            } else if !self.reclaim(before, shared) {
                return false;
            }
        }
    }

    /// Moves every cached block to the stack, unless the state has changed since the caller read
    /// it. Returns false if this thread must not wait because it is in a signal handler that
    /// interrupted a call.
    #[cold]
    fn reclaim(&self, seen: State, shared: Shared<'_>) -> bool {
        let Some(guard) = self.lock.0.lock() else { return false };
        if self.load() != seen {
            return true; // another thread has reclaimed meanwhile, or opened the magazines again
        }
        if !self.stop_owners(&guard) {
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
        self.store(&guard, self.load().quiesced());
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
            // Remove them from the magazine first, as in `flush`.
            magazine.set_len(0);
            // SAFETY: the reclaimer may use the memory (invariant D); `0..len` was written.
            let block = |position| unsafe { index(shared.region, magazine.blocks(), position) };
            let pushed = shared.stack.push_bulk((0..len).rev().map(block));
            debug_assert_eq!(pushed, len, "the magazines of a retired pool stay closed");
        }
        if let Some(depot) = &self.depot {
            // SAFETY: the owners are stopped.
            unsafe { depot.drain(shared.region, shared.stack) };
        }
    }

    /// Moves every cached block and the counters to the stack.
    pub fn drain_into_stack(self, shared: Shared<'_>) {
        // SAFETY: `self` was moved here, so no thread is inside a call, and everything that other
        // threads did happened before the move.
        unsafe { self.drain(shared) };
        shared.stack.count_failed(self.failed_calls() as usize);
    }

    /// Removes all free blocks for good and returns their number. From then on every free goes to
    /// the stack, which counts it. Returns `None` and changes nothing if this thread must not wait
    /// because it is in a signal handler that interrupted a call.
    fn take_all_free(&self, offset: usize, shared: Shared<'_>) -> Option<usize> {
        if !self.is_enabled() {
            return Some(shared.stack.retire());
        }
        let interrupted = self.magazine(offset).is_some_and(Magazine::is_active);
        let guard = if interrupted { None } else { self.lock.0.lock() }?;
        if !self.stop_owners(&guard) {
            return None;
        }
        self.store(&guard, self.load().retired());
        // Blocks in magazines and depot stay there: the state never opens again.
        let cached = self.used().map(|(_, magazine)| magazine.len()).sum::<usize>()
            + self.depot.as_ref().map_or(0, Depot::len);
        Some(cached + shared.stack.retire())
    }

    /// Retires the pool, which has no owners any more; see `BlockAlloc::retire`.
    pub fn retire(&self, offset: usize, shared: Shared<'_>) -> bool {
        let capacity = shared.region.layout().capacity();
        // The count comes last: after it, the free of the last block may free the pool.
        let free = self.take_all_free(offset, shared);
        free.is_some_and(|free| shared.stack.count_allocated(capacity - free))
    }

    /// Revokes the magazines and waits until no owner is inside an operation. (Steps 1 to 4.)
    /// Returns false, with the magazines open again, if this thread must not wait, see
    /// [`wait_guard`](crate::wait_guard).
    fn stop_owners(&self, guard: &LockGuard<'_>) -> bool {
        let revocation = self.revocations.load(Ordering::Relaxed).wrapping_add(1);
        self.revocations.store(revocation, Ordering::Relaxed);
        let state = self.load().revoked(revocation);
        self.store(guard, state);
        if !fence::heavy(!state.is_fenced()) {
            self.store(guard, state.fenced());
        }
        let wait_guard = WaitGuard::new();
        for (number, magazine) in self.used() {
            let mut round = 0;
            while is_active_still(number, magazine) {
                thread::check_for_fork();
                if wait_guard.must_stop() {
                    self.store(guard, self.load().open());
                    return false;
                }
                wait(round);
                round = round.saturating_add(1);
            }
        }
        true
    }

    /// Opens the magazines again if enough blocks were popped since the last reclaim, or
    /// immediately if the thread that revoked them does not exist in this process after a fork.
    pub(super) fn cool_down(&self, shared: Shared<'_>) {
        let is_due = || match self.load() {
            state if state.is_retired() => false,
            state if state.is_quiesced() => self.has_cooled_down(shared),
            // A reclaim is in progress, or was when this process was forked.
            state => state.is_revoked(),
        };
        if is_due() {
            let Some(guard) = self.lock.0.try_lock() else { return };
            // Check again: another thread may have opened the magazines.
            if is_due() {
                self.changed_at.store(shared.stack.mark(), Ordering::Relaxed);
                self.store(&guard, self.load().open());
            }
        }
    }

    /// Increases the batch size by one if enough blocks were popped since it last changed.
    pub(super) fn grow(&self, shared: Shared<'_>) {
        let is_due = || {
            self.batch() < self.largest_batch
                && !self.load().is_revoked()
                && self.has_cooled_down(shared)
        };
        if is_due() {
            let Some(_guard) = self.lock.0.try_lock() else { return };
            if is_due() {
                self.batch.store(self.batch() as u32 + 1, Ordering::Relaxed);
                self.changed_at.store(shared.stack.mark(), Ordering::Relaxed);
            }
        }
    }

    fn has_cooled_down(&self, shared: Shared<'_>) -> bool {
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
        magazine.enter(&magazines.state).expect("the interrupted call");
        assert_eq!(magazines.acquire(offset, shared), None);
        assert!(!magazines.acquire_bulk(offset, shared, &mut [None]));
        magazine.leave();
        assert_eq!(magazines.revocations.load(Ordering::Relaxed), 0);
        assert_eq!(magazines.acquire(offset, shared), None);
        assert_eq!(
            magazines.revocations.load(Ordering::Relaxed),
            1,
            "by a call that interrupts no other"
        );
    }

    /// As when the system stops a thread in the middle of a call.
    #[test]
    fn a_count_does_not_wait_for_an_owner_inside_a_call() {
        let region = Retirable::new(Region::map(BlockLayout::new(8, 100).unwrap()).unwrap());
        let stack = Stack::new(&region).unwrap();
        let shared = Shared { region: &region, stack: &stack };
        let magazines = &Magazines::new(&region, 62);
        let offset = thread::assign();
        let block = magazines.acquire(offset, shared).unwrap();
        let magazine = magazines.magazine(offset).unwrap();
        magazine.enter(&magazines.state).expect("the stopped call");
        let guard = magazines.lock.0.lock();
        std::thread::scope(|scope| {
            let counter = scope.spawn(|| magazines.free_blocks(shared).count());
            assert_eq!(counter.join().unwrap(), 99);
        });
        assert_eq!(
            magazines.free_blocks(shared).count(),
            99,
            "also in a signal handler of that thread"
        );
        drop(guard);
        magazine.leave();
        // SAFETY: the block was acquired above and is given up here.
        unsafe { magazines.release(offset, shared, block) };
        assert_eq!(magazines.revocations.load(Ordering::Relaxed), 0, "no owner was stopped");
    }

    /// As after `pthread_exit` in a handler: the thread's magazine is active, and it holds the
    /// lock.
    #[test]
    fn a_reclaim_does_not_wait_for_a_thread_that_ended_inside_a_call() {
        let region = Retirable::new(Region::map(BlockLayout::new(8, 100).unwrap()).unwrap());
        let stack = Stack::new(&region).unwrap();
        let shared = Shared { region: &region, stack: &stack };
        let magazines = Magazines::new(&region, 62);
        let life = || {
            let offset = thread::assign();
            let block = magazines.acquire(offset, shared).unwrap();
            // SAFETY: the block was acquired above and is given up here.
            unsafe { magazines.release(offset, shared, block) };
            let guard = magazines.lock.0.lock().unwrap();
            magazines.store(&guard, magazines.load().revoked(1));
            core::mem::forget(guard);
            magazines.magazine(offset).unwrap().enter(&magazines.state).unwrap();
        };
        std::thread::scope(|scope| scope.spawn(life).join().unwrap());
        let offset = thread::assign();
        let taken = std::iter::from_fn(|| magazines.acquire(offset, shared));
        assert_eq!(taken.count(), 100, "no block was lost");
        assert_eq!(magazines.reclaims(), 1);
    }

    #[test]
    fn failed_allocations_of_a_thread_without_a_number_are_counted() {
        let region = Retirable::new(Region::map(BlockLayout::new(8, 1).unwrap()).unwrap());
        let stack = Stack::new(&region).unwrap();
        let shared = Shared { region: &region, stack: &stack };
        let magazines = Magazines::new(&region, 62);
        let _held = magazines.acquire(thread::NONE, shared).unwrap();
        assert_eq!(magazines.acquire(thread::NONE, shared), None);
        assert_eq!((stack.failed_calls(), magazines.failed_calls()), (1, 0));
    }

    /// As in a child that was forked during a reclaim by another thread.
    #[test]
    fn magazines_open_again_if_the_revoking_thread_does_not_exist() {
        let region = Retirable::new(Region::map(BlockLayout::new(8, 100).unwrap()).unwrap());
        let stack = Stack::new(&region).unwrap();
        let shared = Shared { region: &region, stack: &stack };
        let magazines = Magazines::new(&region, 62);
        let guard = magazines.lock.0.lock().unwrap();
        magazines.store(&guard, magazines.load().revoked(1));
        magazines.cool_down(shared);
        assert!(magazines.load().is_revoked(), "a reclaim is in progress");
        drop(guard);
        magazines.cool_down(shared);
        assert!(!magazines.load().is_revoked());
    }
    /// A pool near its limit caches less, and one that is no longer near it caches as much as
    /// before.
    #[test]
    fn a_reclaim_halves_the_batch_size_which_grows_by_one_after_each_cool_down() {
        let region = Retirable::new(Region::map(BlockLayout::new(8, 200).unwrap()).unwrap());
        let stack = Stack::new(&region).unwrap();
        let shared = Shared { region: &region, stack: &stack };
        let magazines = Magazines::new(&region, 62);
        let offset = thread::assign();
        let take = || std::iter::from_fn(|| magazines.acquire(offset, shared));
        let give = |block| {
            // SAFETY: this test acquired the block and gives it up here.
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
                assert!(
                    stack.popped_since(since) < 4 * Magazines::COOL_DOWN,
                    "the batch size does not grow"
                );
            }
            assert_eq!(magazines.batch(), expected);
            assert!(
                stack.popped_since(since) >= Magazines::COOL_DOWN,
                "the batch size grows too early"
            );
            since = magazines.changed_at.load(Ordering::Relaxed);
        }
        for _ in 0..30 {
            let held: std::vec::Vec<_> = take().take(150).collect();
            held.into_iter().for_each(give);
        }
        assert_eq!(magazines.batch(), full, "no further than the largest size");
        assert_eq!(magazines.reclaims(), 1);
    }
}
