//! The end of a thread, by the destructor of a key.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

/// The key plus one; 0 if there is none.
static KEY: AtomicUsize = AtomicUsize::new(0);

/// Keys below this one have room for their value in every thread. `pthread_setspecific` allocates for
/// others with glibc (`PTHREAD_KEY_2NDLEVEL_SIZE`), which a signal handler must not do.
const WITH_ROOM: usize =
    if cfg!(all(target_os = "linux", target_env = "gnu")) { 32 } else { usize::MAX - 1 };

/// Creates the key. Returns false if the system has none with room.
pub(super) fn watch() -> bool {
    let mut key = 0;
    // SAFETY: the destructor takes the value of the key, and may run on any thread.
    if unsafe { libc::pthread_key_create(&mut key, Some(at_the_end)) } != 0 {
        return false;
    }
    if key as usize >= WITH_ROOM {
        // SAFETY: the key that was just created, which no other thread knows.
        unsafe { libc::pthread_key_delete(key) };
        return false;
    }
    // Release: pairs with the Acquire of `key`.
    KEY.store(key as usize + 1, Ordering::Release);
    true
}

/// The key, if it was created.
fn key() -> Option<libc::pthread_key_t> {
    // Acquire: pairs with the Release of `watch`.
    KEY.load(Ordering::Acquire).checked_sub(1).map(|key| key as libc::pthread_key_t)
}

/// Sets the value of the key, which is not 0, for this thread: its end is told then. Returns false if
/// that is refused.
pub(super) fn hold(value: usize) -> bool {
    let value = ptr::without_provenance::<c_void>(value);
    // SAFETY: a key that was created, and is never deleted.
    key().is_some_and(|key| unsafe { libc::pthread_setspecific(key, value) } == 0)
}

/// The value of the key for this thread; 0 if it was not set.
#[allow(dead_code, reason = "used where places lie in the value")]
pub(super) fn held() -> usize {
    // SAFETY: a key that was created, and is never deleted.
    key().map_or(0, |key| unsafe { libc::pthread_getspecific(key) }.addr())
}

extern "C" fn at_the_end(value: *mut c_void) {
    super::at_the_end(value.addr());
}

/// All signals blocked, until it is dropped.
#[cfg(not(any(miri, target_os = "emscripten")))]
pub(super) struct Signals(libc::sigset_t);

#[cfg(not(any(miri, target_os = "emscripten")))]
impl Signals {
    pub(super) fn block() -> Self {
        // SAFETY: all zeros is a set of signals; each call writes one of the two.
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

/// There are no signal handlers.
#[cfg(any(miri, target_os = "emscripten"))]
pub(super) struct Signals;

#[cfg(any(miri, target_os = "emscripten"))]
impl Signals {
    pub(super) fn block() -> Self {
        Self
    }
}
