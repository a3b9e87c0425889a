//! The start line: threads spin on it rather than sleep, so that all leave it at once.

use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A barrier for one use.
#[derive(Debug)]
pub(crate) struct Barrier {
    arrived: AtomicUsize,
    threads: usize,
    gives_way: bool,
}

impl Barrier {
    /// A barrier for `threads` threads on `cores` cores. Threads that share a core give way to each
    /// other while they wait.
    pub(crate) fn new(threads: usize, cores: usize) -> Self {
        Self { arrived: AtomicUsize::new(0), threads, gives_way: threads > cores }
    }

    /// Counts this thread as arrived and does not wait.
    pub(crate) fn pass(&self) {
        // Release and Acquire: what a thread did before the barrier happens before what any does
        // after it.
        self.arrived.fetch_add(1, Ordering::AcqRel);
    }

    /// Waits until all threads are here.
    pub(crate) fn wait(&self) {
        self.pass();
        while self.arrived.load(Ordering::Acquire) < self.threads {
            if self.gives_way { thread::yield_now() } else { hint::spin_loop() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_leaves_before_all_are_there() {
        let (barrier, came) = (Barrier::new(3, 1), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    // Relaxed: the barrier orders it before every load behind.
                    came.fetch_add(1, Ordering::Relaxed);
                    barrier.wait();
                    assert_eq!(came.load(Ordering::Relaxed), 3);
                });
            }
        });
    }
}
