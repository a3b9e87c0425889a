//! The reclaimers' lock: taken rarely, never by a thread that is inside an operation of the same
//! pool, never twice by a thread.
//!
//! Two things that the standard mutex cannot do. A signal handler that interrupts the holder must
//! be told so instead of waiting for itself. And no thread must wait for a holder that ended, or that
//! a fork left behind in the parent: the word is the holder's mark, and a lock whose holder is gone
//! counts as free ([`is_gone`]).

use crate::sync::{AtomicU32, Ordering, const_outside_models, set_busy, wait};
use crate::thread::{is_gone, lock_mark, notice_fork};
use crate::wait_guard::WaitGuard;

/// 0 if free, otherwise the mark of the thread that holds it.
#[derive(Debug)]
pub(crate) struct Lock(AtomicU32);

/// Frees the lock when dropped.
#[derive(Debug)]
pub(crate) struct Held<'a>(&'a Lock);

impl Lock {
    const_outside_models! {
        pub(crate) fn new() -> Self {
            Self(AtomicU32::new(0))
        }
    }

    /// Waits for the lock. `None` if this thread holds, or waits for, such a lock already, because a
    /// signal handler interrupted it and called again; and if [`WaitGuard`] ends.
    pub(crate) fn lock(&self) -> Option<Held<'_>> {
        self.attempt(u32::MAX)
    }

    /// The lock, if it is free.
    pub(crate) fn try_lock(&self) -> Option<Held<'_>> {
        self.attempt(1)
    }

    fn attempt(&self, rounds: u32) -> Option<Held<'_>> {
        let was_busy = set_busy(true);
        if was_busy {
            return None;
        }
        let patience = WaitGuard::new();
        let mut round = 0;
        while round < rounds && !patience.must_stop() {
            // Each time anew: a handler may fork while its thread waits here. The holder may have
            // stayed in the parent.
            notice_fork();
            let own = lock_mark();
            // Relaxed: a guess, which the exchange confirms.
            let word = self.0.load(Ordering::Relaxed);
            // Acquire: pairs with the Release of the holder before; for one that is gone `is_gone` does.
            let exchange =
                || self.0.compare_exchange(word, own, Ordering::Acquire, Ordering::Relaxed);
            if (word == 0 || is_gone(word)) && exchange().is_ok() {
                return Some(Held(self));
            }
            wait(round);
            round = round.saturating_add(1).min(u32::MAX - 1);
        }
        set_busy(false);
        None
    }
}

impl Drop for Held<'_> {
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
    use block_core::SideTable;

    #[test]
    fn a_thread_that_holds_it_is_told_so_instead_of_waiting_for_itself() {
        let (lock, other) = (Lock::new(), Lock::new());
        let held = lock.lock().unwrap();
        assert!(other.lock().is_none(), "a handler must not wait, whatever the lock");
        assert!(lock.lock().is_none());
        drop(held);
        assert!(lock.try_lock().is_some());
    }

    #[test]
    fn a_holder_of_an_earlier_generation_does_not_count() {
        let lock = Lock::new();
        // The mark of a thread without a number in a process after seven more forks.
        lock.0.store(lock_mark_of_no_number() + (7 << 12), Ordering::Relaxed);
        assert!(lock.try_lock().is_some());
    }

    /// The mark of a thread without a number in this process.
    fn lock_mark_of_no_number() -> u32 {
        std::thread::spawn(lock_mark).join().unwrap()
    }

    #[test]
    fn a_holder_that_has_ended_does_not_count() {
        thread::watch();
        let lock = &Lock::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                thread::assign();
                core::mem::forget(lock.lock().unwrap());
            });
        });
        // Waits, as the scope may end before the destructors of the thread's keys.
        assert!(lock.lock().is_some());
    }

    #[test]
    fn a_thread_that_only_tries_does_not_wait_for_the_holder() {
        let lock = Lock::new();
        let held = lock.lock().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert!(lock.try_lock().is_none());
                assert!(Lock::new().try_lock().is_some(), "it holds none itself");
            });
        });
        drop(held);
        assert!(lock.try_lock().is_some());
    }

    #[test]
    fn a_thread_that_is_waited_for_itself_gives_the_lock_up() {
        let lock = &Lock::new();
        let _held = lock.lock().unwrap();
        let magazines = SideTable::<Magazine>::zeroed(1).unwrap();
        magazines[0].enter(&AtomicUsize::new(0)).unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(move || {
                thread::watch();
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
    fn one_thread_at_a_time() {
        let lock = Lock::new();
        let count = core::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        let _held = lock.lock().unwrap();
                        // Not one atomic step: lost counts show a broken lock.
                        let seen = count.load(core::sync::atomic::Ordering::Relaxed);
                        count.store(seen + 1, core::sync::atomic::Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(count.into_inner(), 4000);
    }
}
