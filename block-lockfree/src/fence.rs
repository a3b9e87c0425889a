//! A fence that costs the frequent side nothing: the rare side pays for both.
//!
//! Two threads that each write one flag and then read the other's need a full fence between the
//! two on both sides, or both may read the old values. Owners of magazines do this at every call,
//! reclaimers once in a long while. So owners keep the compiler from reordering, no more, and a
//! reclaimer makes every running thread of the process pass a full fence: Linux's `membarrier`
//! (`PRIVATE_EXPEDITED`, Linux 4.14).
//!
//! Where that call does not exist or is refused when the first pool is built, owners use a real
//! fence. Where it worked at first and is refused later (a sandbox that was closed meanwhile), the
//! reclaimer waits instead: a store leaves its processor within microseconds, at the latest when
//! the thread is switched out. Source: A. Morrison, Y. Afek, "Temporally Bounding TSO for
//! Fence-Free Asymmetric Synchronization", ASPLOS 2015; their bound is below a millisecond, and
//! [`PATIENCE`] is ten.

use core::sync::atomic::{Ordering, fence};
use core::time::Duration;
use std::sync::OnceLock;

/// How long every processor surely takes to make a store seen.
const PATIENCE: Duration = Duration::from_millis(10);

/// Whether owners may do without a fence. Asked when a pool is built.
pub(crate) fn is_asymmetric() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    // `block_lockfree_real_fence` forces the other way, for tests.
    *ANSWER.get_or_init(|| !cfg!(any(loom, block_lockfree_real_fence)) && membarrier::register())
}

/// The reclaimer's side: a full fence, in this thread and, if owners have none of their own, in
/// all others.
pub(crate) fn heavy(asymmetric: bool) {
    crate::sync::fence(Ordering::SeqCst);
    if asymmetric && !membarrier::everywhere() {
        std::thread::sleep(PATIENCE);
        fence(Ordering::SeqCst);
    }
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
