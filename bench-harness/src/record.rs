//! The record of a run: what every report is made from.
//!
//! `--format json` writes the [record](Record) of the run: every sample, the settings, the
//! machine with its kernel, the toolchain, the crate's version, the commit it was built from (with
//! `-dirty` if tracked files had changed), the date, and the version of the format. `--format csv`
//! has all of that in each row, the samples in one field with spaces between them.
//!
//! Page and picture can be made from a record as well, without measuring:
//!
//! ```console
//! bench-harness --from old.json --format html --output report.html
//! bench-harness --from old.json --format svg --output headline.svg
//! ```
//!
//! ```console
//! bench-harness --format json --output old.json
//! bench-harness --compare old.json                  # measures, then says what has changed
//! bench-harness --compare old.json --with new.json  # measures nothing
//! ```
//!
//! # How two records are compared
//!
//! A [comparison](crate::compare::Comparison) gives for each cell that both records have the change of
//! its median in percent, with a 95 % confidence interval, and says what can be told of it. Nothing is
//! assumed of how samples are distributed. A cell is *slower* or *faster* if two things hold:
//!
//! - its samples lie in an order that is no chance (a rank-sum test). Of all cells that are called
//!   different for that reason, not of each, one in twenty may be a mistake: so many cells do not
//!   make mistakes likely, nor hide what is clear;
//! - every pass of the later run lies on the same side of every pass of the earlier one. The test
//!   takes samples for independent, but those of one pass have the place of their memory, and the
//!   state of the machine, in common.
//!
//! Where a cell is slower, and its median by more than `--tolerance`, the exit code is 3. The loop
//! alone and the control are compared, but do not count.
//!
//! That knows what changes within a run, not all that changes from one run to the next. Four runs of
//! one program of 20 s and 64 cells each, on a virtual machine whose speed drifts, compared two by two: of
//! 384 changes 4 were told as faster by mistake, none as slower. Where the exit code decides, choose a
//! tolerance for the machine, or compare again before you believe it.
//!
//! # Interrupted runs
//!
//! Ctrl-C and SIGTERM end a run after the current sample. The report is written with the cells that
//! have a sample, however few, and says that it was interrupted; the exit code is 130. Before the
//! first sample nothing is written, and `--output` keeps what it has. The second Ctrl-C ends the
//! program at once, and writes nothing.

mod stored;

use std::collections::HashSet;
use std::ops::Range;

use serde::Serialize;

use crate::compare::Comparison;
use crate::control::Control;
use crate::grid::{Case, Work};
use crate::latency::{Latency, Timer};
use crate::lineup::{Kind, Name};
use crate::machine::Machine;
use crate::median::median;
use crate::origin::Origin;
use crate::payload::Payload;
use crate::plan::Task;
use crate::scaling::Scaling;
use crate::workload::Workload;

/// The record of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// What wrote it, and when: the first fields.
    #[serde(flatten)]
    pub origin: Origin,
    /// Whether the run was ended before all samples were taken.
    pub interrupted: bool,
    /// What it was measured on.
    pub machine: Machine,
    /// How it was measured.
    pub settings: Settings,
    /// What a reader must know who takes the figures further.
    pub notes: Vec<String>,
    /// The figures, contenders of one case side by side.
    pub cells: Vec<Cell>,
    /// What there is no figure for, since the contender cannot do it.
    pub unable: Vec<Unable>,
    /// How long single calls took, if that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub latencies: Vec<Latency>,
    /// The clock that they were timed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer: Option<Timer>,
    /// What the figures say of more cores than there are, if they say anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// How far a pool that was measured twice differs from itself, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// The verdicts in words, the last one overall.
    pub summary: Vec<String>,
    /// What has changed since an earlier record, if one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

/// How a run is measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Settings {
    /// Seconds that the run may take.
    pub time_seconds: f64,
    /// Samples of each cell.
    pub rounds: usize,
    /// How often the run goes over all cases, each time with new pools and its share of the rounds:
    /// what changes from time to time, and with the place of the memory, then shows in the samples.
    pub passes: usize,
    /// The target that the verdicts are about.
    pub target_ns: f64,
}

impl Settings {
    /// The rounds of a pass.
    pub(crate) fn rounds_of(self, pass: usize) -> Range<usize> {
        let from = |pass| pass * self.rounds / self.passes;
        from(pass)..from(pass + 1)
    }
}

/// One contender at one case. Every time is in nanoseconds per block taken and given back, all
/// threads together.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// The contender.
    pub contender: &'static str,
    /// The path through it.
    pub path: &'static str,
    /// The workload, by its name in the record.
    pub workload: Workload,
    /// What was written into its blocks.
    pub payload: Payload,
    /// Threads.
    pub threads: usize,
    /// Bytes of a block.
    pub block_size: usize,
    /// Blocks of the arena.
    pub arena: usize,
    /// The median of the samples: what the verdict is about.
    pub median_ns: f64,
    /// The least of the samples.
    pub min_ns: f64,
    /// One sample a round, in order; fewer if the run was interrupted.
    pub samples_ns: Vec<f64>,
    /// How many of the samples are of each pass, in order.
    pub passes: Vec<usize>,
    /// The median of the loop alone in the same case, if it was measured.
    pub loop_ns: Option<f64>,
    /// Whether the median is less than twice that: what is measured is the loop as much as the
    /// contender. Nothing if the loop was not measured, and for the loop alone.
    pub near_loop: Option<bool>,
    /// The median of the best general allocator in the same case, if one was measured.
    pub best_allocator_ns: Option<f64>,
    /// How many times as fast as that this is, by the medians; nothing for the loop alone.
    pub times_best_allocator: Option<f64>,
    /// How it was done, if not as the workload says.
    pub remark: Option<&'static str>,
    /// Whether the median met the target; nothing for the loop alone and the control, nor where the
    /// loop alone already misses it, so that nobody could.
    pub met: Option<bool>,
    /// The case that the fields above spell out.
    #[serde(skip)]
    pub case: Case,
    /// The name that the fields above spell out.
    #[serde(skip)]
    pub name: Name,
}

