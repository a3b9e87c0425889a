//! Which cells there are, and which of them make sense.

mod case;
mod memory;

use crate::contender::Shape;
use crate::lineup::Name;
use crate::numbers::plural;
use crate::payload::Payload;
use crate::workers::Cores;
use crate::workload::Workload;

pub(crate) use case::in_words;
pub use case::{Case, Work};

/// The most threads.
pub const MOST_THREADS: usize = 1_024;
/// The largest block, in bytes.
pub const LARGEST_BLOCK: usize = 1 << 30;
/// The most blocks of an arena: the checks count each of them after each run.
pub const LARGEST_ARENA: usize = 10_000_000;

/// What is to be combined with what.
#[derive(Clone, Debug)]
pub struct Grid {
    /// The contenders, at least one.
    pub names: Vec<Name>,
    /// The workloads.
    pub workloads: Vec<Workload>,
    /// What is written into the blocks, as far as the workloads can; `None` for what is usual in
    /// each.
    pub payloads: Option<Vec<Payload>>,
    /// Numbers of threads.
    pub threads: Vec<usize>,
    /// Bytes of a block.
    pub block_sizes: Vec<usize>,
    /// Blocks of an arena.
    pub arenas: Vec<usize>,
    /// Whether an arena is refused that is too small for the threads or too large for the machine;
    /// else it is left out.
    pub strict: bool,
}

/// One thread, all cores, four times the cores.
#[must_use]
pub fn usual_threads(cores: &Cores) -> Vec<usize> {
    let mut threads = vec![1, cores.count(), 4 * cores.count()];
    threads.iter_mut().for_each(|threads| *threads = (*threads).min(MOST_THREADS));
    threads.dedup();
    threads
}

/// The usual block sizes.
pub const USUAL_BLOCK_SIZES: [usize; 2] = [64, 16 << 10];
/// The usual arenas.
pub const USUAL_ARENAS: [usize; 2] = [1_000, 100_000];

/// The cases of a grid, and notes on those left out.
///
/// # Errors
///
/// What does not fit together, in one line.
pub fn cases(grid: &Grid) -> Result<(Vec<Case>, Vec<String>), String> {
    let (mut cases, mut notes) = (Vec::new(), Vec::new());
    for Work { workload, payload } in works(grid, &mut notes) {
        for &threads in &grid.threads {
            if let Some(reason) = workload.cannot(threads) {
                notes.push(format!(
                    "left out: {workload} at {}: {reason}",
                    plural(threads, "thread")
                ));
                continue;
            }
            for &block_size in &grid.block_sizes {
                for &arena in &grid.arenas {
                    let case = Case::new(workload, threads, block_size, arena).writing(payload);
                    let enough = enough_blocks(&case);
                    match enough.and_then(|()| memory::check(&case, &grid.names)) {
                        Ok(()) => cases.push(case),
                        Err(reason) if grid.strict => return Err(reason),
                        Err(reason) => {
                            let note = format!("left out: {reason}");
                            if !notes.contains(&note) {
                                notes.push(note);
                            }
                        }
                    }
                }
            }
        }
    }
    notes.dedup();
    if cases.is_empty() {
        return Err(notes.swap_remove(0));
    }
    let can = |name: &Name| cases.iter().any(|case| name.kind().cannot(case.workload).is_none());
    if !grid.names.iter().copied().any(|name| can(&name)) {
        let name = grid.names[0];
        let reason = name.kind().cannot(cases[0].workload).unwrap_or_default();
        return Err(format!("{name} cannot do {}: {reason}", cases[0].workload));
    }
    Ok((cases, notes))
}

/// Each workload with each payload, and notes on what does not go together.
fn works(grid: &Grid, notes: &mut Vec<String>) -> Vec<Work> {
    let mut works = Vec::new();
    for &workload in &grid.workloads {
        let usual = [workload.payload()];
        for &payload in grid.payloads.as_deref().unwrap_or(&usual) {
            let work = Work { workload, payload };
            match workload.cannot_write(payload) {
                Some(reason) => notes.push(format!("left out: {work}: {reason}")),
                None => works.push(work),
            }
        }
    }
    works
}

