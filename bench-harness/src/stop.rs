//! How a run is asked to end early.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The exit code of a run that was interrupted: what a shell says of one that Ctrl-C ended.
pub const INTERRUPTED: u8 = 130;

/// A wish to end the run, once its current sample is taken. Clones share the wish; the default one
/// is expressed by [`ask`](Self::ask) only.
///
/// ```
/// let stop = bench_harness::stop::Stop::default();
/// assert!(!stop.is_asked_for());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// The wish that Ctrl-C (SIGINT) and SIGTERM express from now on. The second such signal ends
    /// the program at once, with the exit code [`INTERRUPTED`].
    ///
    /// # Errors
    ///
    /// If the system refuses a handler.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // In the order of their registration: the first signal finds the flag unset, and sets it.
            flag::register_conditional_shutdown(signal, INTERRUPTED.into(), Arc::clone(&stop.0))?;
            flag::register(signal, Arc::clone(&stop.0))?;
        }
        Ok(stop)
    }

    /// Asks the run to end.
    pub fn ask(&self) {
        // Relaxed: as in `is_asked_for`.
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the run is to end.
    #[must_use]
    pub fn is_asked_for(&self) -> bool {
        // Relaxed: the flag is all that the handler's store tells, nothing is read because of it.
        self.0.load(Ordering::Relaxed)
    }
}
