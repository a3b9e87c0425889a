//! Whether a run can say anything of more cores, and what.

use rayon::ThreadPoolBuildError;

use super::counts::{self, Count};
use super::transfer::Transfer;
use super::{Scaling, model};
use crate::plan::Task;
use crate::record::Cell;
use crate::workers::Workers;

/// What is known before a run.
#[derive(Clone, Debug)]
pub(crate) enum Outlook {
    /// Something can be said of so many cores and more.
    Clear { counts: Vec<Count>, transfer: Transfer, cores: usize },
    /// Nothing can be said: there is one core, or the run has no cells of 1 thread and of more with
    /// a core each, or nothing that was counted is measured.
    Nothing,
}

impl Outlook {
    /// Measures the price of a transfer, if the run has what it takes besides.
    ///
    /// # Errors
    ///
    /// If the system refuses a thread.
    pub(crate) fn of(
        tasks: &[Task],
        cores: usize,
        workers: &mut Workers,
    ) -> Result<Self, ThreadPoolBuildError> {
        let counts = counts::committed();
        let counted = tasks.iter().any(|task| model::are_counted(&task.names, &counts));
        let cases = tasks.iter().map(|task| &task.case);
        if !counted || cores == 1 || !model::can_be_compared(cases, cores) {
            return Ok(Self::Nothing);
        }
        Ok(Self::Clear { counts, transfer: Transfer::measure(workers)?, cores })
    }

    /// What the cells of the run say.
    pub(crate) fn foretell(&self, cells: &[Cell]) -> Option<Scaling> {
        let Self::Clear { counts, transfer, cores } = self else { return None };
        model::foretell(cells, counts, *transfer, *cores)
    }
}