impl Cell {
    /// A cell of at least one sample.
    #[must_use]
    pub fn new(name: Name, case: Case, samples_ns: Vec<f64>, target_ns: f64) -> Self {
        let median_ns = median(&samples_ns);
        Self {
            contender: name.contender,
            path: name.path,
            workload: case.workload,
            payload: case.payload,
            threads: case.shape.threads,
            block_size: case.shape.block_size,
            arena: case.shape.arena,
            median_ns,
            min_ns: samples_ns.iter().copied().fold(f64::INFINITY, f64::min),
            passes: vec![samples_ns.len()],
            samples_ns,
            loop_ns: None,
            near_loop: None,
            best_allocator_ns: None,
            times_best_allocator: None,
            remark: None,
            met: name.is_judged().then_some(median_ns <= target_ns),
            case,
            name,
        }
    }

    /// What the threads did.
    #[must_use]
    pub fn work(&self) -> Work {
        self.case.work()
    }
}

/// Fills in what a cell says of the others of its case.
pub(crate) fn compare_within_case(case: &mut [Cell], target_ns: f64) {
    let least = |kind| {
        let medians =
            case.iter().filter(|cell| cell.name.kind() == kind).map(|cell| cell.median_ns);
        medians.min_by(f64::total_cmp)
    };
    let (alone, best) = (least(Kind::Loop), least(Kind::General));
    for cell in case {
        cell.loop_ns = alone;
        let alone = alone.filter(|_| cell.name.kind() != Kind::Loop);
        cell.met = cell.met.filter(|_| alone.is_none_or(|alone| alone <= target_ns));
        cell.near_loop = alone.map(|alone| cell.median_ns < 2.0 * alone);
        cell.best_allocator_ns = best;
        cell.times_best_allocator =
            best.filter(|_| cell.name.is_judged()).map(|best| best / cell.median_ns);
    }
}

/// A workload that a contender cannot do.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Unable {
    /// The contender.
    pub contender: &'static str,
    /// The path through it.
    pub path: &'static str,
    /// The workload, by its name in the record.
    pub workload: Workload,
    /// Why not.
    pub reason: &'static str,
}

/// What the contenders cannot do of that which is asked of them.
#[must_use]
pub fn unable(tasks: &[Task]) -> Vec<Unable> {
    let mut seen = HashSet::new();
    let mut unable = Vec::new();
    for Task { case: Case { workload, .. }, names } in tasks {
        unable.extend(names.iter().filter_map(|&name| {
            let reason = name.kind().cannot(*workload)?;
            let Name { contender, path } = name;
            let once = seen.insert((name, *workload));
            once.then_some(Unable { contender, path, workload: *workload, reason })
        }));
    }
    unable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_compared_with_the_best_general_allocator_of_its_case() {
        let case = Case::new(Workload::Pair, 1, 64, 10);
        let cell = |contender, ns| Cell::new(Name { contender, path: "any" }, case, vec![ns], 28.0);
        let mut cells = [
            cell("block-mutex", 2.0),
            cell("system", 8.0),
            cell("mimalloc", 5.0),
            cell("loop", 0.5),
        ];
        compare_within_case(&mut cells, 28.0);
        let times = cells.each_ref().map(|cell| cell.times_best_allocator);
        assert_eq!(times, [Some(2.5), Some(0.625), Some(1.0), None]);
        assert!(cells.iter().all(|cell| cell.loop_ns == Some(0.5)), "{cells:?}");
        let near = cells.each_ref().map(|cell| cell.near_loop);
        assert_eq!(near, [Some(false), Some(false), Some(false), None]);
        compare_within_case(&mut cells[..1], 28.0);
        assert_eq!(cells[0].times_best_allocator, None, "nothing to compare with");
        assert_eq!(cells[0].met, Some(true));
    }

    #[test]
    fn where_the_loop_alone_misses_the_target_nobody_is_judged() {
        let case = Case::new(Workload::Churn, 1, 64, 100);
        let cell = |contender, ns| Cell::new(Name { contender, path: "any" }, case, vec![ns], 28.0);
        let mut cells = [cell("block-mutex", 20.0), cell("system", 900.0), cell("loop", 30.0)];
        compare_within_case(&mut cells, 28.0);
        assert!(cells.iter().all(|cell| cell.met.is_none()), "{cells:?}");
    }

    #[test]
    fn what_a_contender_cannot_do_is_said_once_and_has_no_cell() {
        let names: Vec<_> = crate::lineup::names().collect();
        let task = |&workload| Task { case: Case::tight(workload, 2, 64), names: names.clone() };
        let tasks: Vec<_> = Workload::ALL.iter().map(task).collect();
        let unable = unable(&[&tasks[..], &tasks[..]].concat());
        assert_eq!(crate::plan::cells(&tasks) + unable.len(), tasks.len() * names.len());
        assert!(unable.iter().any(|unable| unable.contender == "system"), "{unable:?}");
    }
}
