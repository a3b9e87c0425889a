//! What has changed between two records.

mod change;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::median;
use crate::numbers::plural;
use crate::stored::{Place, Stored, StoredCell};

pub use change::{Change, Verdict};

/// Two records, cell by cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// When the earlier run began.
    pub old_date: String,
    /// What it measured.
    pub old_commit: String,
    /// When the later run began.
    pub new_date: String,
    /// What it measured.
    pub new_commit: String,
    /// How much slower a cell may be, in percent.
    pub tolerance_percent: f64,
    /// How many cells are slower than that.
    pub beyond_tolerance: usize,
    /// Why the figures may differ for other reasons than the code.
    pub warnings: Vec<String>,
    /// The cells of both records, in the order of the later one.
    pub changes: Vec<Change>,
    /// The cells that only the earlier record has.
    pub only_old: Vec<Place>,
    /// The cells that only the later record has.
    pub only_new: Vec<Place>,
}

impl Comparison {
    /// Compares the cells of both records.
    #[must_use]
    pub fn new(old: &Stored, new: &Stored, tolerance_percent: f64) -> Self {
        let before: HashMap<&Place, &StoredCell> =
            old.cells.iter().map(|cell| (&cell.place, cell)).collect();
        let after: HashSet<&Place> = new.cells.iter().map(|cell| &cell.place).collect();
        let in_both = new.cells.iter().filter_map(|cell| Some((*before.get(&cell.place)?, cell)));
        let changes = Change::all(&in_both.collect::<Vec<_>>(), tolerance_percent);
        let places = |record: &Stored, absent: &dyn Fn(&Place) -> bool| {
            let places = record.cells.iter().map(|cell| &cell.place);
            places.filter(|place| absent(place)).cloned().collect()
        };
        Self {
            old_date: old.date.clone(),
            old_commit: old.commit.clone(),
            new_date: new.date.clone(),
            new_commit: new.commit.clone(),
            tolerance_percent,
            beyond_tolerance: changes.iter().filter(|change| change.beyond_tolerance).count(),
            warnings: warnings(old, new, &changes),
            changes,
            only_old: places(old, &|place| !after.contains(place)),
            only_new: places(new, &|place| !before.contains_key(place)),
        }
    }

    /// What came of it, in a sentence.
    #[must_use]
    pub fn summary(&self) -> String {
        let count = |verdict| {
            self.changes.iter().filter(|change| change.verdict == verdict).count().to_string()
        };
        format!(
            "of {} in both records: {} slower ({} beyond the tolerance of {} %), {} faster, {} no \
             different, {} with too few samples to tell",
            plural(self.changes.len(), "cell"),
            count(Verdict::Slower),
            self.beyond_tolerance,
            self.tolerance_percent,
            count(Verdict::Faster),
            count(Verdict::NoDifference),
            count(Verdict::TooFewSamples),
        )
    }
}

