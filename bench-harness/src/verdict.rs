//! The verdicts in words: which cells met the target, and which did not.

use crate::distinct::distinct;
use crate::lineup::Kind;
use crate::numbers::plural;
use crate::record::Cell;

/// A line for each contender, in the order of the cells, and one overall.
#[must_use]
pub fn summary(cells: &[Cell], target_ns: f64) -> Vec<String> {
    let judged: Vec<&Cell> = cells.iter().filter(|cell| cell.met.is_some()).collect();
    let names = distinct(judged.iter().map(|cell| cell.name));
    let mut lines: Vec<_> = names
        .iter()
        .map(|&name| {
            let own: Vec<_> = judged.iter().copied().filter(|cell| cell.name == name).collect();
            format!("{name} {}", tally(&own))
        })
        .collect();
    if judged.is_empty() && cells.iter().any(|cell| cell.name.is_judged()) {
        lines.push(format!(
            "overall: the target of {target_ns} ns cannot be judged: the loop alone exceeds it"
        ));
    } else if judged.is_empty() {
        lines.push("overall: no allocator was measured".to_owned());
    } else {
        let met = judged.iter().filter(|cell| cell.met == Some(true)).count();
        lines.push(format!(
            "overall: the target of {target_ns} ns was met in {met} of {}",
            plural(judged.len(), "cell")
        ));
    }
    lines
}

/// "met 5 of 8 cells; missed: pair at 2 threads (3 of 4, worst 91.0 ns)".
fn tally(cells: &[&Cell]) -> String {
    let met = cells.iter().filter(|cell| cell.met == Some(true)).count();
    let mut text = format!("met {met} of {}", plural(cells.len(), "cell"));
    let mut missed = Vec::new();
    for together in cells.chunk_by(|a, b| (a.work(), a.threads) == (b.work(), b.threads)) {
        let slow: Vec<_> = together.iter().filter(|cell| cell.met == Some(false)).collect();
        let Some(worst) = slow.iter().map(|cell| cell.median_ns).max_by(f64::total_cmp) else {
            continue;
        };
        let of = if together.len() == 1 {
            String::new()
        } else {
            format!("{} of {}, worst ", slow.len(), together.len())
        };
        let (work, threads) = (together[0].work(), plural(together[0].threads, "thread"));
        missed.push(format!("{work} at {threads} ({of}{worst:.1} ns)"));
    }
    if !missed.is_empty() {
        text += "; missed: ";
        text += &missed.join(", ");
    }
    text
}

/// Below this share of its pace on one thread the loop was not alone on its cores.
const CROWDED: f64 = 0.75;

/// A warning if threads that should have had a core each did not: threads that are stopped do not
/// contend, so the others' figures come out too low. The loop alone tells, which has nothing to
/// wait for and should take as long on many threads as on one.
#[must_use]
pub fn crowding(cells: &[Cell], cores: usize) -> Option<String> {
    let tells = |cell: &&Cell| cell.name.kind() == Kind::Loop && !cell.workload.starts_threads();
    let alone = || cells.iter().filter(tells);
    let place = |cell: &Cell| (cell.work(), cell.block_size, cell.arena);
    let paces = alone().filter(|cell| (2..=cores).contains(&cell.threads)).filter_map(|cell| {
        let one = alone().find(|one| one.threads == 1 && place(one) == place(cell))?;
        Some(one.median_ns / (cell.median_ns * cell.threads as f64))
    });
    let least = paces.min_by(f64::total_cmp).filter(|pace| *pace < CROWDED)?;
    Some(format!(
        "threads did not have a core each: the loop alone fell to {:.0} % of its pace on 1 thread; \
         contenders look better under contention than they are",
        100.0 * least
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Case;
    use crate::lineup::Name;
    use crate::workload::Workload;

    fn cell(threads: usize, arena: usize, median_ns: f64) -> Cell {
        let name = Name { contender: "block-mutex", path: "handle" };
        let case = Case::new(Workload::Pair, threads, 64, arena);
        Cell::new(name, case, vec![median_ns], 28.0)
    }

    #[test]
    fn what_missed_the_target_is_named_with_its_worst_figure() {
        let cells = [cell(1, 10, 28.0), cell(1, 20, 1.0), cell(2, 10, 28.01), cell(2, 20, 99.0)];
        assert_eq!(
            summary(&cells, 28.0),
            [
                "block-mutex/handle met 2 of 4 cells; missed: pair at 2 threads (2 of 2, worst 99.0 ns)",
                "overall: the target of 28 ns was met in 2 of 4 cells",
            ]
        );
    }

    #[test]
    fn the_loop_alone_is_not_judged() {
        let mut own = cell(1, 10, 1.0);
        own.name = Name { contender: crate::lineup::LOOP, path: "none" };
        own = Cell::new(own.name, own.case, own.samples_ns, 28.0);
        assert_eq!(own.met, None);
        assert_eq!(summary(&[own], 28.0), ["overall: no allocator was measured"]);
    }

    #[test]
    fn threads_without_a_core_each_are_told_by_the_loop() {
        let alone = |threads, median_ns| {
            let cell = cell(threads, 10, median_ns);
            let name = Name { contender: crate::lineup::LOOP, path: "none" };
            Cell::new(name, cell.case, cell.samples_ns, 28.0)
        };
        assert_eq!(crowding(&[alone(1, 0.6), alone(2, 0.3)], 2), None);
        assert_eq!(crowding(&[alone(2, 0.6)], 2), None, "nothing to compare with");
        assert_eq!(crowding(&[alone(1, 0.6), alone(4, 0.6)], 2), None, "they share cores anyway");
        assert_eq!(crowding(&[cell(1, 10, 6.0), cell(2, 10, 60.0)], 2), None, "contention");
        let churning = |threads| {
            let cell = alone(threads, 1_000.0);
            let case = Case::new(Workload::Churn, threads, 64, 100);
            Cell::new(cell.name, case, cell.samples_ns, 28.0)
        };
        assert_eq!(crowding(&[churning(1), churning(2)], 2), None, "threads that are started");
        let crowded = crowding(&[alone(1, 0.6), alone(2, 0.6)], 2).expect("half the pace");
        assert!(crowded.contains("50 %"), "{crowded}");
    }
}
