//! Packets through three stages: received, worked on, sent. Their memory comes from a pool, 32 at a
//! time, or from a general allocator; it is taken on one thread and given back on others.
//!
//! `cargo run --release -p bench-harness --example pipeline`
//!
//! ```text
//!  pool --32 at a time--> receive ==ring==> work ==ring==> send --32 at a time--> pool
//!                                             `--dropped ones, each by itself--> pool
//! ```
//!
//! When the pool is empty the receiver waits: that is the bound on what is under way. A general
//! allocator has none; there the rings bound it, which hold so many bursts and no more.
//!
//! Each stage has a thread of its own, the first one on the first core, and so on; on two cores the
//! ends share one. Who waits spins for a while, then gives way, so one core will do. But where stages
//! share a core, or other programs want it, they take turns, once for as many packets as may be under
//! way: then a figure is the scheduler's as well.

pub(crate) mod packet;
pub(crate) mod program;
pub(crate) mod ring;
pub(crate) mod source;
pub(crate) mod stages;

use std::process::ExitCode;

use bench_harness::machine::Machine;
use bench_harness::output::print;
use bench_harness::workers::Cores;
use clap::Parser;
use program::{Arguments, Failure};

#[allow(dead_code, reason = "tests start it by `run`")]
fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("pipeline: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the machine, then what came of the run.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    print(&format!("{}\n", Machine::this(&Cores::usable())))?;
    Ok(print(&arguments.run()?.to_string())?)
}
