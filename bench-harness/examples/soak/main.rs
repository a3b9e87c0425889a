//! Endurance: for minutes, or for hours, everything that can be done with a pool at once. Nothing may
//! be lost, and nothing may become slower or larger.
//!
//! `cargo run --release -p bench-harness --example soak -- --time 2h`
//!
//! There are four [`pools`]: lock-free with magazines, the plain stack, the mutex, and one whose blocks
//! are waited for. They run by turns, each once a second ([`turn`]), since on a few cores the figures
//! of one would be those of the others' noise. In a turn all threads do
//!
//! - every workload of the harness, in [`slices`] of a millisecond that are timed;
//! - what the workloads leave out ([`stages`]): all blocks taken by all threads and refusals after
//!   that, threads that end with full caches, buffers, waiting;
//! - workloads at random with a stamp in every block, by handle, raw and unchecked, until the turn is
//!   over.
//!
//! Meanwhile signal handlers take blocks and give them back in the middle of calls ([`handler`]), and a
//! thread forks children that take whatever they can reach ([`child`]); both only with the lock-free
//! pools, as anybody who interrupts or copies the holder of a mutex waits for ever. Some blocks are
//! held from second to second.
//!
//! Then all threads stand still: the harness's workers have come back from their last run and wait for
//! the next, no handler is inside a call, and there is no child. So what the pool says must be right to
//! the last block, and with those that are held every block must be there once ([`audit`]); a child
//! finds the same. What was there but is not, or is there twice, ends the run with exit code 1.
//!
//! Each second makes a sample, of time per operation and of memory ([`samples`]). At the end a slope
//! with its confidence interval says whether they rise ([`mod@drift`]), beside that of the loop without
//! an allocator, which is the machine's.

#[cfg(unix)]
pub(crate) mod arguments;
#[cfg(unix)]
pub(crate) mod audit;
#[cfg(unix)]
pub(crate) mod child;
#[cfg(unix)]
pub(crate) mod drift;
#[cfg(unix)]
pub(crate) mod folder;
#[cfg(unix)]
pub(crate) mod handler;
#[cfg(unix)]
pub(crate) mod plot;
#[cfg(unix)]
pub(crate) mod pools;
#[cfg(unix)]
pub(crate) mod process;
#[cfg(unix)]
pub(crate) mod program;
#[cfg(unix)]
pub(crate) mod record;
#[cfg(unix)]
pub(crate) mod report;
#[cfg(unix)]
pub(crate) mod run;
#[cfg(unix)]
pub(crate) mod samples;
#[cfg(unix)]
pub(crate) mod slices;
#[cfg(unix)]
pub(crate) mod stages;
#[cfg(unix)]
pub(crate) mod turn;

#[cfg(unix)]
#[allow(dead_code, reason = "tests start it by `program::run`")]
fn main() -> std::process::ExitCode {
    program::main()
}

#[cfg(not(unix))]
fn main() {
    println!("skipped: there are no signals and no forks here");
}
