//! The atomics of what is modelled: `tests/loom_shares.rs` compiles the same files with others.

pub(crate) use core::sync::atomic::{AtomicUsize, Ordering};