/// What a reader, or a check that trusts the exit code, must know.
fn warnings(old: &Stored, new: &Stored, changes: &[Change]) -> Vec<String> {
    let (was, is) = (&old.machine, &new.machine);
    let cores = |count| plural(count, "core");
    let parts = [
        ("machine", was.cpu.clone(), is.cpu.clone()),
        ("number of cores", cores(was.cores), cores(is.cores)),
        ("kernel", was.kernel.clone(), is.kernel.clone()),
        ("toolchain", was.rustc.clone(), is.rustc.clone()),
    ];
    let differ = parts.into_iter().filter(|(_, was, is)| was != is);
    let mut warnings: Vec<_> =
        differ.map(|(part, was, is)| format!("another {part}: {was} before, {is} now")).collect();
    for (which, record) in [("earlier", old), ("later", new)] {
        if record.interrupted {
            warnings.push(format!("the {which} record is of a run that was interrupted"));
        }
    }
    let untold = changes.iter().filter(|change| change.verdict == Verdict::TooFewSamples).count();
    if untold > 0 {
        warnings.push(format!(
            "{} too few samples to tell: give both runs at least {} rounds",
            if untold == 1 { "1 cell has".to_owned() } else { format!("{untold} cells have") },
            median::FEWEST
        ));
    }
    if changes.is_empty() {
        warnings.push("the records have no cell in common".to_owned());
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineup;
    use crate::stored::StoredMachine;

    fn cell(contender: &str, samples_ns: Vec<f64>) -> StoredCell {
        let (path, workload) = ("handle".to_owned(), "pair".to_owned());
        let contender = contender.to_owned();
        let (payload, threads, block_size, arena) = ("line".to_owned(), 1, 64, 10);
        let place = Place { contender, path, workload, payload, threads, block_size, arena };
        StoredCell { place, samples_ns, passes: Vec::new() }
    }

    fn record(cells: Vec<StoredCell>) -> Stored {
        let text = |text: &str| text.to_owned();
        let (cpu, kernel, rustc) = (text("cpu"), text("kernel"), text("rustc"));
        let machine = StoredMachine { cpu, cores: 2, kernel, rustc };
        Stored { date: text("then"), commit: text("that"), interrupted: false, machine, cells }
    }

    fn around(ns: f64) -> Vec<f64> {
        (0..20).map(|sample| ns * (1.0 + 0.001 * f64::from(sample))).collect()
    }

    #[test]
    fn slower_counts_beyond_the_interval_and_the_tolerance() {
        let old = record(vec![cell("block-mutex", around(10.0))]);
        let compare = |ns, tolerance| {
            let new = record(vec![cell("block-mutex", around(ns))]);
            let Comparison { beyond_tolerance, changes, .. } =
                Comparison::new(&old, &new, tolerance);
            (changes[0].verdict, beyond_tolerance)
        };
        assert_eq!(compare(12.0, 5.0), (Verdict::Slower, 1));
        assert_eq!(compare(12.0, 25.0), (Verdict::Slower, 0));
        assert_eq!(compare(10.0, 0.0), (Verdict::NoDifference, 0));
        assert_eq!(compare(8.0, 5.0), (Verdict::Faster, 0));
    }

    /// What differs as much from pass to pass of one run as between two runs is no change.
    #[test]
    fn a_change_shows_in_every_pass() {
        let passes = |of: [f64; 2]| {
            let (samples_ns, passes) = (of.map(around).concat(), vec![20, 20]);
            record(vec![StoredCell { passes, ..cell("block-mutex", samples_ns) }])
        };
        let verdict =
            |old, new| Comparison::new(&passes(old), &passes(new), 5.0).changes[0].verdict;
        assert_eq!(verdict([10.0, 11.0], [12.0, 13.0]), Verdict::Slower);
        assert_eq!(verdict([12.0, 13.0], [10.0, 11.0]), Verdict::Faster);
        assert_eq!(verdict([10.0, 12.0], [11.5, 12.5]), Verdict::NoDifference);
    }

    /// One cell of many that differs as it may by chance is called no different.
    #[test]
    fn the_more_cells_there_are_the_surer_each_must_be() {
        // 8 samples against 8, all but one pair of them in order: a chance of 1 in 1,000 or so.
        let old: Vec<_> = (0..8).map(f64::from).map(|ns| 10.0 + ns).collect();
        let new: Vec<_> = old.iter().map(|ns| ns + 6.5).collect();
        let verdict = |others: usize| {
            let many = |samples: &[f64]| {
                let cells = (0..=others).map(|arena| {
                    let samples = if arena == 0 { samples } else { &old };
                    let mut cell = cell("block-mutex", samples.to_vec());
                    cell.place.arena = arena;
                    cell
                });
                record(cells.collect())
            };
            Comparison::new(&many(&old), &many(&new), 5.0).changes[0].verdict
        };
        assert_eq!(verdict(0), Verdict::Slower);
        assert_eq!(verdict(5_000), Verdict::NoDifference);
    }

    #[test]
    fn the_loop_alone_and_the_control_are_never_beyond_the_tolerance() {
        for contender in [lineup::LOOP, lineup::CONTROL] {
            let of = |ns| record(vec![cell(contender, around(ns))]);
            let Comparison { changes, beyond_tolerance, .. } =
                Comparison::new(&of(1.0), &of(2.0), 5.0);
            assert_eq!((changes[0].verdict, beyond_tolerance), (Verdict::Slower, 0));
        }
    }

    #[test]
    fn what_only_one_record_has_is_listed_and_another_machine_is_warned_of() {
        let old = record(vec![cell("block-mutex", around(1.0)), cell("gone", around(1.0))]);
        let mut new = record(vec![cell("block-mutex", vec![1.0; 5]), cell("added", around(1.0))]);
        new.machine.cores = 4;
        let compared = Comparison::new(&old, &new, 5.0);
        assert_eq!(compared.changes[0].verdict, Verdict::TooFewSamples);
        assert_eq!((compared.changes.len(), compared.only_old.len()), (1, 1));
        assert_eq!(compared.only_old[0].contender, "gone");
        assert_eq!(compared.only_new[0].contender, "added");
        let warnings = compared.warnings;
        assert_eq!(warnings[0], "another number of cores: 2 cores before, 4 cores now");
        assert!(warnings[1].starts_with("1 cell has too few samples"), "{warnings:?}");
        assert_eq!(warnings.len(), 2);
    }
}
