//! The operations on buffers run, on any number of threads, and each has its figures.

use bench_harness::buffers::{CONTENDERS, Operation, measure, table};
use bench_harness::workers::{Cores, Workers};

#[test]
fn every_operation_has_samples_of_every_contender_and_a_line_in_the_table() {
    let rows = measure(&mut Workers::new(Cores::usable()), &[1, 3], 2).expect("a small pool");
    assert_eq!(rows.len(), 2 * Operation::ALL.len());
    for row in &rows {
        for samples in &row.samples_ns {
            assert_eq!(samples.len(), 2);
            assert!(samples.iter().all(|&ns| ns > 0.0 && ns.is_finite()), "{row:?}");
        }
        assert_eq!(row.times_bytes()[CONTENDERS.len() - 1], 1.0);
    }
    let shown = table(&rows);
    for operation in Operation::ALL {
        let lines = shown.lines().filter(|line| line.contains(&format!(" {} ", operation.name())));
        assert!(lines.count() >= 2, "{shown}");
    }
    assert!(CONTENDERS.iter().all(|name| shown.contains(name)), "{shown}");
}
