//! The start line: threads spin on it rather than sleep, so that all leave it at once.

use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A barrier for one use.
///
/// # Examples
///
/// ```
/// use bench_harness::barrier::Barrier;
///
/// let barrier = Barrier::new(2, 1); // two threads on one core: give way while waiting
/// std::thread::scope(|scope| {
///     scope.spawn(|| barrier.wait());
///     barrier.wait();
/// });
/// ```
#[derive(Debug)]
pub struct Barrier {
    arrived: AtomicUsize,
    threads: usize,
    gives_way: bool,
}

impl Barrier {
    /// A barrier for `threads` threads on `cores` cores. Threads that share a core give way to each
    /// other while they wait.
    #[must_use]
    pub fn new(threads: usize, cores: usize) -> Self {
        Self { arrived: AtomicUsize::new(0), threads, gives_way: threads > cores }
    }

    /// Counts this thread as arrived and does not wait.
    pub fn pass(&self) {
        // Release and Acquire: what a thread did before the barrier happens before what any does
        // after it.
        self.arrived.fetch_add(1, Ordering::AcqRel);
    }

    /// Waits until all threads are here.
    pub fn wait(&self) {
        self.pass();
        while self.arrived.load(Ordering::Acquire) < self.threads {
            if self.gives_way { thread::yield_now() } else { hint::spin_loop() }
        }
    }
}
