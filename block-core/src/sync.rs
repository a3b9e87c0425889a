//! The atomics and locks of modelled code. `tests/models` compiles the same files with those of the
//! models.

#[allow(unused_imports, reason = "each feature uses some of them")]
pub(crate) use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicUsize, Ordering, fence};

#[cfg(all(feature = "wait", block_tsan))]
pub(crate) use crate::told::{Mutex, MutexGuard};
#[cfg(feature = "wait")]
pub(crate) use std::sync::PoisonError;
#[cfg(all(feature = "wait", not(block_tsan)))]
pub(crate) use std::sync::{Mutex, MutexGuard};

/// Defines a function that is `const`, except in models, whose atomics are created at run time.
macro_rules! const_outside_models {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        $(#[$attribute])* $visibility const fn $($rest)*
    };
}
pub(crate) use const_outside_models;
