//! The atomics and locks of what is modelled: `tests/loom_*.rs` compile the same files with others.

pub(crate) use core::sync::atomic::{AtomicUsize, Ordering};

#[cfg(feature = "wait")]
pub(crate) use core::sync::atomic::fence;
#[cfg(feature = "wait")]
pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError};

/// A function that is `const`; but not in models, whose atomics are made at run time.
#[cfg(feature = "wait")]
macro_rules! const_outside_models {
    ($visibility:vis fn $($rest:tt)*) => { $visibility const fn $($rest)* };
}
#[cfg(feature = "wait")]
pub(crate) use const_outside_models;
