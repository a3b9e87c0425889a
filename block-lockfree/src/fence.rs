//! A fence that costs the frequent side nothing: the rare side pays for both.
//!
//! Two threads that each write one flag and then read the other's need a full fence between the
//! two on both sides, or both may read the old values. Owners of magazines do this at every call,
//! reclaimers once in a long while. So owners keep the compiler from reordering, no more, and a
//! reclaimer makes every running thread of the process pass a full fence: Linux's `membarrier`
//! (`PRIVATE_EXPEDITED`, Linux 4.14).
//!
//! Where that call does not exist or is refused when a pool is built, owners use a real fence. Where
//! it worked at first and is refused later (a sandbox that was closed meanwhile), the reclaimer that
//! finds out waits instead, and from then on the pool's owners use a real fence, too. That one wait
//! is the only step that rests on time: a store leaves its processor within microseconds, at the
//! latest when the thread is switched out; and an owner's load is not older than that. Source:
//! A. Morrison, Y. Afek, "Temporally Bounding TSO for Fence-Free Asymmetric Synchronization",
//! ASPLOS 2015; the bound that they measure on x86 is below a millisecond, [`PATIENCE`] is ten.

use core::sync::atomic::{AtomicU8, Ordering, fence};
use core::time::Duration;

/// How long every processor surely takes to make a store seen.
const PATIENCE: Duration = Duration::from_millis(10);

/// What the system has answered. A word and no lock: a child may be forked in the middle. Relaxed, since
/// nothing goes with it; who reads an outdated answer asks again.
static ANSWER: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const WORKS: u8 = 1;
const REFUSED: u8 = 2;

/// Whether owners may do without a fence. Asked when a pool is built.
pub(crate) fn is_asymmetric() -> bool {
    if ANSWER.load(Ordering::Relaxed) == UNKNOWN {
        // `block_lockfree_real_fence` forces the other way, for tests, and Miri has no such call. To
        // register twice is harmless.
        let works =
            !cfg!(any(block_loom, miri, block_lockfree_real_fence)) && membarrier::register();
        ANSWER.store(if works { WORKS } else { REFUSED }, Ordering::Relaxed);
    }
    ANSWER.load(Ordering::Relaxed) == WORKS
}

/// The reclaimer's side: a full fence, in this thread and, if owners have none of their own, in
/// all others. False if that was refused, and this thread has waited instead.
#[must_use]
pub(crate) fn heavy(asymmetric: bool) -> bool {
    crate::sync::fence(Ordering::SeqCst);
    if !asymmetric || membarrier::everywhere() {
        return true;
    }
    ANSWER.store(REFUSED, Ordering::Relaxed);
    std::thread::sleep(PATIENCE);
    // Pairs, by the time that has passed, with the owners' stores before their loads of the state.
    fence(Ordering::SeqCst);
    false
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod membarrier {
    fn call(command: libc::c_int) -> bool {
        // SAFETY: membarrier takes a command, flags and a processor number, and touches no memory
        // of the caller; an unknown command is an error.
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
        // SAFETY: the question which commands there are touches no memory.
        let commands =
            unsafe { libc::syscall(libc::SYS_membarrier, libc::MEMBARRIER_CMD_QUERY, 0, 0) };
        commands > 0 && commands & libc::c_long::from(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0
    }

    /// A missing barrier shows too rarely to be waited for. But who asks for one that is refused hears so.
    #[test]
    fn a_reclaimer_asks_for_a_barrier_in_all_threads() {
        let works = !cfg!(block_lockfree_real_fence) && system_has_membarrier();
        assert_eq!(is_asymmetric(), works, "owners have a fence exactly where they need it");
        if !works {
            return;
        }
        assert!(heavy(true));
        // A thread of its own: what it is refused stays so.
        let refused = std::thread::spawn(|| {
            refuse::refuse(libc::SYS_membarrier, libc::EPERM);
            (heavy(false), heavy(true))
        });
        assert_eq!(refused.join().unwrap(), (true, false));
        ANSWER.store(UNKNOWN, Ordering::Relaxed); // other threads may have it still
    }
}
