//! Tells a thread that waits for another when it must stop, so that two signal handlers do not wait
//! for each other.
//!
//! A thread that reclaims is inside no operation on a magazine (invariant 8), with one exception: a
//! signal handler that interrupted an operation on one pool may exhaust another pool and reclaim
//! there. Two such handlers, each reclaiming in the other's pool, would wait for each other
//! forever.
//!
//! So a thread that waits for an owner counts, for that owner, each time it looked and found the
//! magazine active. The owner, if it waits itself, watches its own count. One increment proves
//! nothing: the look may have been made just before the owner left its magazine. But of more than
//! [`ENOUGH`] increments, two were made by the same thread (unless more threads than that wait at
//! the same time). The second of these looks came after the first increment, so after the owner
//! began to wait, and found the magazine active. So the owner is in a handler that interrupted an
//! operation, and must not wait.
//!
//! The watch starts with a read-modify-write, and so does every increment: a thread that increments
//! the count later sees what the owner did before, and in particular that it left its magazines.

use core::sync::atomic::Ordering;

use crate::magazine::Magazine;
use crate::sync::StaticU32;
use crate::thread::{self, LIMIT};

/// The number of increments that prove it; about a millisecond of waiting.
const ENOUGH: u32 = 1 << 16;

/// The number of looks in one round of waiting.
const LOOKS: usize = if cfg!(any(block_loom, block_shuttle)) { 1 } else { 256 };

/// By thread number: how often waiting threads found the thread's magazine active.
static AWAITED: [StaticU32; LIMIT] = [const { StaticU32::new(0) }; LIMIT];

/// Returns whether the owner with this number is still inside its magazine, after several looks.
/// Lets the owner know that the caller waits.
pub(crate) fn is_active_still(number: usize, magazine: &Magazine) -> bool {
    (0..LOOKS).all(|_| {
        let active = magazine.is_active();
        if active {
            // AcqRel: pairs with itself and with `WaitGuard::new`, through the chain of increments.
            AWAITED[number].fetch_add(1, Ordering::AcqRel);
        }
        active
    })
}

/// The watch of a waiting thread.
#[derive(Debug)]
pub(crate) struct WaitGuard {
    /// The thread's count and its first value. `None` for a thread without magazines.
    watch: Option<(&'static StaticU32, u32)>,
}

impl WaitGuard {
    pub(crate) fn new() -> Self {
        let count = thread::number().map(|number| &AWAITED[number]);
        // AcqRel: pairs with `is_active_still`.
        Self { watch: count.map(|count| (count, count.fetch_add(0, Ordering::AcqRel))) }
    }

    /// Returns whether the caller must stop waiting.
    pub(crate) fn must_stop(&self) -> bool {
        self.watch.is_some_and(|(count, before)| {
            count.load(Ordering::Relaxed).wrapping_sub(before) > ENOUGH
        })
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use crate::sync::AtomicUsize;
    use block_core::backend::SideTable;

    #[test]
    fn a_thread_must_stop_only_when_one_other_thread_has_looked_twice() {
        thread::prepare();
        thread::assign();
        let number = thread::number().unwrap();
        let magazines = SideTable::<Magazine>::zeroed(1).unwrap();
        let wait_guard = WaitGuard::new();
        assert!(!is_active_still(number, &magazines[0]));
        magazines[0].enter(&AtomicUsize::new(0)).unwrap();
        (0..ENOUGH as usize / LOOKS).for_each(|_| assert!(is_active_still(number, &magazines[0])));
        assert!(!wait_guard.must_stop());
        is_active_still(number, &magazines[0]);
        assert!(wait_guard.must_stop());
        assert!(!WaitGuard::new().must_stop(), "the next guard starts from the beginning");
    }
}
