//! What it costs to take, freeze, clone, slice and split buffers: those of a pool beside those of the
//! crate `bytes`, on one thread and on all cores, in some ten seconds.
//!
//! `cargo run --release -p bench-harness --example buffers`

use bench_harness::buffers;
use bench_harness::machine::Machine;
use bench_harness::surroundings::{unoptimised, unpinned};
use bench_harness::workers::{Cores, Workers};

/// Samples of each contender at each operation.
const ROUNDS: usize = if cfg!(debug_assertions) { 2 } else { 100 };

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cores = Cores::usable();
    let mut threads = vec![1, cores.count()];
    threads.dedup();
    println!("{}", Machine::this(&cores));
    let mut workers = Workers::new(cores);
    let rows = buffers::measure(&mut workers, &threads, ROUNDS)?;
    print!("{}", buffers::table(&rows));
    for note in [unoptimised(), unpinned(workers.unpinned())].iter().flatten() {
        println!("note: {note}");
    }
    Ok(())
}
