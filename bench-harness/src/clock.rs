//! When a thread's measured time begins and ends, and where it meets the others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::barrier::Barrier;
use crate::fault::Fault;

/// When one thread left the barrier, and when it was done.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The start.
    pub start: Instant,
    /// The end.
    pub end: Instant,
}

/// The two lines at which the threads of a run meet.
#[derive(Debug)]
pub(crate) struct Lines {
    start: Barrier,
    end: Barrier,
}

impl Lines {
    /// For `threads` threads on `cores` cores.
    pub(crate) fn new(threads: usize, cores: usize) -> Self {
        Self { start: Barrier::new(threads, cores), end: Barrier::new(threads, cores) }
    }
}

/// One thread's clock. A thread that drops it early, by a fault or a panic, keeps none of the
/// others waiting.
#[derive(Debug)]
pub(crate) struct Clock<'a> {
    lines: &'a Lines,
    crossed: Crossed,
    /// Set while the time is taken, for who wants to know.
    running: Option<&'a AtomicBool>,
}

/// The lines that a thread has behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crossed {
    None,
    Start,
    Both,
}

impl<'a> Clock<'a> {
    pub(crate) fn new(lines: &'a Lines) -> Self {
        Self { lines, crossed: Crossed::None, running: None }
    }

    /// The same, but `running` is set from the start to the end of the timed part.
    pub(crate) fn telling(mut self, running: &'a AtomicBool) -> Self {
        self.running = Some(running);
        self
    }

    /// Starts together with the other threads and takes the time of what is between start and end.
    #[inline(always)]
    pub(crate) fn time(
        &mut self,
        timed: impl FnOnce() -> Result<(), Fault>,
    ) -> Result<Span, Fault> {
        self.lines.start.wait();
        self.crossed = Crossed::Start;
        self.tell(true);
        let start = Instant::now();
        let done = timed();
        let end = Instant::now();
        self.tell(false);
        done.map(|()| Span { start, end })
    }

    fn tell(&self, runs: bool) {
        if let Some(running) = self.running {
            // Relaxed: the clock's own thread reads it, or one that it starts or has joined.
            running.store(runs, Ordering::Relaxed);
        }
    }

    /// Waits until the timed part of every thread is over.
    pub(crate) fn wait_for_all(&mut self) {
        self.lines.end.wait();
        self.crossed = Crossed::Both;
    }
}

impl Drop for Clock<'_> {
    fn drop(&mut self) {
        if self.crossed == Crossed::None {
            self.lines.start.pass();
        }
        if self.crossed != Crossed::Both {
            self.lines.end.pass();
        }
    }
}
