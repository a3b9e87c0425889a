//! What a run is made of: cases, each once, and who is measured at it.

use crate::grid::{self, Case, Grid};
use crate::lineup::{self, Name};

/// A case, and who is measured at it.
#[derive(Clone, Debug)]
pub struct Task {
    /// The case.
    pub case: Case,
    /// The contenders, those included that cannot do it.
    pub names: Vec<Name>,
}

impl Task {
    /// Those who can.
    #[must_use]
    pub fn able(&self) -> usize {
        let can = |name: &&Name| name.kind().cannot(self.case.workload).is_none();
        self.names.iter().filter(can).count()
    }
}

/// The cases of all grids, each once, and notes on those left out.
///
/// # Errors
///
/// What does not fit together, in one line.
pub fn tasks(grids: &[Grid]) -> Result<(Vec<Task>, Vec<String>), String> {
    let (mut tasks, mut notes) = (Vec::<Task>::new(), Vec::new());
    for grid in grids {
        let (cases, left_out) = match grid::cases(grid) {
            Err(reason) if grids.len() > 1 && !grid.strict => (Vec::new(), vec![reason]),
            cases => cases?,
        };
        for case in cases {
            match tasks.iter_mut().find(|task| task.case == case) {
                None => tasks.push(Task { case, names: grid.names.clone() }),
                Some(task) => {
                    let either =
                        |name: &Name| task.names.contains(name) || grid.names.contains(name);
                    task.names = lineup::names().filter(either).collect();
                }
            }
        }
        for note in left_out {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    if tasks.is_empty() {
        return Err(notes.swap_remove(0));
    }
    Ok((tasks, notes))
}

/// How many cells there are: those who can, at each case.
#[must_use]
pub fn cells(tasks: &[Task]) -> usize {
    tasks.iter().map(Task::able).sum()
}
