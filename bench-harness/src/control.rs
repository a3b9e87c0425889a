//! The same against the same: what a run says of a pool that it measured twice.
//!
//! The [control](crate::peers::control) is a contender like any other, and takes its turns with
//! them, but what it measures is the lock-free pool's safe path again. So all that the two differ by
//! is what this run cannot tell from a difference: a factor between two contenders of one case that
//! is no greater says nothing.

use serde::Serialize;

use crate::compare::{Change, Verdict};
use crate::lineup::CONTROL;
use crate::median::median;
use crate::numbers::plural;
use crate::peers::control::TWIN;
use crate::record::Cell;
use crate::stored::StoredCell;

/// A pool against itself, over the cases of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Control {
    /// The cases in which it was measured twice.
    pub cases: usize,
    /// By how many percent the two medians differ: the median over the cases.
    pub usual_percent: f64,
    /// The most in any case.
    pub most_percent: f64,
    /// In how many cases the rule of a [comparison](crate::compare) tells the two apart. At most one
    /// run in twenty should have any.
    pub told_apart: usize,
}

impl Control {
    /// What the cells say; nothing if no case has both.
    #[must_use]
    pub fn new(cells: &[Cell]) -> Option<Self> {
        let twins: Vec<_> = cells
            .chunk_by(|a, b| a.case == b.case)
            .filter_map(|case| {
                let twin = case.iter().find(|cell| cell.name == TWIN);
                twin.zip(case.iter().find(|cell| cell.contender == CONTROL))
            })
            .collect();
        let stored =
            |(one, other): &(&Cell, &Cell)| (StoredCell::from(*one), StoredCell::from(*other));
        let twins: Vec<_> = twins.iter().map(stored).collect();
        let changes =
            Change::all(&twins.iter().map(|twin| (&twin.0, &twin.1)).collect::<Vec<_>>(), 0.0);
        let differences: Vec<_> =
            changes.iter().map(|change| change.change_percent.abs()).collect();
        let most_percent = differences.iter().copied().max_by(f64::total_cmp)?;
        let apart = |change: &&Change| matches!(change.verdict, Verdict::Slower | Verdict::Faster);
        Some(Self {
            cases: changes.len(),
            usual_percent: median(&differences),
            most_percent,
            told_apart: changes.iter().filter(apart).count(),
        })
    }
}

impl std::fmt::Display for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cases, usual_percent, most_percent, told_apart } = self;
        write!(
            f,
            "control: the same pool measured twice in {} differs from itself by {usual_percent:.1} % \
             (median) and {most_percent:.1} % (worst): smaller differences are noise",
            plural(*cases, "case")
        )?;
        match told_apart {
            0 => Ok(()),
            _ => write!(
                f,
                "; in {told_apart} of them the two are told apart by mistake: measure again"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Case;
    use crate::lineup::Name;
    use crate::workload::Workload;

    fn cell(contender: &'static str, arena: usize, ns: f64) -> Cell {
        let name = Name { contender, ..TWIN };
        let samples = (0..20).map(|sample| ns * (1.0 + 0.001 * f64::from(sample))).collect();
        Cell::new(name, Case::new(Workload::Pair, 1, 64, arena), samples, 28.0)
    }

    #[test]
    fn a_pool_that_differs_from_itself_is_told() {
        let of = |ns: f64| {
            let cells = [10, 20, 30].map(|arena| {
                let twin = if arena == 20 { ns } else { 2.002 };
                [
                    cell(TWIN.contender, arena, 2.0),
                    cell("block-mutex", arena, 9.0),
                    cell(CONTROL, arena, twin),
                ]
            });
            Control::new(&cells.concat()).expect("both were measured")
        };
        let same = of(2.002);
        assert_eq!((same.cases, same.told_apart), (3, 0));
        assert!((same.most_percent - 0.1).abs() < 1e-6, "{same:?}");
        let other = of(2.4);
        assert_eq!(other.told_apart, 1);
        assert!((other.usual_percent - 0.1).abs() < 1e-6, "{other:?}");
        assert!((other.most_percent - 20.0).abs() < 1e-6, "{other:?}");
        assert!(other.to_string().contains("in 1 of them"), "{other}");
    }

    #[test]
    fn without_a_twin_there_is_nothing_to_say() {
        assert_eq!(
            Control::new(&[cell(TWIN.contender, 10, 2.0), cell("block-mutex", 10, 2.0)]),
            None
        );
    }
}
