//! At how many cores a contender stops getting faster, foretold from what was counted and measured
//! on this machine.

use serde::{Deserialize, Serialize};

/// The machine's price of sharing, and what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// What it takes to move a cache line that two cores write in turn from one to the other: the
    /// median, in nanoseconds.
    pub transfer_ns: f64,
    /// The least of the samples.
    pub transfer_min_ns: f64,
    /// One for each contender and workload that was counted and measured.
    pub saturations: Vec<Saturation>,
}

/// One contender at one workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saturation {
    /// The contender.
    pub contender: String,
    /// The path through it.
    pub path: String,
    /// The workload.
    pub workload: String,
    /// Read-modify-writes on lines that all threads write, for each block taken and given back: counted.
    pub shared_rmws: f64,
    /// Nanoseconds of a thread per block where nobody else is there: measured.
    pub alone_ns: f64,
    /// From so many cores on more cores take no more blocks; nothing if no line is shared. Below 1:
    /// two cores are already slower than one.
    pub cores: Option<f64>,
    /// What was measured on this machine.
    pub points: Vec<Point>,
}

/// A measured number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Threads, each with a core of its own.
    pub threads: usize,
    /// How many times the blocks of one thread they took and gave back in the same time.
    pub speedup: f64,
    /// How many times it would be by the model.
    pub foretold: f64,
}
