//! An asymmetric fence: the frequent side pays nothing, the rare side pays for both.
//!
//! If two threads each write one flag and then read the other's, both need a full fence in between,
//! or both may read the old values. Owners of magazines do this in every call, reclaimers rarely.
//! So owners only keep the compiler from reordering, and a reclaimer makes every running thread of
//! the process pass a full fence, with Linux's `membarrier` (`PRIVATE_EXPEDITED`, Linux 4.14).
//!
//! If that call does not exist or fails when a pool is built, owners use a real fence. If it worked
//! at first and fails later (in a sandbox that was closed meanwhile), the reclaimer that finds out
//! waits instead, and from then on the owners of the pool use a real fence, too. Only that one wait
//! depends on time: a store leaves its processor within microseconds, at the latest when the thread
//! is switched out, and an owner's load is not older than that. Source: A. Morrison, Y. Afek,
//! "Temporally Bounding TSO for Fence-Free Asymmetric Synchronization", ASPLOS 2015. The bound that
//! they measured on x86 is below a millisecond; [`STORE_DELAY`] is ten.

use core::sync::atomic::{AtomicU8, Ordering, fence};
use core::time::Duration;

/// A time after which every store is visible to all processors.
const STORE_DELAY: Duration = Duration::from_millis(10);

/// Whether the system has the call. An atomic and not a lock, since a child may be forked at any
/// time. Relaxed, since no other memory depends on it: a thread that reads an outdated value asks
/// again.
static ANSWER: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const WORKS: u8 = 1;
const REFUSED: u8 = 2;

/// Returns whether owners need no fence. Called when a pool is built.
pub(crate) fn is_asymmetric() -> bool {
    if ANSWER.load(Ordering::Relaxed) == UNKNOWN {
        // `block_lockfree_real_fence` forces a real fence, for tests, and Miri has no such call.
        // Registering twice is harmless.
        let works =
            !cfg!(any(block_loom, miri, block_lockfree_real_fence)) && membarrier::register();
        ANSWER.store(if works { WORKS } else { REFUSED }, Ordering::Relaxed);
    }
    ANSWER.load(Ordering::Relaxed) == WORKS
}

/// The reclaimer's side: a full fence in this thread and, if `asymmetric`, in all other threads.
/// Returns false if the system refused, and this thread has waited instead.
#[must_use]
pub(crate) fn heavy(asymmetric: bool) -> bool {
    crate::sync::fence(Ordering::SeqCst);
    if !asymmetric || membarrier::everywhere() {
        return true;
    }
    ANSWER.store(REFUSED, Ordering::Relaxed);
    std::thread::sleep(STORE_DELAY);
    // Pairs with the owners' stores before their loads of the state, because of the time that has
    // passed.
    fence(Ordering::SeqCst);
    false
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod membarrier {
    fn call(command: libc::c_int) -> bool {
        // SAFETY: membarrier takes a command, flags and a processor number, and accesses no memory
        // of the caller. An unknown command is an error.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }

    pub(super) fn register() -> bool {
        call(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) && everywhere()
    }

    pub(super) fn everywhere() -> bool {
        call(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod membarrier {
    pub(super) fn register() -> bool {
        false
    }

    pub(super) fn everywhere() -> bool {
        false
    }
}

#[cfg(all(test, target_os = "linux", not(any(block_loom, block_shuttle))))]
#[path = "../tests/support/refuse.rs"]
mod refuse;

#[cfg(all(test, target_os = "linux", not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;

    fn system_has_membarrier() -> bool {
        // SAFETY: the query accesses no memory.
        let commands =
            unsafe { libc::syscall(libc::SYS_membarrier, libc::MEMBARRIER_CMD_QUERY, 0, 0) };
        commands > 0 && commands & libc::c_long::from(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0
    }

    /// The effect of a missing barrier is too rare to test. But a refused one is reported.
    #[test]
    fn a_reclaimer_asks_for_a_barrier_in_all_threads() {
        let works = !cfg!(block_lockfree_real_fence) && system_has_membarrier();
        assert_eq!(is_asymmetric(), works, "owners use a fence if and only if they need one");
        if !works {
            return;
        }
        assert!(heavy(true));
        // In a thread of its own, for which the refusal is permanent.
        let refused = std::thread::spawn(|| {
            refuse::refuse(libc::SYS_membarrier, libc::EPERM);
            (heavy(false), heavy(true))
        });
        assert_eq!(refused.join().unwrap(), (true, false));
        ANSWER.store(UNKNOWN, Ordering::Relaxed); // other threads may still use it
    }
}
