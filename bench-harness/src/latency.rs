//! How long single calls take: percentiles up to p99.99, and the slowest call of all.
//!
//! # What is timed
//!
//! Each `take` and each `give` of the workload's ordinary loop, from one reading of the clock to the
//! next. Where every take fails, as in `exhausted`, it is a *refusal*. What a thread takes before
//! the start line and gives back after the end is not timed, nor are calls that move many blocks
//! (`bulk`). What was read is recorded after the second reading, in a table that the thread has to
//! itself and that is as large as it will ever be (hdrhistogram, three digits, up to a minute): no
//! call pays for it. The contenders of a case take turns, as in the rest of a run; each run is
//! followed by stock-taking; the tables of all runs and threads are added up. The first run of each
//! contender is not counted.
//!
//! # What the clock adds
//!
//! The clock is that of [`Instant`](std::time::Instant): on Linux a counter of the processor, read
//! without a system call, as long as the kernel finds it sound. To read the counter directly (as
//! the crate `quanta` does, which is well kept) would take half as long, but it is not ordered with
//! the instructions around it: some of a short call would be done before the first reading or
//! after the second. With the fences that prevent it, it takes as long as `Instant`.
//!
//! What two readings with nothing between them come to is measured before the run and stands beside
//! the figures; it is in every latency and is not subtracted, for part of a short call is done while
//! the clock is still at it. So the difference of two medians of some nanoseconds says little, and
//! the cells of the throughput say it better. These figures are about the tail. The `loop` shows
//! what a call that does nothing looks like.
//!
//! # What a tail means here
//!
//! A thread makes its next call when the last one is done: a closed loop, without a schedule of
//! arrivals. Nothing is left out or delayed that was to be measured (Gil Tene's *coordinated
//! omission* is about such schedules), but a stall counts once for each thread that is inside a call
//! at that time, however long it is. p99.99 means: of 10,000 calls one took longer. It does not
//! mean: of 10,000 requests that come at given times one waits longer. A stall of 1 ms would delay
//! a thousand requests that come every microsecond, and here it is one call.
//!
//! The percentiles of two runs of different length can be compared, their maxima cannot: the more
//! calls, the longer the longest.
//!
//! Where there are more threads than cores, the system stops a thread now and then inside a call,
//! and that call takes as long as the others' turns, milliseconds: it shows in the maximum, and in
//! p99.99 if calls are most of what a thread does, as here. That alone is no fault of a
//! contender's: the `loop` has it too. What is one: that the *others* wait meanwhile, as for a mutex
//! whose holder was stopped. On any machine an interrupt during a call counts as well.
//!
//! # What cannot be compared
//!
//! A latency and the figure of a cell. A cell's figure is the machine's time per block, a latency is
//! a thread's per call, with the clock in it. And between two calls the thread reads a clock and
//! writes to its table: threads meet less often than in the loop without a clock, in favour of
//! contenders under contention.

mod calls;
mod cases;
mod timed;
mod timer;

use serde::{Deserialize, Serialize};

pub use calls::Calls;
pub use cases::{untimed, usual};
pub(crate) use timed::{Timed, Timing};
pub(crate) use timer::least_step;

/// The percentiles that are told, in percent.
pub const PERCENTILES: [f64; 5] = [50.0, 90.0, 99.0, 99.9, 99.99];

/// The calls of one sort at one cell, each timed by itself. What the clock itself takes stands in
/// [`Timer`] and is not taken off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// The contender.
    pub contender: String,
    /// The path through it.
    pub path: String,
    /// The workload.
    pub workload: String,
    /// Threads.
    pub threads: usize,
    /// Bytes of a block.
    pub block_size: usize,
    /// Blocks of the arena.
    pub arena: usize,
    /// Which call: `take`, `give`, or `refusal` where every take fails.
    pub call: String,
    /// How many were timed, on all threads.
    pub calls: u64,
    /// Those of [`PERCENTILES`], in that order.
    pub percentiles: Vec<Percentile>,
    /// The slowest call.
    pub max_ns: u64,
}

impl Latency {
    /// What is the same for all contenders of a case.
    pub(crate) fn case(&self) -> (&str, usize, usize, usize) {
        (&self.workload, self.threads, self.block_size, self.arena)
    }

    /// What is the same for all calls of a cell.
    pub(crate) fn cell(&self) -> (&str, &str, (&str, usize, usize, usize)) {
        (&self.contender, &self.path, self.case())
    }
}

/// So many percent of the calls took at most so long.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentile {
    /// From 0 to 100.
    pub percent: f64,
    /// Nanoseconds, the clock's own cost included.
    pub ns: u64,
}

/// The clock that calls are timed with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timer {
    /// What it reads.
    pub source: String,
    /// The least step between two different readings, in nanoseconds.
    pub step_ns: f64,
    /// What two readings with nothing between them come to: in every latency, this much is the
    /// clock's. The median, in nanoseconds.
    pub cost_ns: f64,
}
