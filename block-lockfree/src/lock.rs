//! The lock of reclaimers: rarely taken, never by a thread inside an operation of the same pool,
//! and never twice by one thread.
//!
//! It does two things that the standard mutex cannot. It returns `None` to a signal handler that
//! interrupts the holder, instead of waiting forever. And no thread waits for a holder that has
//! ended or does not exist after a fork: the word is the holder's mark, and a lock whose holder is
//! gone counts as free ([`is_gone`]).

use crate::sync::{AtomicU32, Ordering, const_outside_models, set_busy, wait};
use crate::thread::{check_for_fork, is_gone, lock_mark};
use crate::wait_guard::WaitGuard;

/// 0 if the lock is free, otherwise the mark of the thread that holds it.
#[derive(Debug)]
pub(crate) struct Lock(AtomicU32);

/// Releases the lock when dropped.
#[derive(Debug)]
pub(crate) struct LockGuard<'a>(&'a Lock);

impl Lock {
    const_outside_models! {
        pub(crate) fn new() -> Self {
            Self(AtomicU32::new(0))
        }
    }

    /// Waits for the lock. Returns `None` if this thread already holds or waits for such a lock,
    /// because it is in a signal handler that interrupted such a call, or if [`WaitGuard`] says
    /// that it must not wait.
    pub(crate) fn lock(&self) -> Option<LockGuard<'_>> {
        self.attempt(u32::MAX)
    }

    /// Takes the lock if it is free.
    pub(crate) fn try_lock(&self) -> Option<LockGuard<'_>> {
        self.attempt(1)
    }

    fn attempt(&self, rounds: u32) -> Option<LockGuard<'_>> {
        let was_busy = set_busy(true);
        if was_busy {
            return None;
        }
        let wait_guard = WaitGuard::new();
        let mut round = 0;
        while round < rounds && !wait_guard.must_stop() {
            // In each round: a handler may fork while its thread waits here, and the holder may not
            // exist in the child.
            check_for_fork();
            let own = lock_mark();
            // Relaxed: the exchange confirms the value.
            let word = self.0.load(Ordering::Relaxed);
            // Acquire: pairs with the Release of the previous holder, or, if that is gone, with the
            // one in `is_gone`.
            let exchange =
                || self.0.compare_exchange(word, own, Ordering::Acquire, Ordering::Relaxed);
            if (word == 0 || is_gone(word)) && exchange().is_ok() {
                return Some(LockGuard(self));
            }
            wait(round);
            round = round.saturating_add(1).min(u32::MAX - 1);
        }
        set_busy(false);
        None
    }
}

impl Drop for LockGuard<'_> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire of the next holder.
        self.0.0.store(0, Ordering::Release);
        set_busy(false);
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use crate::magazine::Magazine;
    use crate::sync::AtomicUsize;
    use crate::thread;
    use crate::wait_guard::is_active_still;
    use block_core::backend::SideTable;

    #[test]
    fn a_thread_that_holds_the_lock_does_not_wait_for_itself() {
        let (lock, other) = (Lock::new(), Lock::new());
        let guard = lock.lock().unwrap();
        assert!(other.lock().is_none(), "a handler must not wait for any lock");
        assert!(lock.lock().is_none());
        drop(guard);
        assert!(lock.try_lock().is_some());
    }

    #[test]
    fn a_holder_from_before_a_fork_does_not_count() {
        let lock = Lock::new();
        // The mark of a thread without a number in a process seven forks later.
        lock.0.store(lock_mark_of_no_number() + (7 << 12), Ordering::Relaxed);
        assert!(lock.try_lock().is_some());
    }

    /// Returns the mark of a thread without a number in this process.
    fn lock_mark_of_no_number() -> u32 {
        std::thread::spawn(lock_mark).join().unwrap()
    }

    #[test]
    fn a_holder_that_has_ended_does_not_count() {
        thread::prepare();
        let lock = &Lock::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                thread::assign();
                core::mem::forget(lock.lock().unwrap());
            });
        });
        // This waits: the scope may end before the destructors of the thread's keys run.
        assert!(lock.lock().is_some());
    }

    #[test]
    fn try_lock_does_not_wait_for_the_holder() {
        let lock = Lock::new();
        let guard = lock.lock().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert!(lock.try_lock().is_none());
                assert!(Lock::new().try_lock().is_some(), "this thread holds no lock");
            });
        });
        drop(guard);
        assert!(lock.try_lock().is_some());
    }

    #[test]
    fn a_thread_that_others_wait_for_stops_waiting_for_the_lock() {
        let lock = &Lock::new();
        let _guard = lock.lock().unwrap();
        let magazines = SideTable::<Magazine>::zeroed(1).unwrap();
        magazines[0].enter(&AtomicUsize::new(0)).unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(move || {
                thread::prepare();
                thread::assign();
                sender.send(thread::number().unwrap()).unwrap();
                lock.lock().is_none()
            });
            let number = receiver.recv().unwrap();
            while !waiting.is_finished() {
                is_active_still(number, &magazines[0]);
            }
            assert!(waiting.join().unwrap());
        });
    }

    #[test]
    fn one_thread_at_a_time_has_the_lock() {
        let lock = Lock::new();
        let count = core::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        let _guard = lock.lock().unwrap();
                        // Two steps, so that a broken lock loses counts.
                        let seen = count.load(core::sync::atomic::Ordering::Relaxed);
                        count.store(seen + 1, core::sync::atomic::Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(count.into_inner(), 4000);
    }
}
