//! When a thread's measured time begins and ends, and where it meets the others.

use std::time::Instant;

use crate::barrier::Barrier;
use crate::fault::Fault;
use crate::subject::Span;

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
        Self { lines, crossed: Crossed::None }
    }

    /// Starts together with the other threads and takes the time of what is between start and end.
    #[inline(always)]
    pub(crate) fn time(
        &mut self,
        timed: impl FnOnce() -> Result<(), Fault>,
    ) -> Result<Span, Fault> {
        self.lines.start.wait();
        self.crossed = Crossed::Start;
        let start = Instant::now();
        let done = timed();
        let end = Instant::now();
        done.map(|()| Span { start, end })
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
