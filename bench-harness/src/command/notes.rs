//! What a reader must know who takes the figures further, of the run as a whole.

use crate::latency::Latency;
use crate::machine::Machine;
use crate::numbers::plural;
use crate::plan::Task;
use crate::record::{Cell, Settings};
use crate::surroundings;

/// How far an interrupted run came.
pub(super) fn interruption(cells: &[Cell], planned: usize, settings: Settings) -> String {
    let taken: usize = cells.iter().map(|cell| cell.samples_ns.len()).sum();
    format!(
        "interrupted: {taken} of {} were taken, in {} of {}",
        plural(planned * settings.rounds, "sample"),
        cells.len(),
        plural(planned, "cell")
    )
}

/// How far the timing of calls came in an interrupted run.
pub(super) fn untimed(latencies: &[Latency], planned: usize) -> String {
    let cells = latencies.chunk_by(|a, b| a.cell() == b.cell()).count();
    format!("interrupted: calls were timed in {cells} of {}", plural(planned, "cell"))
}

/// Where the figures are less than they seem: threads without a core each, a machine that was not idle,
/// a build that is not one to be measured.
pub(super) fn remarks(tasks: &[Task], machine: &Machine, unpinned: usize) -> Vec<String> {
    let mut remarks = Vec::new();
    let most = tasks.iter().map(|task| task.case.shape.threads).max().unwrap_or(1);
    if most > machine.cores {
        remarks.push(format!(
            "up to {most} threads on {}: where there are more threads than cores, they take turns",
            plural(machine.cores, "core")
        ));
    }
    remarks.extend(surroundings::unpinned(unpinned));
    if let Some(load) = machine.load.filter(|load| *load >= 0.5) {
        remarks.push(format!(
            "the machine was not idle in the minute before the run: load {load:.1} on {}",
            plural(machine.cores, "core")
        ));
    }
    remarks.extend(surroundings::unoptimised());
    remarks
}
