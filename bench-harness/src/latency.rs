//! How long single calls take: percentiles up to p99.99, and the slowest call of all.

use serde::{Deserialize, Serialize};

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
    /// 50, 90, 99, 99.9 and 99.99, in that order.
    pub percentiles: Vec<Percentile>,
    /// The slowest call.
    pub max_ns: u64,
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
