//! The clock that calls are timed with, measured itself.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use super::Timer;
use crate::median::median;

/// Steps among which the least is looked for: another program may come between two readings.
const STEPS: usize = 100;

/// The cost is the median over so many rows of readings...
const ROWS: usize = 501;
/// ...of so many each, so that it is right for a clock of large steps too.
const READINGS: u32 = 100;

impl Timer {
    /// Measures the clock of this machine, in some milliseconds.
    #[must_use]
    pub fn measured() -> Self {
        Self { source: source(), step_ns: least_step().as_nanos() as f64, cost_ns: cost() }
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

/// The least time between two readings that differ.
pub(crate) fn least_step() -> Duration {
    (0..STEPS).map(|_| step()).min().unwrap_or_default()
}

/// Until the clock shows another time.
fn step() -> Duration {
    let start = Instant::now();
    loop {
        let step = start.elapsed();
        if !step.is_zero() {
            return step;
        }
    }
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
