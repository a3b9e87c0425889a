//! What each option of a region costs that finds mistakes, on each backend, on one thread and on all cores, in
//! about half a minute.
//!
//! `cargo run --release -p bench-harness --example hardening > bench-harness/docs/measured/hardening.txt`

use bench_harness::hardening;
use bench_harness::machine::Machine;
use bench_harness::origin::Origin;
use bench_harness::workers::{Cores, Workers};

/// Samples of each option in each row.
const ROUNDS: usize = if cfg!(debug_assertions) { 2 } else { 100 };

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cores = Cores::usable();
    let mut threads = vec![1, cores.count()];
    threads.dedup();
    println!("cargo run --release -p bench-harness --example hardening");
    println!("{}\n{}", Origin::now(), Machine::this(&cores));
    let mut workers = Workers::new(cores);
    let rows = hardening::measure(&mut workers, &threads, ROUNDS)?;
    print!("{}", hardening::table(&rows));
    if cfg!(debug_assertions) {
        println!("note: built without optimisation: the figures mean nothing");
    }
    if workers.unpinned() > 0 {
        println!("note: {} threads could not be pinned to a core", workers.unpinned());
    }
    Ok(())
}