/// Every thread must find its blocks, or failing calls would be measured.
fn enough_blocks(case: &Case) -> Result<(), String> {
    let Shape { arena, threads, .. } = case.shape;
    let needed = case.workload.least_arena(threads);
    if arena >= needed {
        return Ok(());
    }
    Err(format!(
        "an arena of {} is too small for {} at {}, which need {needed}; allowed is {needed} or \
         more",
        plural(arena, "block"),
        case.workload,
        plural(threads, "thread"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(threads: usize, arenas: Option<Vec<usize>>) -> Grid {
        Grid {
            names: crate::lineup::names().collect(),
            workloads: Workload::USUAL.to_vec(),
            payloads: None,
            threads: vec![threads],
            block_sizes: vec![64],
            strict: arenas.is_some(),
            arenas: arenas.unwrap_or_else(|| USUAL_ARENAS.to_vec()),
        }
    }

    #[test]
    fn a_case_for_every_combination() {
        let (cases, notes) = cases(&grid(2, Some(vec![64, 100, 1_000]))).unwrap();
        assert_eq!((cases.len(), notes.len()), (6, 0));
    }

    #[test]
    fn usual_arenas_that_are_too_small_are_left_out_and_named() {
        let (cases, notes) = cases(&grid(100, None)).unwrap();
        assert_eq!((cases.len(), notes.len()), (3, 1), "{notes:?}");
        assert!(notes[0].contains("burst at 100 threads"), "{notes:?}");
    }

    #[test]
    fn usual_arenas_that_are_too_large_are_left_out_and_named() {
        let huge = Grid { block_sizes: vec![64, LARGEST_BLOCK], ..grid(1, None) };
        let (kept, notes) = cases(&huge).unwrap();
        let (block_size, arena) = (LARGEST_BLOCK, USUAL_ARENAS[1]);
        let is_huge = |shape: Shape| (shape.block_size, shape.arena) == (block_size, arena);
        assert!(!kept.iter().any(|case| is_huge(case.shape)), "{kept:?}");
        let named = notes.iter().filter(|note| note.contains("100000 blocks of 1024 MiB is too"));
        assert_eq!(named.count(), 1, "{notes:?}");
        assert!(cases(&Grid { arenas: vec![arena], strict: true, ..huge }).is_err());
    }

    #[test]
    fn payloads_are_combined_with_the_workloads_that_can_write_them() {
        let workloads = vec![Workload::Pair, Workload::Exhausted];
        let payloads = Some(Payload::ALL.to_vec());
        let all = Grid { workloads, payloads, ..grid(1, Some(vec![100])) };
        let (kept, notes) = cases(&all).unwrap();
        let kept: Vec<_> = kept.iter().map(|case| case.work().to_string()).collect();
        assert_eq!(kept, ["pair, payload none", "pair", "pair, payload block", "exhausted"]);
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[0].starts_with("left out: exhausted, payload line: it gets"), "{notes:?}");
    }

    #[test]
    fn an_arena_that_was_asked_for_is_not_left_out_silently() {
        let refused = cases(&grid(2, Some(vec![63]))).unwrap_err();
        assert!(refused.ends_with("allowed is 64 or more"), "{refused}");
    }

    #[test]
    fn what_threads_cannot_do_is_named() {
        let odd = Grid { workloads: Workload::ALL.to_vec(), ..grid(1, Some(vec![1_000])) };
        let (kept, notes) = cases(&odd).unwrap();
        assert_eq!(kept.len(), Workload::ALL.len() - 1);
        assert_eq!(notes, ["left out: handover at 1 thread: its threads work in pairs"]);
        let alone = Grid { workloads: vec![Workload::Handover], ..odd };
        assert!(cases(&alone).unwrap_err().contains("handover at 1 thread"));
    }
}
