//! What is measured if nothing else is asked for: plans, each of one grid or of several.
//!
//! A plan gives every choice that the command line leaves open. The sweeps change one thing and hold
//! the others at the place where most figures of this workspace are: blocks of 256 bytes in an arena
//! of 4,096, on one thread and on all cores, by one path through each contender.

mod estimate;
mod task;

use crate::grid::{self, Grid};
use crate::lineup::{self, CONTROL, Kind, Name};
use crate::payload::Payload;
use crate::workers::Cores;
use crate::workload::{Calls, Occupancy, Workload};

pub(crate) use estimate::estimate;
pub use task::{Task, cells, tasks};

/// A plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// What is measured if no plan is named.
    Usual,
    /// Block sizes from 16 bytes to 64 KiB.
    BlockSizes,
    /// Arenas from 100 to 10,000,000 blocks.
    Arenas,
    /// From 1 to 64 threads.
    Threads,
    /// From no block to every block held.
    Occupancy,
    /// From blocks that nobody touches to blocks that are written whole.
    Payloads,
    /// Calls for many blocks, on the grid of DPDK's test.
    BulkGrid,
    /// All of that, and every workload by every contender.
    Full,
}

/// The place in which sweeps hold what they do not change.
const BLOCK_SIZE: usize = 256;
const ARENA: usize = 4_096;

/// The numbers of blocks in a call, and those kept, of DPDK's `mempool_perf_autotest`
/// (`app/test/test_mempool_perf.c`).
const BULK: [u16; 8] = [1, 4, 8, 32, 64, 128, 256, 512];
const KEEP: [u16; 6] = [32, 128, 512, 2_048, 8_192, 32_768];

impl Plan {
    /// Every plan, in the order in which they are shown.
    pub const ALL: &[Self] = &[
        Self::Usual,
        Self::BlockSizes,
        Self::Arenas,
        Self::Threads,
        Self::Occupancy,
        Self::Payloads,
        Self::BulkGrid,
        Self::Full,
    ];

    /// As it is called on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::BlockSizes => "block-sizes",
            Self::Arenas => "arenas",
            Self::Threads => "threads",
            Self::Occupancy => "occupancy",
            Self::Payloads => "payloads",
            Self::BulkGrid => "bulk-grid",
            Self::Full => "full",
        }
    }

    /// One line for `--list`.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Usual => "pair and burst, small and large blocks, small and large arenas",
            Self::BlockSizes => "blocks from 16 B to 64 KiB",
            Self::Arenas => "arenas from 100 to 10,000,000 blocks",
            Self::Threads => "from 1 to 64 threads",
            Self::Occupancy => "pairs while from none to all of the blocks are held",
            Self::Payloads => "blocks left untouched, touched, written whole",
            Self::BulkGrid => "get x put x keep, as DPDK tests its mempool",
            Self::Full => "all of these, and every workload by every contender",
        }
    }

    /// Seconds that its run takes unless something else is asked for.
    #[must_use]
    pub const fn seconds(self) -> f64 {
        match self {
            Self::Full => 900.0,
            Self::BulkGrid => 180.0,
            _ => 60.0,
        }
    }

    /// Whether it chooses the workloads, so that nobody else can.
    #[must_use]
    pub const fn chooses_workloads(self) -> bool {
        matches!(self, Self::Occupancy | Self::BulkGrid)
    }

    /// The plans that it is made of, itself included.
    #[must_use]
    pub fn parts(self) -> Vec<Self> {
        if self != Self::Full {
            return vec![self];
        }
        let others = Self::ALL.iter().copied().filter(|&plan| plan != Self::Full);
        [self].into_iter().chain(others).collect()
    }

    /// The grids of this part alone.
    #[must_use]
    pub fn grids(self, cores: &Cores) -> Vec<Grid> {
        let sweep = sweep_of(cores);
        vec![match self {
            Self::Usual => Grid {
                names: lineup::usual().collect(),
                threads: grid::usual_threads(cores),
                block_sizes: grid::USUAL_BLOCK_SIZES.to_vec(),
                arenas: grid::USUAL_ARENAS.to_vec(),
                ..sweep
            },
            Self::BlockSizes => {
                Grid { block_sizes: (2..=8).map(|power| 1 << (2 * power)).collect(), ..sweep }
            }
            Self::Arenas => Grid {
                workloads: vec![Workload::Burst],
                block_sizes: vec![64],
                arenas: (2..=7).map(|power| 10_usize.pow(power)).collect(),
                ..sweep
            },
            Self::Threads => Grid { threads: (0..=6).map(|power| 1 << power).collect(), ..sweep },
            Self::Occupancy => Grid {
                workloads: occupancies(),
                arenas: vec![least_arena(&occupancies(), cores.count())],
                ..sweep
            },
            Self::Payloads => Grid {
                payloads: Some(Payload::ALL.to_vec()),
                block_sizes: vec![BLOCK_SIZE, 4 << 10],
                ..sweep
            },
            Self::BulkGrid => Grid {
                names: movers_of_many(),
                workloads: bulk_grid(),
                arenas: vec![least_arena(&bulk_grid(), cores.count())],
                ..sweep
            },
            Self::Full => {
                let every = Grid {
                    names: lineup::names().collect(),
                    workloads: Workload::ALL.to_vec(),
                    threads: grid::usual_threads(cores),
                    arenas: vec![least_arena(Workload::ALL, 4 * cores.count())],
                    ..sweep
                };
                // Neighbours share a line only if they are smaller than one.
                let small = Grid {
                    workloads: vec![Workload::Scratch],
                    block_sizes: vec![8, 16, 32, 64],
                    ..sweep_of(cores)
                };
                return vec![every, small];
            }
        }]
    }
}

