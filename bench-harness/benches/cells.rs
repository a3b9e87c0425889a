//! The harness's cells under criterion, by the harness's own code: verified first, then timed, with
//! stock-taking after each run.

use std::time::Duration;

use bench_harness::plan::{self, Plan, Task};
use bench_harness::session::Session;
use bench_harness::workers::{Cores, Workers};
use criterion::{BenchmarkId, Criterion, SamplingMode};

/// Every cell of the usual grid, by the usual contenders. Figures are wall time per pair of all threads
/// together, as everywhere in the harness.
fn cells(criterion: &mut Criterion) {
    let cores = Cores::usable();
    let usual = Plan::Usual.grids(&cores);
    let (mut tasks, _) = plan::tasks(&usual).expect("the usual grid fits any machine");
    if cfg!(debug_assertions) {
        // Not built to be measured: the small arenas show that it runs, the large ones take ten times as
        // long to be counted.
        tasks.retain(|task| task.case.shape.arena <= 1_000);
    }
    let mut session = Session::new(Workers::new(cores));
    for Task { case, names } in &tasks {
        let samplers = session.prepare(case, names).unwrap_or_else(|error| panic!("{error}"));
        let mut group = criterion.benchmark_group(case.to_string());
        group.sampling_mode(SamplingMode::Flat);
        for sampler in &samplers {
            group.bench_function(BenchmarkId::from_parameter(sampler.name()), |bencher| {
                bencher.iter_custom(|iterations| {
                    let ran = sampler.run_pairs(session.workers(), iterations);
                    ran.unwrap_or_else(|fault| panic!("{} ({case}): {fault}", sampler.name()))
                });
            });
        }
        group.finish();
    }
}

fn quick() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(200))
        .without_plots()
}

fn main() {
    let mut criterion = quick().configure_from_args();
    cells(&mut criterion);
    criterion.final_summary();
}
