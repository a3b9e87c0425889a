//! The noise of a run, by its control: which differences between two contenders say something.

use super::view::{Cell, View};
use crate::lineup::{CONTROL, SAFE};
use crate::median::median;

/// How far the figures of a pool that was measured twice differ, as factors of 1 and more.
#[derive(Clone, Debug)]
pub(super) struct Noise<'a> {
    cases: Vec<(Case<'a>, f64)>,
}

/// What the cells of one case have in common: workload, payload, threads, block size, capacity.
type Case<'a> = (&'a str, &'a str, usize, usize, usize);

fn case(cell: &Cell) -> Case<'_> {
    (&cell.workload, cell.payload(), cell.threads, cell.block_size, cell.arena)
}

impl<'a> Noise<'a> {
    /// Returns the noise of the record's run, or `None` if the control was not measured.
    pub(super) fn of(view: &'a View) -> Option<Self> {
        let twins = view.cells.iter().filter(|cell| cell.contender == CONTROL);
        let cases: Vec<_> = twins
            .filter_map(|again| {
                let is_first = |cell: &&Cell| cell.name() == SAFE && case(cell) == case(again);
                let first = view.cells.iter().find(is_first)?;
                Some((case(again), factor(first.median_ns, again.median_ns)))
            })
            .collect();
        (!cases.is_empty()).then_some(Self { cases })
    }

    /// Returns the median over all cases.
    pub(super) fn usual(&self) -> f64 {
        median(&self.cases.iter().map(|(_, factor)| *factor).collect::<Vec<_>>())
    }

    /// Returns the greatest factor of any case.
    pub(super) fn worst(&self) -> f64 {
        self.cases.iter().fold(1.0, |worst, (_, factor)| factor.max(worst))
    }

    /// Returns the factor below which a difference in the cell's case says nothing: that of the
    /// control in this case, but no less than the median over all cases.
    pub(super) fn at(&self, cell: &Cell) -> f64 {
        let here = self.cases.iter().find(|(here, _)| *here == case(cell));
        here.map_or(1.0, |(_, factor)| *factor).max(self.usual())
    }
}

/// Returns the factor, 1 or more, by which two times differ.
pub(super) fn factor(one: f64, other: f64) -> f64 {
    (one / other).max(other / one)
}

/// Returns whether a difference between a cell and a time of the same case says something. It does
/// not if it is below the noise or the noise is unknown, nor if the loop alone exceeds the target.
pub(super) fn tells(view: &View, noise: Option<&Noise>, cell: &Cell, other_ns: f64) -> bool {
    let drowned = cell.loop_ns.zip(view.target_ns()).is_some_and(|(alone, target)| alone > target);
    !drowned && noise.is_some_and(|noise| factor(cell.median_ns, other_ns) > noise.at(cell))
}

/// Returns a factor as the percentage by which it exceeds 1.
pub(super) fn percent(factor: f64) -> String {
    let percent = 100.0 * (factor - 1.0);
    if percent < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}
