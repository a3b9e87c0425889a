//! Particles by the ten thousand, each a box, born and dead in random order: in a pool, and in the
//! memory of an ordinary `Box` beside it.
//!
//! `cargo run --release -p bench-harness --example particles`
//!
//! There is a world a core, and one pool for all of them, with a bound. Now and then a world asks for
//! more than the bound leaves: what is beyond it is refused, and the world goes on without.
//!
//! `Box` knows no bound, so both worlds keep one by arithmetic (see `bound`), and the pool has to agree
//! with it to the last block. A box in a pool is two words, one of them where the pool is; one of `Box`
//! is one word. The dead of one world are soon the newborn of another, on another core; the memory of
//! `Box` mostly stays with the thread that took it.

pub(crate) mod bound;
pub(crate) mod program;
pub(crate) mod report;
pub(crate) mod world;

use std::io::{self, IsTerminal};
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
            eprintln!("particles: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the machine, then what came of the run: a report, and a picture for those who look.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    print(&format!("{}\n", Machine::this(&Cores::usable())))?;
    let report = arguments.run()?;
    if io::stdout().is_terminal() {
        print(&report.picture)?;
    }
    Ok(print(&report.to_string())?)
}
