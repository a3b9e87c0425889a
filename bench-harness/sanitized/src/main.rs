//! Workloads over every pool for ThreadSanitizer, AddressSanitizer and valgrind to watch, and programs
//! that are wrong on purpose, which they must report.
//!
//! ```console
//! cargo run -p sanitized -- --help
//! .ci/sanitizers            # under each of the three
//! ```
//!
//! A sanitizer sees what was compiled for it, and the standard library was not. So threads are made and
//! joined by `pthread_create` and `pthread_join`, nothing is shared by an `Arc` or a channel, and what is
//! handed from one thread to another lies in plain memory between two atomics. Blocks are written whole by
//! ordinary stores and read before they go back: if a pool gives one to two holders, or to the next one
//! before the last one's writes are seen, that is a data race, and a stamp that is not the holder's own.

mod held;
mod pools;
mod ring;
mod threads;
mod workloads;
mod wrong;

use std::io::{self, Write};
use std::process::ExitCode;

use lexopt::prelude::*;

use crate::workloads::WORKLOADS;

const HELP: &str = "\
Workloads over every pool for sanitizers to watch.

Usage: sanitized [--rounds N] [WORKLOAD]...
       sanitized --wrong FAULT

Options:
  --rounds N     how often each thread does what it does, at least once [default: 300]
  --wrong FAULT  instead, a program that a sanitizer must report
  -h, --help     this text
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sanitized: {error}; --help says what there is");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), lexopt::Error> {
    let (mut rounds, mut chosen) = (300, Vec::new());
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => {
                help();
                return Ok(());
            }
            Long("rounds") => {
                rounds = arguments.value()?.parse()?;
                if rounds == 0 {
                    return Err("--rounds 0 would look at nothing".to_owned().into());
                }
            }
            Long("wrong") => {
                let name = arguments.value()?.string()?;
                let fault = wrong::FAULTS.iter().find(|fault| fault.name == name);
                let fault = fault.ok_or_else(|| format!("no fault is called {name}"))?;
                (fault.commit)();
                println!("{name}: done, and nobody stopped it");
                return Ok(());
            }
            Value(name) => {
                let workload = WORKLOADS.iter().find(|workload| name == workload.name);
                chosen.push(workload.ok_or_else(|| format!("no workload is called {name:?}"))?);
            }
            other => return Err(other.unexpected()),
        }
    }
    if chosen.is_empty() {
        chosen.extend(WORKLOADS);
    }
    for workload in chosen {
        // In front, so that it is the last word of a run that does not end.
        print!("{}: ", workload.name);
        let _ = io::stdout().flush();
        (workload.run)(rounds);
        println!("nothing lost, nothing mixed up");
    }
    Ok(())
}

fn help() {
    print!("{HELP}\nWorkloads (all, if none is named):\n");
    for workload in WORKLOADS {
        println!("  {:<13}  {}", workload.name, workload.what);
    }
    println!("\nFaults:");
    for fault in wrong::FAULTS {
        println!("  {:<19}  {}", fault.name, fault.what);
    }
}