/// What a sweep holds.
fn sweep_of(cores: &Cores) -> Grid {
    Grid {
        names: one_path_each(),
        workloads: Workload::USUAL.to_vec(),
        payloads: None,
        threads: one_and_all(cores),
        block_sizes: vec![BLOCK_SIZE],
        arenas: vec![least_arena(Workload::USUAL, cores.count())],
        strict: false,
    }
}

/// One thread, and all cores.
fn one_and_all(cores: &Cores) -> Vec<usize> {
    let mut threads = vec![1, cores.count().min(grid::MOST_THREADS)];
    threads.dedup();
    threads
}

/// The safe path of each block pool, what it stands on, and whatever needs no asking for.
fn one_path_each() -> Vec<Name> {
    let chosen = |name: &Name| match name.kind() {
        Kind::Pool if name.contender == lineup::OURS => name.path != "raw",
        Kind::Pool => name.path == "handle" || name.contender == CONTROL,
        _ => true,
    };
    lineup::usual().filter(chosen).collect()
}

/// Those who move many blocks in a call, and one allocator to compare them with.
fn movers_of_many() -> Vec<Name> {
    let chosen = |name: &Name| match name.kind() {
        Kind::Pool => name.path == "unchecked" && name.contender != "array-queue",
        Kind::General => name.contender == "mimalloc",
        Kind::Loop => true,
        _ => false,
    };
    lineup::usual().filter(chosen).collect()
}

/// An arena in which so many threads can do each of the workloads, no smaller than the usual one.
pub(crate) fn least_arena(workloads: &[Workload], threads: usize) -> usize {
    let threads = threads.min(grid::MOST_THREADS);
    let least = workloads.iter().map(|workload| workload.least_arena(threads)).max();
    least.unwrap_or_default().next_power_of_two().max(ARENA)
}

/// From none held to all of them.
fn occupancies() -> Vec<Workload> {
    let shares = [100, 250, 500, 750, 900, 950, 990, 998];
    let some = shares.into_iter().filter_map(Occupancy::per_mille).map(Workload::NearFull);
    [Workload::Pair].into_iter().chain(some).chain([Workload::Exhausted]).collect()
}

/// Those points of the grid that make sense: in no call more blocks than are kept.
fn bulk_grid() -> Vec<Workload> {
    let calls = KEEP.into_iter().flat_map(|keep| {
        BULK.into_iter()
            .flat_map(move |get| BULK.into_iter().filter_map(move |put| Calls::new(get, put, keep)))
    });
    calls.map(Workload::Bulk).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(plan: Plan) -> (Vec<Task>, Vec<String>) {
        let grids: Vec<_> =
            plan.parts().iter().flat_map(|part| part.grids(&Cores::usable())).collect();
        tasks(&grids).expect("every plan has cases on any machine")
    }

    /// How many different ones there are.
    fn different<T: Ord>(values: impl Iterator<Item = T>) -> usize {
        values.collect::<std::collections::BTreeSet<_>>().len()
    }

    #[test]
    fn each_sweep_has_its_values_and_holds_the_rest() {
        let sizes = of(Plan::BlockSizes).0;
        assert_eq!(different(sizes.iter().map(|task| task.case.shape.block_size)), 7);
        assert_eq!(different(sizes.iter().map(|task| task.case.shape.arena)), 1);
        let threads = of(Plan::Threads).0;
        assert_eq!(different(threads.iter().map(|task| task.case.shape.threads)), 7);
        let workloads =
            |plan| different(of(plan).0.iter().map(|task| task.case.workload.to_string()));
        assert_eq!(workloads(Plan::Occupancy), 10);
        assert_eq!(workloads(Plan::BulkGrid), 16 + 36 + 4 * 64);
        assert_eq!(
            different(of(Plan::Payloads).0.iter().map(|task| task.case.payload.to_string())),
            3
        );
    }

    #[test]
    fn a_plan_names_what_does_not_fit_the_machine() {
        let (arenas, notes) = of(Plan::Arenas);
        let largest = arenas.iter().map(|task| task.case.shape.arena).max();
        assert!(largest == Some(10_000_000) || !notes.is_empty(), "{notes:?}");
    }

    #[test]
    fn the_full_plan_has_each_case_of_the_others_once() {
        let full = of(Plan::Full).0;
        let cases: std::collections::HashSet<_> = full.iter().map(|task| task.case).collect();
        assert_eq!(cases.len(), full.len());
        for &plan in Plan::ALL {
            for task in of(plan).0 {
                let same = full.iter().find(|other| other.case == task.case).expect("it is there");
                assert!(task.names.iter().all(|name| same.names.contains(name)), "{plan:?}");
            }
        }
    }
}
