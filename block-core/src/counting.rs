//! Counts the atomic read-modify-writes of a program's pools. Only in builds with `--cfg
//! block_counting`.
//!
//! Each thread has its own counters on its own cache lines, so that counting adds no contention.

use core::sync::atomic::{AtomicU64, Ordering};
use std::boxed::Box;
use std::sync::{Mutex, PoisonError};
use std::vec::Vec;

/// The counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Read-modify-writes on cache lines that every thread writes, including failed ones.
    pub shared: u64,
    /// Read-modify-writes on marks of blocks, whose cache lines only those threads write that have
    /// blocks with marks on the same line.
    pub marks: u64,
}

/// The counts of one thread.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Counter {
    shared: AtomicU64,
    marks: AtomicU64,
}

/// The counts of all threads, including ended ones.
static COUNTERS: Mutex<Vec<&'static Counter>> = Mutex::new(Vec::new());

std::thread_local! {
    static OWN: &'static Counter = {
        let own: &'static Counter = Box::leak(Box::default());
        COUNTERS.lock().unwrap_or_else(PoisonError::into_inner).push(own);
        own
    };
}

/// Counts read-modify-writes on a cache line that every thread writes.
pub fn shared(times: u64) {
    // Relaxed, here and below: a reader of the counts has synchronised with the thread before.
    OWN.with(|own| own.shared.fetch_add(times, Ordering::Relaxed));
}

/// Counts a read-modify-write on the mark of a block.
pub fn mark() {
    OWN.with(|own| own.marks.fetch_add(1, Ordering::Relaxed));
}

/// Returns the sum of the counts of all threads, including ended ones.
#[must_use]
pub fn total() -> Counts {
    let counters = COUNTERS.lock().unwrap_or_else(PoisonError::into_inner);
    counters.iter().fold(Counts::default(), |sum, counter| Counts {
        shared: sum.shared + counter.shared.load(Ordering::Relaxed),
        marks: sum.marks + counter.marks.load(Ordering::Relaxed),
    })
}
