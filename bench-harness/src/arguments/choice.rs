//! What is measured, and for how long: the plan's choice, or what was asked for in its place.

use super::Arguments;
use crate::distinct::distinct;
use crate::grid::Grid;
use crate::latency;
use crate::lineup;
use crate::plan::Plan;
use crate::report::Format;
use crate::workers::Cores;

/// The most samples of a cell.
pub(super) const MOST_ROUNDS: usize = 1_000;

/// The usual number of passes: to build the pools takes time as well.
const USUAL_PASSES: usize = 5;

impl Arguments {
    /// What is to be combined with what: the plan's choice wherever nothing else was asked for.
    pub(crate) fn grids(&self, cores: &Cores) -> Result<Vec<Grid>, String> {
        if self.plan.chooses_workloads() && !self.workload.is_empty() {
            let plan = self.plan.name();
            return Err(format!("the plan {plan} chooses the workloads: leave out --workload"));
        }
        // Whoever chooses the workloads has no use for a sweep over them.
        let plans = |plan: &&Plan| self.workload.is_empty() || !plan.chooses_workloads();
        self.chosen(
            self.plan.parts().iter().filter(plans).flat_map(|plan| plan.grids(cores)).collect(),
        )
    }

    /// The same where single calls are timed, and notes on what is left out; nothing if they are not
    /// to be timed. A workload that cannot be timed is no error if another one can.
    pub(crate) fn latency_grids(&self, cores: &Cores) -> Result<(Vec<Grid>, Vec<String>), String> {
        if !self.times_calls() {
            return Ok(Default::default());
        }
        let mut grids = self.chosen(vec![latency::usual(cores)])?;
        let mut notes = Vec::new();
        for grid in &mut grids {
            // Of what is usual something may not fit what was asked for.
            grid.strict &= !self.workload.is_empty();
            // Calls are timed with the usual payload alone.
            grid.payloads = None;
            grid.workloads.retain(|&workload| {
                let reason = latency::untimed(workload);
                notes.extend(reason.map(|reason| format!("no latencies of {workload}: {reason}")));
                reason.is_none()
            });
        }
        grids.retain(|grid| !grid.workloads.is_empty());
        if grids.is_empty() && self.latency {
            return Err(notes.swap_remove(0));
        }
        Ok((grids, notes))
    }

    /// Grids with what was asked for in place of what they have.
    fn chosen(&self, mut grids: Vec<Grid>) -> Result<Vec<Grid>, String> {
        let names = lineup::select(&self.contender)?;
        for grid in &mut grids {
            let or = |given: &[usize], usual: &mut Vec<usize>| {
                if !given.is_empty() {
                    *usual = distinct(given.iter().copied());
                }
            };
            or(&self.threads.concat(), &mut grid.threads);
            or(&self.block_size, &mut grid.block_sizes);
            or(&self.arena, &mut grid.arenas);
            // Of all that there is something will not fit.
            grid.strict = !self.arena.is_empty() && self.plan != Plan::Full;
            if !self.contender.is_empty() {
                grid.names.clone_from(&names);
            }
            if !self.workload.is_empty() {
                grid.workloads = distinct(self.workload.concat().into_iter());
            }
            if !self.payload.is_empty() {
                grid.payloads = Some(distinct(self.payload.iter().copied()));
            }
        }
        Ok(grids)
    }

    /// Returns the form of the report.
    pub(crate) fn format(&self) -> Format {
        if self.verbose { Format::Table } else { self.format }
    }

    /// Whether single calls are timed.
    fn times_calls(&self) -> bool {
        self.latency || self.plan == Plan::Full
    }

    /// Seconds for the whole run.
    pub(crate) fn time(&self) -> f64 {
        self.time.unwrap_or(self.plan.seconds())
    }

    /// Seconds for the cells: all of them, or half if single calls are timed in the other half.
    pub(crate) fn time_of_cells(&self) -> f64 {
        if self.times_calls() { self.time() / 2.0 } else { self.time() }
    }

    /// Samples of each of so many cells: one for each 10 ms that the time allows. Many short ones:
    /// the longer a sample, the likelier another program stops one of its threads.
    pub(crate) fn rounds(&self, cells: usize) -> usize {
        let affordable = self.time_of_cells() / (0.010 * cells as f64);
        self.rounds.unwrap_or((affordable as usize).clamp(3, MOST_ROUNDS))
    }

    /// Passes that share so many rounds: at least one round for each, usually two.
    pub(crate) fn passes(&self, rounds: usize) -> usize {
        self.passes.unwrap_or(USUAL_PASSES.min(rounds / 2)).clamp(1, rounds)
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    #[test]
    fn the_time_decides_the_rounds() {
        let arguments = Arguments::parse_from(["bench-harness".into()].into_iter()).unwrap();
        assert_eq!([1, 264, 100_000].map(|cells| arguments.rounds(cells)), [1_000, 22, 3]);
    }
}
