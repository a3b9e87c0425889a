//! At which cases single calls are timed.

use crate::grid::{self, Grid};
use crate::lineup;
use crate::plan::least_arena;
use crate::workers::Cores;
use crate::workload::{Occupancy, Workload};

/// What is timed if nothing else is asked for: short loops, and those in which a pool has next to no
/// block or none; up to more threads than cores.
#[must_use]
pub fn usual(cores: &Cores) -> Grid {
    let threads = grid::usual_threads(cores);
    let near_full = Workload::NearFull(Occupancy::USUAL);
    let workloads = vec![Workload::Pair, Workload::Burst, near_full, Workload::Exhausted];
    let most = threads.iter().copied().max().unwrap_or(1);
    Grid {
        names: lineup::usual().collect(),
        arenas: vec![least_arena(&workloads, most)],
        workloads,
        payloads: None,
        threads,
        block_sizes: vec![256],
        strict: false,
    }
}

/// Why the calls of a workload cannot be timed, if so.
#[must_use]
pub fn untimed(workload: Workload) -> Option<&'static str> {
    matches!(workload, Workload::Bulk(_)).then_some("only calls that move one block are timed")
}
