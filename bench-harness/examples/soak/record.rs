//! What a run leaves behind: where it was made, what it did, and all samples.

use std::fs;
use std::path::Path;

use bench_harness::machine::Machine;
use bench_harness::origin::Origin;
use bench_harness::workers::Cores;
use serde::{Deserialize, Serialize};

use super::drift::{Drift, MEMORY_BOUND, TIME_BOUND};
use super::samples::Merge;

/// What the `format` of every record says.
const FORMAT: &str = "bench-harness soak";

/// The pool that is none: the loop without an allocator.
pub(crate) const LOOP: &str = "loop";

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    format: String,
    /// When it began: UTC, in the form of RFC 3339.
    pub(crate) date: String,
    pub(crate) version: String,
    pub(crate) commit: String,
    /// Processor, cores, kernel and compiler.
    pub(crate) machine: String,
    /// Whether it was compiled with optimisation; if not, times mean nothing.
    pub(crate) optimised: bool,
    /// That other programs had a part of the machine, if they had.
    pub(crate) busy: Option<String>,
    /// Whether it was ended before its time.
    pub(crate) interrupted: bool,
    pub(crate) settings: Settings,
    pub(crate) counts: Counts,
    /// When each sample began, from the start of the run; the mean of several that became one.
    pub(crate) seconds: Vec<f64>,
    pub(crate) series: Vec<Series>,
}

/// How it was asked for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) time_seconds: f64,
    pub(crate) threads: usize,
    pub(crate) seed: u64,
    /// Bytes of a block, and blocks of each pool.
    pub(crate) block_size: usize,
    pub(crate) capacity: usize,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// How long it took.
    pub(crate) seconds: f64,
    /// Blocks taken and given back in timed slices.
    pub(crate) timed_pairs: u64,
    /// Runs of a workload with stamps in all blocks.
    pub(crate) stamped_runs: u64,
    /// Times that every block of all pools was accounted for.
    pub(crate) audits: u64,
    /// The longest time from one such count of a pool to its next.
    pub(crate) longest_gap_seconds: f64,
    pub(crate) exhaustions: u64,
    /// Threads that ended with full caches, besides those of the workloads `larson` and `churn`.
    pub(crate) threads_ended: u64,
    pub(crate) buffers: u64,
    pub(crate) waits: u64,
    pub(crate) signals: u64,
    /// Handlers that had a block.
    pub(crate) signals_served: u64,
    pub(crate) forks: u64,
}

/// A value over time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Series {
    /// The pool, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pool: Option<String>,
    /// The workload, if it is one's and not the geometric mean of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) workload: Option<String>,
    pub(crate) what: What,
    pub(crate) values: Vec<f64>,
}

/// Which value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// Nanoseconds for a block taken and given back: the shortest slice,
    LeastNs,
    /// the middle one of a second,
    MedianNs,
    /// and processor time.
    ProcessorNs,
    /// Resident memory,
    ResidentKib,
    /// and what of it is no file's.
    AnonymousKib,
    OpenFiles,
    Threads,
}

impl What {
    /// What becomes of two values.
    pub(crate) fn merge(self) -> Merge {
        if self == Self::LeastNs { Merge::Least } else { Merge::Mean }
    }
}

impl Record {
    /// A run that begins now, and did nothing yet.
    pub(crate) fn now(settings: Settings) -> Self {
        let Origin { version, commit, date, .. } = Origin::now();
        Self {
            format: FORMAT.to_owned(),
            date,
            version: version.to_owned(),
            commit: commit.to_owned(),
            machine: Machine::this(&Cores::usable()).to_string(),
            optimised: !cfg!(debug_assertions),
            busy: None,
            interrupted: false,
            settings,
            counts: Counts::default(),
            seconds: Vec::new(),
            series: Vec::new(),
        }
    }

    /// The record in a file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is none.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let record: Self = serde_json::from_str(&text)
            .map_err(|error| wrong(&format!("no record of a soak: {error}")))?;
        let lengths = || record.series.iter().all(|it| it.values.len() == record.seconds.len());
        match record.format == FORMAT && lengths() {
            true => Ok(record),
            false => Err(wrong(&"no record of a soak, or a damaged one")),
        }
    }

    /// The record as text: a line for each series, and no more digits than say something.
    pub(crate) fn text(&self) -> String {
        let text = serde_json::to_string(self).expect("strings and finite numbers");
        text.replace("{\"", "\n{\"").trim_start().to_owned() + "\n"
    }

    /// Series of a pool, or of the process.
    pub(crate) fn of<'a>(
        &'a self,
        pool: Option<&'a str>,
        what: What,
    ) -> impl Iterator<Item = &'a Series> {
        self.series.iter().filter(move |it| it.pool.as_deref() == pool && it.what == what)
    }

    /// The pools, without the loop.
    pub(crate) fn pools(&self) -> impl Iterator<Item = &str> {
        let whole = |it: &&Series| it.what == What::LeastNs && it.workload.is_none();
        self.series
            .iter()
            .filter(whole)
            .filter_map(|it| it.pool.as_deref())
            .filter(|it| *it != LOOP)
    }

    /// How the loop without an allocator drifts: that is the machine.
    pub(crate) fn machine_drift(&self) -> Option<Drift> {
        let series = self.of(Some(LOOP), What::LeastNs).find(|it| it.workload.is_none())?;
        Drift::of(&self.seconds, &series.values, TIME_BOUND)
    }

    /// How a series drifts; nothing if the run is too short to tell. By as much as the machine does
    /// times may drift as well.
    pub(crate) fn drift(&self, series: &Series) -> Option<Drift> {
        let bound = match series.what {
            What::LeastNs | What::MedianNs | What::ProcessorNs => {
                TIME_BOUND + self.machine_drift()?.percent.abs()
            }
            What::ResidentKib | What::AnonymousKib | What::OpenFiles | What::Threads => {
                MEMORY_BOUND
            }
        };
        Drift::of(&self.seconds, &series.values, bound)
    }
}

/// A value as it is recorded: to four digits.
pub(crate) fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().expect("written by the line itself")
}
