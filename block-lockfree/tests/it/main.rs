//! The tests that may share one process.
//!
//! A test that needs a process of its own, for example because it counts the memory or handles the
//! signals of the process, is in another program.
#![cfg(not(any(block_loom, block_shuttle)))]

#[path = "../support/churn.rs"]
mod churn;
#[path = "../support/hardened.rs"]
mod hardened;
#[path = "../support/share.rs"]
mod share;
#[path = "../support/mod.rs"]
mod support;

mod bad_inputs;
mod conformance;
mod exactness;
mod guides;
mod hardening;
#[cfg(target_os = "linux")]
mod io_uring;
mod observing;
mod panics;
mod security;
mod static_frees;
mod static_memory;
mod static_pools;
mod stats;
mod unwinding;
mod waiting;
