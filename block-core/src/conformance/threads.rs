//! Threads that work on one pool together, stop together at the first violation, and never wait
//! for ever.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::format;
use std::io::Write;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::layouts::Shape;
use super::verdict::{Check, Violation};

/// Ends the process if it is not dropped in time: a call that hangs cannot be ended otherwise.
#[derive(Debug)]
pub(super) struct Watchdog {
    /// Dropped with the watchdog, which the thread at the other end hears.
    _at_home: Sender<()>,
}

impl Watchdog {
    pub(super) fn over(property: &str, shape: &Shape, patience: Duration) -> Self {
        let (at_home, hears) = channel();
        let text = format!(
            "the property {property} has not come back after {patience:?} on {shape}: a call hangs\n"
        );
        thread::spawn(move || Self::watch(&hears, patience, &text));
        Self { _at_home: at_home }
    }

    fn watch(hears: &Receiver<()>, patience: Duration, text: &str) {
        if hears.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            // Straight to the stream: what a test prints is shown only when it ends.
            let _ = std::io::stderr().write_all(text.as_bytes());
            std::process::abort();
        }
    }
}

/// Threads with a common verdict.
#[derive(Debug)]
pub(super) struct Team {
    size: usize,
    arrived: AtomicUsize,
    failed: AtomicBool,
    first: Mutex<Option<Violation>>,
}

impl Team {
    pub(super) fn new(size: usize) -> Self {
        let (arrived, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { size, arrived, failed, first: Mutex::new(None) }
    }

    /// A thread's whole work; if it fails or panics, the others stop.
    pub(super) fn run(&self, work: impl FnOnce() -> Check) {
        let unwound = StopUnlessForgotten(self);
        let result = work();
        core::mem::forget(unwound);
        if let Err(violation) = result {
            self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(violation);
            self.stop();
        }
    }

    fn stop(&self) {
        // Relaxed: a flag that carries nothing; the verdict is read after the threads are joined.
        self.failed.store(true, Ordering::Relaxed);
    }

    /// False once a thread has failed.
    pub(super) fn goes_on(&self) -> bool {
        !self.failed.load(Ordering::Relaxed)
    }

    /// Waits until every thread has come here, awake, so that all go on at the same moment. False
    /// if one has failed instead.
    #[must_use]
    pub(super) fn meet(&self) -> bool {
        // AcqRel and Acquire: what each did before it came, all see after.
        let before = self.arrived.fetch_add(1, Ordering::AcqRel);
        let all = (before / self.size + 1) * self.size;
        let mut turns = 0_u32;
        while self.arrived.load(Ordering::Acquire) < all {
            if !self.goes_on() {
                return false;
            }
            turns += 1;
            if turns % 64 == 0 { thread::yield_now() } else { core::hint::spin_loop() }
        }
        true
    }

    /// The first violation of any thread.
    pub(super) fn verdict(self) -> Check {
        match self.first.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(violation) => Err(violation),
            None => Ok(()),
        }
    }
}

/// Stops the team when a panic drops it.
struct StopUnlessForgotten<'t>(&'t Team);

impl Drop for StopUnlessForgotten<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Runs `work` on so many threads at once; it gets the number of its thread.
pub(super) fn together(size: usize, work: impl Fn(usize, &Team) -> Check + Sync) -> Check {
    let team = Team::new(size);
    thread::scope(|scope| {
        for id in 0..size {
            let (team, work) = (&team, &work);
            scope.spawn(move || team.run(|| work(id, team)));
        }
    });
    team.verdict()
}

/// Runs `work` on a thread of its own, from its start to its end.
pub(super) fn apart(work: impl FnOnce() -> Check + Send) -> Check {
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(check) => check,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
