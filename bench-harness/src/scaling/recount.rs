//! The counting itself, in the counting build alone.

use block_core::counting::{self, Counts};

use super::counts::Count;
use crate::grid::Case;
use crate::lineup::{self, Name};
use crate::peers::paths;
use crate::session::RunError;
use crate::workers::{Cores, Workers};
use crate::workload::Workload;

/// Bytes of a block.
const BLOCK_SIZE: usize = 64;
/// Blocks of an arena, or as many as the workload needs.
const ARENA: usize = 4_096;

/// Pairs of a thread before anything is counted: magazines are warm by then, and their first use,
/// or the first reclaim of a pool that is exhausted, is over.
const WARM: u64 = 10_000;
/// Pairs of a thread that are counted: whole batches of 31 and of 32.
const COUNTED: u64 = 99_200;

/// Counts each path through the workspace's pools at each workload.
///
/// What is counted is the difference of a long run and a short one, each on a new pool: so what
/// both do before and after, or only once, is in none of the counts.
///
/// # Errors
///
/// What cannot be built, started or was caught.
pub fn recount() -> Result<Vec<Count>, RunError> {
    let mut workers = Workers::new(Cores::usable());
    let mut counts = Vec::new();
    for &workload in Workload::ALL {
        let threads = (1..).find(|&threads| workload.cannot(threads).is_none()).unwrap_or(1);
        workers.start(threads).map_err(|error| RunError::Threads(threads, error))?;
        let arena = ARENA.max(workload.least_arena(threads));
        let case = Case::new(workload, threads, BLOCK_SIZE, arena);
        for entry in [paths::LOCK_FREE, paths::PLAIN_STACK, paths::MUTEX] {
            for path in entry.paths {
                counts.extend(count(&workers, Name { contender: entry.name, path }, case)?);
            }
        }
    }
    Ok(counts)
}

/// The count of one path; nothing if it cannot do the workload.
fn count(workers: &Workers, name: Name, case: Case) -> Result<Option<Count>, RunError> {
    let (short, long) = (case.workload.whole(WARM), case.workload.whole(WARM + COUNTED));
    let (Some(warm), Some(all)) =
        (run(workers, name, case, short)?, run(workers, name, case, long)?)
    else {
        return Ok(None);
    };
    Ok(Some(Count {
        contender: name.contender.to_owned(),
        path: name.path.to_owned(),
        workload: case.workload.to_string(),
        threads: case.shape.threads,
        block_size: case.shape.block_size,
        arena: case.shape.arena,
        blocks: (long - short) * case.shape.threads as u64,
        // Of two threads the short run may have had more than its share.
        shared_rmws: all.shared.saturating_sub(warm.shared),
        mark_rmws: all.marks.saturating_sub(warm.marks),
    }))
}

/// What a run on a new pool counts.
fn run(workers: &Workers, name: Name, case: Case, pairs: u64) -> Result<Option<Counts>, RunError> {
    let before = counting::total();
    let built = lineup::build(&[name], &case);
    let built = built.map_err(|(name, error)| RunError::Build(name, case, error.into()))?;
    let Some((_, subject)) = built.first() else { return Ok(None) };
    let measured = workers.measure(&**subject, case, pairs);
    measured.map_err(|fault| RunError::Fault(name, case, fault))?;
    let after = counting::total();
    Ok(Some(Counts { shared: after.shared - before.shared, marks: after.marks - before.marks }))
}
