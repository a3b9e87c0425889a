//! The standard library's mutex with annotations for ThreadSanitizer. Only in builds with `--cfg
//! block_tsan`, which need `-Zsanitizer=thread`.
//!
//! The sanitizer only sees code that was compiled for it, and the standard library was not. So a
//! thread that waits for a mutex would seem to race with the previous holder.

use core::ffi::c_void;
use core::fmt;
use core::ops::{Deref, DerefMut};
use std::sync::{self, LockResult, PoisonError};

unsafe extern "C" {
    fn __tsan_acquire(address: *mut c_void);
    fn __tsan_release(address: *mut c_void);
}

/// A mutex. Everything that a holder did happens before the next holder gets it.
pub struct Mutex<T>(sync::Mutex<T>);

/// Unlocks when dropped.
#[derive(Debug)]
pub struct MutexGuard<'a, T> {
    inner: sync::MutexGuard<'a, T>,
    mutex: &'a Mutex<T>,
}

impl<T> Mutex<T> {
    /// Does the same as in the standard library.
    pub const fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    /// Does the same as in the standard library.
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let guard = |inner| MutexGuard { inner, mutex: self };
        let locked =
            self.0.lock().map(guard).map_err(|error| PoisonError::new(guard(error.into_inner())));
        // SAFETY: the address serves as a name; nothing is read or written there.
        unsafe { __tsan_acquire(self.name()) };
        locked
    }

    /// Does the same as in the standard library.
    pub fn is_poisoned(&self) -> bool {
        self.0.is_poisoned()
    }

    /// Does the same as in the standard library.
    pub fn into_inner(self) -> LockResult<T> {
        self.0.into_inner()
    }

    /// Returns the address by which the sanitizer knows the mutex.
    fn name(&self) -> *mut c_void {
        (&raw const *self).cast_mut().cast()
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        // Before `inner` is dropped, which unlocks. Pairs with the one in `lock`.
        // SAFETY: the address serves as a name; nothing is read or written there.
        unsafe { __tsan_release(self.mutex.name()) };
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
