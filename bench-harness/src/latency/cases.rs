//! At which cases single calls are timed.

use crate::grid::{self, Grid};
use crate::lineup;
use crate::workers::Cores;
use crate::workload::{Occupancy, Workload};

/// What is timed if nothing else is asked for: short loops, and those in which a pool has next to no
/// block or none; up to more threads than cores.
#[must_use]
pub fn usual(cores: &Cores) -> Grid {
    Grid {
        names: lineup::usual().collect(),
        workloads: vec![
            Workload::Pair,
            Workload::Burst,
            Workload::NearFull(Occupancy::USUAL),
            Workload::Exhausted,
        ],
        payloads: None,
        threads: grid::usual_threads(cores),
        block_sizes: vec![256],
        arenas: vec![4_096],
        strict: false,
    }
}

/// Why the calls of a workload cannot be timed, if so.
#[must_use]
pub fn untimed(workload: Workload) -> Option<&'static str> {
    matches!(workload, Workload::Bulk(_)).then_some("only calls that move one block are timed")
}
