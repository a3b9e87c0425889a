//! The record of a run: what every report is made from.

use serde::Serialize;

use crate::grid::Case;
use crate::lineup::Name;
use crate::machine::Machine;

/// The record of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// What it was measured on.
    pub machine: Machine,
    /// How it was measured.
    pub settings: Settings,
    /// What a reader must know who takes the figures further.
    pub notes: Vec<String>,
    /// The figures, contenders of one case side by side.
    pub cells: Vec<Cell>,
    /// The verdicts in words, the last one overall.
    pub summary: Vec<String>,
}

/// How a run is measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Settings {
    /// Seconds that the run may take.
    pub time_seconds: f64,
    /// Samples of each cell.
    pub rounds: usize,
    /// The target that the verdicts are about.
    pub target_ns: f64,
}

/// One contender at one case. Every time is in nanoseconds per block taken and given back, all
/// threads together.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// The contender.
    pub contender: &'static str,
    /// The path through it.
    pub path: &'static str,
    /// The workload.
    pub workload: &'static str,
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
    /// One sample a round, in order.
    pub samples_ns: Vec<f64>,
    /// The median of the loop alone in the same case, if it was measured.
    pub loop_ns: Option<f64>,
    /// Whether the median met the target; nothing for the loop alone.
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
            workload: case.workload.name(),
            threads: case.shape.threads,
            block_size: case.shape.block_size,
            arena: case.shape.arena,
            median_ns,
            min_ns: samples_ns.iter().copied().fold(f64::INFINITY, f64::min),
            samples_ns,
            loop_ns: None,
            met: name.is_judged().then_some(median_ns <= target_ns),
            case,
            name,
        }
    }
}

/// The middle sample, or the mean of the two in the middle.
fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&[7.0]), 7.0);
    }
}
