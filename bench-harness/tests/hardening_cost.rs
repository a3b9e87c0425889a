//! What the options cost can be measured on every backend, and each row has its figures.

use bench_harness::hardening::{BACKENDS, BLOCK_SIZES, OPTIONS, measure, table};
use bench_harness::workers::{Cores, Workers};

#[test]
fn every_backend_and_size_has_samples_of_every_option_and_a_line_in_the_table() {
    let rows = measure(&mut Workers::new(Cores::usable()), &[1, 3], 2).expect("small pools");
    assert_eq!(rows.len(), 2 * BACKENDS.len() * BLOCK_SIZES.len());
    for row in &rows {
        for samples in &row.samples_ns {
            assert_eq!(samples.len(), 2);
            assert!(samples.iter().all(|&ns| ns > 0.0 && ns.is_finite()), "{row:?}");
        }
    }
    let shown = table(&rows);
    for backend in BACKENDS {
        let lines = shown.lines().filter(|line| line.contains(&format!(" {backend} ")));
        assert!(lines.count() >= 2 * BLOCK_SIZES.len(), "{shown}");
    }
    assert!(OPTIONS.iter().all(|option| shown.contains(option)), "{shown}");
}
