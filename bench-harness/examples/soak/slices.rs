//! The harness's workloads in short slices: timed as they are, or with every block stamped.

use std::time::Duration;

use bench_harness::grid::Case;
use bench_harness::median::median;
use bench_harness::subject::Subject;
use bench_harness::workers::Workers;
use bench_harness::workload::Workload;

use super::pools::BLOCK_SIZE;
use super::process;

/// Slices of a turn of which the shortest and the middle one are kept: what stops a thread, another
/// program or a child that is forked, seldom does so in all of them.
const SLICES: usize = 3;

/// How long a slice is to take for each thread on its core.
const SLICE: Duration = Duration::from_millis(1);

/// Pairs of each thread in a run with stamps.
const STAMPED_PAIRS: u64 = 256;

/// The workloads that so many threads can do.
pub(crate) fn workloads(threads: usize) -> Vec<Workload> {
    Workload::ALL.iter().copied().filter(|workload| workload.cannot(threads).is_none()).collect()
}

/// The fewest free blocks with which so many threads can do all of them.
pub(crate) fn least_free(threads: usize) -> usize {
    workloads(threads).iter().map(|workload| workload.least_arena(threads)).max().unwrap_or(1)
}

/// What a turn's slices took, in nanoseconds for a block taken and given back, all threads together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) least: f64,
    pub(crate) median: f64,
    /// Processor time of the process, with that of threads that a workload starts, and with what lies
    /// around the timed part.
    pub(crate) processor: f64,
}

/// How slices are run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slices<'a> {
    pub(crate) workers: &'a Workers,
    pub(crate) threads: usize,
    /// Blocks that are free when one begins.
    pub(crate) free: usize,
}

impl Slices<'_> {
    fn case(&self, workload: Workload) -> Case {
        Case::new(workload, self.threads, BLOCK_SIZE, self.free)
    }

    fn run(&self, subject: &dyn Subject, work: Workload, pairs: u64) -> Result<Duration, String> {
        let wall = self.workers.measure(subject, self.case(work), pairs);
        wall.map_err(|fault| format!("{work}: {fault}"))
    }

    /// How many pairs of each thread make a slice.
    ///
    /// # Errors
    ///
    /// What the pool was caught at.
    pub(crate) fn pairs(&self, subject: &dyn Subject, work: Workload) -> Result<u64, String> {
        let mut pairs = 64;
        loop {
            let walls: Result<Vec<_>, _> =
                (0..SLICES).map(|_| self.run(subject, work, pairs)).collect();
            // The shortest: else what stops a thread would make all slices too short for the whole run.
            let wall = walls?.into_iter().min().unwrap_or_default();
            if 4 * wall >= SLICE {
                let scaled = pairs as f64 * SLICE.as_secs_f64() / wall.as_secs_f64();
                return Ok(work.whole(scaled as u64));
            }
            pairs *= 2;
        }
    }

    /// Pairs of all threads in a turn's slices.
    pub(crate) fn all(&self, pairs: u64) -> u64 {
        SLICES as u64 * self.threads as u64 * pairs
    }

    /// Times a turn's slices.
    ///
    /// # Errors
    ///
    /// What the pool was caught at.
    pub(crate) fn time(
        &self,
        subject: &dyn Subject,
        work: Workload,
        pairs: u64,
    ) -> Result<Times, String> {
        let each = (self.threads as u64 * pairs) as f64;
        let (mut walls, before) = ([0.0; SLICES], process::processor_time());
        for wall in &mut walls {
            *wall = self.run(subject, work, pairs)?.as_nanos() as f64 / each;
        }
        let spent = process::processor_time() - before;
        Ok(Times {
            least: walls.into_iter().fold(f64::INFINITY, f64::min),
            median: median(&walls),
            processor: spent.as_nanos() as f64 / self.all(pairs) as f64,
        })
    }

    /// Runs it with a stamp in each block that is held.
    ///
    /// # Errors
    ///
    /// What the pool was caught at: a block with two holders most of all.
    pub(crate) fn stamped(&self, subject: &dyn Subject, work: Workload) -> Result<(), String> {
        let done = self.workers.stamped(subject, self.case(work), STAMPED_PAIRS);
        done.map_err(|fault| format!("{work}, stamped: {fault}"))
    }
}
