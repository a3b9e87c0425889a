//! From counts, the price of a transfer and the cells of a run to what more cores would bring.

use super::counts::Count;
use super::transfer::Transfer;
use super::{Point, Saturation, Scaling};
use crate::grid::Case;
use crate::lineup::Name;
use crate::median::median;
use crate::record::Cell;

/// Whether contenders that were counted are among these.
pub(crate) fn are_counted(names: &[Name], counts: &[Count]) -> bool {
    counts.iter().any(|count| {
        names.iter().any(|name| name.contender == count.contender && name.path == count.path)
    })
}

/// Whether there are cases of one thread and of several with a core each.
pub(crate) fn can_be_compared<'a>(
    cases: impl Iterator<Item = &'a Case> + Clone,
    cores: usize,
) -> bool {
    let some = |fits: &dyn Fn(usize) -> bool| cases.clone().any(|case| fits(case.shape.threads));
    some(&|threads| threads == 1) && some(&|threads| (2..=cores).contains(&threads))
}

/// What the cells of a run on so many cores say of more of them, in the order of the cells; nothing
/// if none of them was counted and measured on one thread.
pub(crate) fn foretell(
    cells: &[Cell],
    counts: &[Count],
    transfer: Transfer,
    cores: usize,
) -> Option<Scaling> {
    let saturations: Vec<_> = counts
        .iter()
        .filter_map(|count| saturation(count, cells, transfer.median_ns, cores))
        .collect();
    (!saturations.is_empty()).then_some(Scaling {
        transfer_ns: transfer.median_ns,
        transfer_min_ns: transfer.min_ns,
        saturations,
    })
}

/// One contender at one workload, over all its block sizes and arenas.
fn saturation(count: &Count, cells: &[Cell], transfer_ns: f64, cores: usize) -> Option<Saturation> {
    let own: Vec<_> = cells.iter().filter(|cell| is_of(count, cell)).collect();
    let alone: Vec<_> = own.iter().filter(|cell| cell.threads == 1).collect();
    if alone.is_empty() {
        return None;
    }
    let alone_ns = median(&alone.iter().map(|cell| cell.median_ns).collect::<Vec<_>>());
    let shared_rmws = count.shared_per_block();
    let most = (count.shared_rmws > 0).then(|| alone_ns / (shared_rmws * transfer_ns));

    let mut threads: Vec<_> = own.iter().map(|cell| cell.threads).collect();
    threads.sort_unstable();
    threads.dedup();
    let points = threads.into_iter().filter(|threads| (2..=cores).contains(threads));
    let points = points.filter_map(|threads| {
        let speedups = own.iter().filter(|cell| cell.threads == threads).filter_map(|cell| {
            let place = |cell: &Cell| (cell.block_size, cell.arena);
            let one = alone.iter().find(|one| place(one) == place(cell))?;
            Some(one.median_ns / cell.median_ns)
        });
        let speedups: Vec<_> = speedups.collect();
        let foretold = most.map_or(threads as f64, |most| most.min(threads as f64));
        (!speedups.is_empty()).then(|| Point { threads, speedup: median(&speedups), foretold })
    });
    Some(Saturation {
        contender: count.contender.clone(),
        path: count.path.clone(),
        workload: count.workload.clone(),
        shared_rmws,
        alone_ns,
        cores: most,
        points: points.collect(),
    })
}

