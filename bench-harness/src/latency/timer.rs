//! The clock that calls are timed with, measured itself.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use super::Timer;
use crate::median::median;

/// Pairs of different readings among which the least step is looked for.
const STEPS: usize = 1_000;

/// The cost is the median over so many rows of readings...
const ROWS: usize = 501;
/// ...of so many each, so that it is right for a clock of large steps too.
const READINGS: u32 = 100;

impl Timer {
    /// Measures the clock of this machine, in some milliseconds.
    #[must_use]
    pub fn measured() -> Self {
        Self { source: source(), step_ns: step().as_nanos() as f64, cost_ns: cost() }
    }
}

impl std::fmt::Display for Timer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { source, step_ns, cost_ns } = self;
        write!(f, "{source}: least step {step_ns} ns, {cost_ns:.1} ns of each latency are its own")
    }
}

/// What `Instant` reads. On Linux the kernel chooses the counter behind it, and changes its choice
/// if the counter turns out unsound.
fn source() -> String {
    let counter = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    match fs::read_to_string(counter) {
        Ok(counter) => format!("the monotonic clock ({})", counter.trim()),
        Err(_) => "the monotonic clock".to_owned(),
    }
}

/// The least time between two readings, one after the other, that differ.
fn step() -> Duration {
    let pairs = std::iter::repeat_with(|| (Instant::now(), Instant::now()));
    let steps = pairs.map(|(first, second)| second - first).filter(|step| !step.is_zero());
    steps.take(STEPS).min().unwrap_or_default()
}

/// What one reading takes, in nanoseconds: as much as passes between two with nothing between them.
fn cost() -> f64 {
    let row = || {
        let start = Instant::now();
        for _ in 1..READINGS {
            black_box(Instant::now());
        }
        (Instant::now() - start).as_nanos() as f64 / f64::from(READINGS)
    };
    median(&std::iter::repeat_with(row).take(ROWS).collect::<Vec<_>>())
}
