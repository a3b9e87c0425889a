//! Forks: in the child only the thread that forked exists.
//!
//! A `pthread_atfork` hook records a fork. Another hook of the program may run before it and use a
//! pool. So on Linux a page also shows that there was a fork: the system clears it in the child
//! (`MADV_WIPEONFORK`, Linux 4.14). A thread that is about to wait for another one, or to allocate
//! a number, checks the page first ([`check`]). Neither process ids nor the hook would be enough:
//! an id may be that of an ancestor, and a child of `vfork` has another id but the memory and the
//! threads of its parent.
//!
//! Only the thread that forked knows its own number. In the child it is the first thread, whose id
//! is the process id. Where a fork ran no hook (`_Fork`, `clone`), other threads of the child get
//! no number until the first thread has recorded the fork ([`is_unrecorded`]).
//!
//! Recording a fork only writes static atomics, which is allowed in any state of the program.

#[cfg(all(unix, not(any(miri, target_os = "emscripten"))))]
mod hook {
    use core::sync::atomic::Ordering;

    use super::witness;
    use crate::bitmap::WORD;
    use crate::thread::{GENERATION, OWNERS, TAKEN, number};

    pub(in crate::thread) fn prepare() {
        witness::prepare();
        // SAFETY: the hook takes and returns nothing, and is async-signal-safe: it writes static
        // atomics and reads this thread's data.
        let answer = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        assert_eq!(answer, 0, "no memory for a fork handler");
    }

    /// Records a fork if this thread has forked and the hook has not run yet. Must be called before
    /// waiting for another thread.
    pub(crate) fn check() {
        if is_unrecorded() && witness::is_first_thread() {
            record();
        }
    }

    /// Returns whether this is the child of a fork that was not recorded yet.
    pub(in crate::thread) fn is_unrecorded() -> bool {
        witness::is_cleared() == Some(true)
    }

    extern "C" fn in_child() {
        if witness::is_cleared() != Some(false) {
            record();
        }
    }

    /// Clears the marks of all other threads and frees their numbers. Relaxed is enough: this
    /// process has no other thread, or none with a number.
    fn record() {
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

/// A stand-in for Miri and systems without `fork`.
#[cfg(not(all(unix, not(any(miri, target_os = "emscripten")))))]
mod hook {
    pub(in crate::thread) fn prepare() {}

    pub(crate) fn check() {}

    pub(in crate::thread) fn is_unrecorded() -> bool {
        false
    }
}

pub(crate) use hook::check;
pub(super) use hook::{is_unrecorded, prepare};

/// A page that the system clears in the child of a fork.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))]
mod witness {
    use core::ptr;
    use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

    /// Null if the system cannot clear pages. The page is never unmapped.
    static PAGE: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());

    pub(super) fn prepare() {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let bytes = size_of::<AtomicU32>();
        // SAFETY: creates a mapping of one page, which nothing else uses.
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
        // Acquire: pairs with the Release in `prepare`.
        // SAFETY: null, or a zeroed page that is never unmapped.
        unsafe { PAGE.load(Ordering::Acquire).as_ref() }
    }

    /// Returns whether the page was cleared, or `None` if there is no page.
    pub(super) fn is_cleared() -> Option<bool> {
        page().map(|page| page.load(Ordering::Relaxed) == 0)
    }

    pub(super) fn set() {
        page().into_iter().for_each(|page| page.store(1, Ordering::Relaxed));
    }

    /// Returns whether this is the first thread of the process: in the child of a fork, the one
    /// that forked.
    pub(super) fn is_first_thread() -> bool {
        // SAFETY: no arguments, no failure.
        unsafe { libc::syscall(libc::SYS_gettid) == libc::c_long::from(libc::getpid()) }
    }
}

/// A stand-in for systems without such a page, where only the hook records forks.
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(miri))))]
#[allow(dead_code, reason = "not all systems fork")]
mod witness {
    pub(super) fn prepare() {}

    pub(super) fn is_cleared() -> Option<bool> {
        None
    }

    pub(super) fn set() {}

    pub(super) fn is_first_thread() -> bool {
        false
    }
}
