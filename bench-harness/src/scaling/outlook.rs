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
    /// Nothing can, for this reason.
    Barred(&'static str),
    /// Nothing that was counted is measured.
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
        if !tasks.iter().any(|task| model::are_counted(&task.names, &counts)) {
            return Ok(Self::Nothing);
        }
        if cores == 1 {
            return Ok(Self::Barred("nothing is foretold of more cores: there is one alone"));
        }
        if !model::can_be_compared(tasks.iter().map(|task| &task.case), cores) {
            return Ok(Self::Barred(
                "nothing is foretold of more cores: that takes cells of 1 thread, and of more with \
                 a core each",
            ));
        }
        Ok(Self::Clear { counts, transfer: Transfer::measure(workers)?, cores })
    }

    /// What the cells of the run say.
    pub(crate) fn foretell(&self, cells: &[Cell]) -> Option<Scaling> {
        let Self::Clear { counts, transfer, cores } = self else { return None };
        model::foretell(cells, counts, *transfer, *cores)
    }

    /// Why nothing is foretold, where somebody might have expected it.
    pub(crate) fn note(&self) -> Option<String> {
        if let Self::Barred(reason) = self { Some((*reason).to_owned()) } else { None }
    }
}
