//! The standard library's mutex, with ThreadSanitizer told what it orders. In builds with
//! `--cfg block_tsan` alone, which need `-Zsanitizer=thread` beside it.
//!
//! The sanitizer knows what was compiled for it. The standard library was not, and a thread that has to
//! wait for a mutex gets it in there: its holder before would seem to race with it.

use core::ffi::c_void;
use core::fmt;
use core::ops::{Deref, DerefMut};
use std::sync::{self, LockResult, PoisonError};

unsafe extern "C" {
    fn __tsan_acquire(address: *mut c_void);
    fn __tsan_release(address: *mut c_void);
}

/// What a holder did happens before what the next one does.
pub struct Mutex<T>(sync::Mutex<T>);

/// Unlocks when dropped.
#[derive(Debug)]
pub struct MutexGuard<'a, T> {
    inner: sync::MutexGuard<'a, T>,
    mutex: &'a Mutex<T>,
}

impl<T> Mutex<T> {
    /// As the standard library's.
    pub const fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    /// As the standard library's.
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let guard = |inner| MutexGuard { inner, mutex: self };
        let locked =
            self.0.lock().map(guard).map_err(|error| PoisonError::new(guard(error.into_inner())));
        // SAFETY: an address, as a name; nothing is read or written there.
        unsafe { __tsan_acquire(self.name()) };
        locked
    }

    /// As the standard library's.
    pub fn is_poisoned(&self) -> bool {
        self.0.is_poisoned()
    }

    /// As the standard library's.
    pub fn into_inner(self) -> LockResult<T> {
        self.0.into_inner()
    }

    /// What the sanitizer is told that holders meet at.
    fn name(&self) -> *mut c_void {
        (&raw const *self).cast_mut().cast()
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        // Before `inner` is dropped, which unlocks. Pairs with the one in `lock`.
        // SAFETY: an address, as a name; nothing is read or written there.
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
