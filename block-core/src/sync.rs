//! The atomics and locks of what is modelled: `tests/loom_*.rs` compile the same files with others.

pub(crate) use core::sync::atomic::{AtomicUsize, Ordering};

#[cfg(feature = "wait")]
pub(crate) use core::sync::atomic::fence;
#[cfg(feature = "wait")]
pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError};
