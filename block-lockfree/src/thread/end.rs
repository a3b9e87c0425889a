//! Detects the end of a thread with the destructor of a `pthread` key.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

/// The key plus one; 0 if there is none.
static KEY: AtomicUsize = AtomicUsize::new(0);

/// Every thread has space for the values of keys below this one. For other keys, glibc's
/// `pthread_setspecific` allocates (`PTHREAD_KEY_2NDLEVEL_SIZE`), which a signal handler must not
/// do.
const PREALLOCATED: usize =
    if cfg!(all(target_os = "linux", target_env = "gnu")) { 32 } else { usize::MAX - 1 };

/// Creates the key. Returns false if the system has no suitable key.
pub(super) fn prepare() -> bool {
    let mut key = 0;
    // SAFETY: the destructor takes the value of the key, and may run on any thread.
    if unsafe { libc::pthread_key_create(&mut key, Some(on_thread_end)) } != 0 {
        return false;
    }
    if key as usize >= PREALLOCATED {
        // SAFETY: the key that was just created, which no other thread knows.
        unsafe { libc::pthread_key_delete(key) };
        return false;
    }
    // Release: pairs with the Acquire in `key`.
    KEY.store(key as usize + 1, Ordering::Release);
    true
}

/// Returns the key, if it was created.
fn key() -> Option<libc::pthread_key_t> {
    // Acquire: pairs with the Release in `prepare`.
    KEY.load(Ordering::Acquire).checked_sub(1).map(|key| key as libc::pthread_key_t)
}

/// Sets this thread's value of the key, which must not be 0.
/// [`on_thread_end`](super::on_thread_end) gets it when the thread ends. Returns false if the
/// system refuses.
pub(super) fn set_value(value: usize) -> bool {
    let value = ptr::without_provenance::<c_void>(value);
    // SAFETY: the key was created and is never deleted.
    key().is_some_and(|key| unsafe { libc::pthread_setspecific(key, value) } == 0)
}

/// Returns this thread's value of the key; 0 if it was not set.
#[allow(dead_code, reason = "only targets without native thread-locals read it")]
pub(super) fn value() -> usize {
    // SAFETY: the key was created and is never deleted.
    key().map_or(0, |key| unsafe { libc::pthread_getspecific(key) }.addr())
}

extern "C" fn on_thread_end(value: *mut c_void) {
    super::on_thread_end(value.addr());
}

/// Blocks all signals until it is dropped.
#[cfg(not(any(miri, target_os = "emscripten")))]
pub(super) struct Signals(libc::sigset_t);

#[cfg(not(any(miri, target_os = "emscripten")))]
impl Signals {
    pub(super) fn block() -> Self {
        // SAFETY: zero is a valid set of signals, and each call writes one of the two sets.
        unsafe {
            let mut all: libc::sigset_t = core::mem::zeroed();
            let mut before: libc::sigset_t = core::mem::zeroed();
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
            Self(before)
        }
    }
}

#[cfg(not(any(miri, target_os = "emscripten")))]
impl Drop for Signals {
    fn drop(&mut self) {
        // SAFETY: reads one set of signals.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, ptr::null_mut()) };
    }
}

/// A stand-in where there are no signal handlers.
#[cfg(any(miri, target_os = "emscripten"))]
pub(super) struct Signals;

#[cfg(any(miri, target_os = "emscripten"))]
impl Signals {
    pub(super) fn block() -> Self {
        Self
    }
}