fn is_of(count: &Count, cell: &Cell) -> bool {
    (cell.contender, cell.path) == (&*count.contender, &*count.path)
        && cell.workload.to_string() == count.workload
        && cell.work().unusual_payload().is_none()
        // What threads share that are born and end is not counted.
        && !cell.workload.starts_threads()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Workload;

    const TRANSFER: Transfer = Transfer { median_ns: 40.0, min_ns: 30.0 };

    fn count(shared_rmws: u64) -> Count {
        Count {
            contender: "plain-stack".to_owned(),
            path: "handle".to_owned(),
            workload: "pair".to_owned(),
            threads: 1,
            block_size: 64,
            arena: 1_000,
            blocks: 1_000,
            shared_rmws,
            mark_rmws: 0,
        }
    }

    fn cell(threads: usize, block_size: usize, median_ns: f64) -> Cell {
        let name = Name { contender: "plain-stack", path: "handle" };
        let case = Case::new(Workload::Pair, threads, block_size, 1_000);
        Cell::new(name, case, vec![median_ns], 28.0)
    }

    fn only(cells: &[Cell], shared_rmws: u64, cores: usize) -> Saturation {
        let scaling = foretell(cells, &[count(shared_rmws)], TRANSFER, cores).unwrap();
        assert_eq!((scaling.transfer_ns, scaling.transfer_min_ns), (40.0, 30.0));
        let [saturation] = scaling.saturations.try_into().unwrap();
        saturation
    }

    #[test]
    fn a_line_that_is_moved_twice_a_block_allows_a_block_in_two_transfers() {
        let cells = [cell(1, 64, 16.0), cell(2, 64, 64.0)];
        let found = only(&cells, 2_000, 2);
        assert_eq!((found.shared_rmws, found.alone_ns), (2.0, 16.0));
        assert_eq!(found.cores, Some(0.2), "16 ns of work for 80 ns of transfers");
        assert_eq!(found.points, [Point { threads: 2, speedup: 0.25, foretold: 0.2 }]);
    }

    #[test]
    fn up_to_saturation_the_cores_count_and_then_the_line() {
        // One transfer in ten blocks: 4 ns a block, by 16 ns of work.
        let cells = [1, 2, 4, 8].map(|threads| cell(threads, 64, 16.0 / threads as f64));
        let found = only(&cells, 100, 8);
        assert_eq!(found.cores, Some(4.0));
        let foretold: Vec<_> = found.points.iter().map(|it| (it.threads, it.foretold)).collect();
        assert_eq!(foretold, [(2, 2.0), (4, 4.0), (8, 4.0)]);
    }

    #[test]
    fn without_a_shared_line_nothing_saturates() {
        let found = only(&[cell(1, 64, 2.0), cell(2, 64, 1.0)], 0, 2);
        assert_eq!(found.cores, None);
        assert_eq!(found.points, [Point { threads: 2, speedup: 2.0, foretold: 2.0 }]);
    }

    /// Threads that share a core say nothing of more cores, and each speed-up is of one size.
    #[test]
    fn points_compare_equal_sizes_on_cores_that_there_are() {
        let cells = [cell(1, 64, 10.0), cell(1, 256, 30.0), cell(2, 64, 20.0), cell(2, 256, 20.0)];
        let with_more = [&cells[..], &[cell(8, 64, 20.0), cell(2, 4096, 1.0)]].concat();
        let found = only(&with_more, 2_000, 2);
        assert_eq!(found.alone_ns, 20.0);
        assert_eq!(found.points, [Point { threads: 2, speedup: 1.0, foretold: 0.25 }]);
        assert_eq!(foretell(&cells[2..], &[count(1)], TRANSFER, 2), None, "nothing of 1 thread");
        assert_eq!(foretell(&cells, &[], TRANSFER, 2), None, "nothing was counted");
    }

    #[test]
    fn a_run_is_asked_for_cases_of_one_thread_and_of_several_cores() {
        let case = |threads| Case::new(Workload::Pair, threads, 64, 1_000);
        assert!(can_be_compared([case(1), case(2)].iter(), 2));
        assert!(!can_be_compared([case(1), case(8)].iter(), 2), "they share a core");
        assert!(!can_be_compared([case(2), case(4)].iter(), 4));
        let names = |contender| [Name { contender, path: "handle" }];
        assert!(are_counted(&names("plain-stack"), &[count(1)]));
        assert!(!are_counted(&names("array-queue"), &[count(1)]));
    }
}
