//! Forks: in the child all threads are gone but the one that forked.
//!
//! A hook of `pthread_atfork` notes a fork. A program's own hook may run before it and use a pool. So on
//! Linux a page tells that there was a fork: the system clears it in the child (`MADV_WIPEONFORK`, Linux
//! 4.14). A thread that is about to wait for another one, or to claim a number, looks there first
//! ([`notice`]). Neither process ids nor the hook would do: an id may be that of an ancestor, and a
//! child of `vfork` has another id but its parent's memory and threads.
//!
//! Only the thread that forked can say which number is its own. In the child it is the first thread, by
//! whose id the process is named. Where a fork ran no hook (`_Fork`, `clone`), other threads of the
//! child get no number until the first one has noticed the fork ([`is_unnoticed`]).
//!
//! Noting a fork writes static words, as these may be read and written in any state of the program.

#[cfg(all(unix, not(any(miri, target_os = "emscripten"))))]
mod hook {
    use core::sync::atomic::Ordering;

    use super::witness;
    use crate::bitmap::WORD;
    use crate::thread::{GENERATION, OWNERS, TAKEN, number};

    pub(in crate::thread) fn watch() {
        witness::watch();
        // SAFETY: the hook takes and returns nothing, and is async-signal-safe: it writes static atomics
        // and reads what a thread knows of itself.
        let answer = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        assert_eq!(answer, 0, "no memory for a fork handler");
    }

    /// Notes a fork if this thread is the one that forked and the hook has not run yet. Call it before
    /// waiting for another thread.
    pub(crate) fn notice() {
        if is_unnoticed() && witness::is_first_thread() {
            note();
        }
    }

    /// Returns whether this is the child of a fork that was not noted.
    pub(in crate::thread) fn is_unnoticed() -> bool {
        witness::is_cleared() == Some(true)
    }

    extern "C" fn in_child() {
        if witness::is_cleared() != Some(false) {
            note();
        }
    }

    /// All threads but this one are gone, and their numbers are free. Relaxed is enough: this process has
    /// no other thread, or none with a number.
    fn note() {
        let own = number();
        for (position, word) in TAKEN.iter().enumerate() {
            let own_bit = match own {
                Some(own) if own / WORD == position => 1 << (own % WORD),
                _ => 0,
            };
            let taken = word.load(Ordering::Relaxed);
            for bit in (0..WORD).filter(|bit| (taken & !own_bit) >> bit & 1 == 1) {
                OWNERS[position * WORD + bit].store(0, Ordering::Release);
            }
            word.store(taken & own_bit, Ordering::Relaxed);
        }
        GENERATION.fetch_add(1, Ordering::Relaxed);
        witness::set();
    }
}

/// Miri has neither `fork` nor `pthread_atfork`, nor have these systems.
#[cfg(not(all(unix, not(any(miri, target_os = "emscripten")))))]
mod hook {
    pub(in crate::thread) fn watch() {}

    pub(crate) fn notice() {}

    pub(in crate::thread) fn is_unnoticed() -> bool {
        false
    }
}

pub(crate) use hook::notice;
pub(super) use hook::{is_unnoticed, watch};

/// A page that is cleared in the child of a fork.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))]
mod witness {
    use core::ptr;
    use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

    /// Null if the system has no such page. The page is never unmapped.
    static PAGE: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());

    pub(super) fn watch() {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let bytes = size_of::<AtomicU32>();
        // SAFETY: a new mapping of one page, which nothing else uses.
        unsafe {
            let page = libc::mmap(ptr::null_mut(), bytes, access, kind, -1, 0);
            if page == libc::MAP_FAILED {
                return;
            }
            if libc::madvise(page, bytes, libc::MADV_WIPEONFORK) == 0 {
                PAGE.store(page.cast(), Ordering::Release);
                set();
            } else {
                libc::munmap(page, bytes);
            }
        }
    }

    fn page() -> Option<&'static AtomicU32> {
        // Acquire: pairs with the Release of `watch`.
        // SAFETY: null, or a zeroed page that lives for ever.
        unsafe { PAGE.load(Ordering::Acquire).as_ref() }
    }

    /// Returns whether the page was cleared, if there is one.
    pub(super) fn is_cleared() -> Option<bool> {
        page().map(|page| page.load(Ordering::Relaxed) == 0)
    }

    pub(super) fn set() {
        page().into_iter().for_each(|page| page.store(1, Ordering::Relaxed));
    }

    /// Returns whether this is the thread that the process began with: in the child of a fork, the one
    /// that forked.
    pub(super) fn is_first_thread() -> bool {
        // SAFETY: no arguments, no failure.
        unsafe { libc::syscall(libc::SYS_gettid) == libc::c_long::from(libc::getpid()) }
    }
}

/// No such page: the hook alone notes forks.
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(miri))))]
#[allow(dead_code, reason = "not all systems fork")]
mod witness {
    pub(super) fn watch() {}

    pub(super) fn is_cleared() -> Option<bool> {
        None
    }

    pub(super) fn set() {}

    pub(super) fn is_first_thread() -> bool {
        false
    }
}
