//! How often the threads of a program meet in its pools: atomic read-modify-writes, counted. In
//! builds with `--cfg block_counting` alone; in any other there is nothing of it, nor of the calls
//! to it.
//!
//! Each thread counts for itself, on lines of its own, so that counting adds no meeting.

use core::sync::atomic::{AtomicU64, Ordering};
use std::boxed::Box;
use std::sync::{Mutex, PoisonError};
use std::vec::Vec;

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Read-modify-writes on lines that every thread writes, those that failed included.
    pub shared: u64,
    /// Read-modify-writes on the marks of blocks, whose lines only those threads write that have
    /// blocks with marks on the same line.
    pub marks: u64,
}

/// One thread's counts.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Counter {
    shared: AtomicU64,
    marks: AtomicU64,
}

/// Those of all threads. They stay when their thread ends.
static COUNTERS: Mutex<Vec<&'static Counter>> = Mutex::new(Vec::new());

std::thread_local! {
    static OWN: &'static Counter = {
        let own: &'static Counter = Box::leak(Box::default());
        COUNTERS.lock().unwrap_or_else(PoisonError::into_inner).push(own);
        own
    };
}

/// Counts on a line that every thread writes.
pub fn shared(times: u64) {
    // Relaxed, here and below: whoever reads the counts has joined or heard of the thread first.
    OWN.with(|own| own.shared.fetch_add(times, Ordering::Relaxed));
}

/// Counts one on the mark of a block.
pub fn mark() {
    OWN.with(|own| own.marks.fetch_add(1, Ordering::Relaxed));
}

/// What all threads have counted, those included that have ended.
#[must_use]
pub fn total() -> Counts {
    let counters = COUNTERS.lock().unwrap_or_else(PoisonError::into_inner);
    counters.iter().fold(Counts::default(), |sum, counter| Counts {
        shared: sum.shared + counter.shared.load(Ordering::Relaxed),
        marks: sum.marks + counter.marks.load(Ordering::Relaxed),
    })
}
