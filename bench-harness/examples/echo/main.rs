//! A tokio echo server whose every read goes into a block of a pool, under more connections than the
//! pool has blocks.
//!
//! `cargo run --release -p bench-harness --example echo`
//!
//! Ten seconds, on loopback, on a port that the system picks. A connection waits until there is
//! something to read, then for a block, reads into it, writes it out and gives it back ([`server`]). When
//! every block is held the others wait, so they do not read, and TCP stops their clients: memory stays
//! where it is, and nothing is lost. Beside it runs the same server with a new `Vec` for each read
//! ([`buffers`] is all that differs), by turns in the same process.
//!
//! The clients ([`load`]) have a runtime of their own. They first send without reading, until every
//! block is held and all other connections wait for one ([`gauge`]); then as fast as they can, requests
//! of 16 bytes to 32 KiB, without waiting for the replies. Each byte that comes back is compared
//! ([`request`]).
//!
//! At the end the command says what it has checked ([`checks`]), and fails if something did not hold:
//! every byte came back, equal and in order; every block is back in the pool; the pool was at its bound
//! in every round, and never beyond; no connection broke; the process did not grow.
//!
//! What to expect of the figures: the way of a request through the system's sockets takes tens of
//! microseconds, and taking a buffer, from a pool or from the heap, far less than one. The pool is for the
//! bound and the back-pressure. With few blocks it is faster all the same, since few connections are
//! served at a time; with nearly as many blocks as connections (`--blocks 99`) little of that is left.

pub(crate) mod arguments;
pub(crate) mod buffers;
pub(crate) mod checks;
pub(crate) mod comparison;
pub(crate) mod gauge;
pub(crate) mod load;
pub(crate) mod memory;
pub(crate) mod report;
pub(crate) mod request;
pub(crate) mod round;
pub(crate) mod server;
pub(crate) mod sockets;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use bench_harness::output::print;
use bench_harness::stop::{INTERRUPTED, Stop};
use indicatif::ProgressBar;

use arguments::Arguments;
use checks::Check;
use comparison::Outcome;

/// Something did not hold, or the machine refused.
const FAILED: u8 = 1;

#[allow(dead_code, reason = "tests start it by `run`")]
fn main() -> ExitCode {
    let ended = Stop::on_signals()
        .map_err(|error| Refusal::failed(&error.to_string()))
        .and_then(|stop| run(std::env::args_os(), &stop));
    let said = ended.and_then(|(text, code)| match print(&text) {
        Ok(()) => Ok(code),
        Err(error) => Err(Refusal::failed(&format!("cannot write the report: {error}"))),
    });
    match said {
        Ok(code) => code.into(),
        Err(Refusal { text, code }) => {
            let _ = io::stderr().write_all(text.as_bytes());
            code.into()
        }
    }
}

/// Why there is no report.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) text: String,
    pub(crate) code: u8,
}

impl Refusal {
    fn failed(line: &str) -> Self {
        Self { text: format!("echo: {line}\n"), code: FAILED }
    }
}

/// From arguments, the command's own name first, to what is to be printed and the exit code.
pub(crate) fn run(
    arguments: impl IntoIterator<Item = OsString>,
    stop: &Stop,
) -> Result<(String, u8), Refusal> {
    let arguments = match Arguments::parse(arguments) {
        Ok(arguments) => arguments,
        Err(said) => {
            let text = said.render().to_string();
            let code = said.exit_code() as u8;
            return if said.use_stderr() { Err(Refusal { text, code }) } else { Ok((text, code)) };
        }
    };
    // Hidden where there is no terminal.
    let bar = ProgressBar::no_length();
    let outcome = comparison::run(&arguments, stop, |done, planned| {
        bar.set_length(planned as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let outcome = outcome.map_err(|line| Refusal::failed(&line))?;
    let checks = checks::checks(&outcome);
    Ok((report::text(&outcome, &checks), exit_code(&outcome, &checks)))
}

/// What the command says to whoever started it.
pub(crate) fn exit_code(outcome: &Outcome, checks: &[Check]) -> u8 {
    match (checks.iter().all(|check| check.holds), outcome.interrupted) {
        (false, _) => FAILED,
        (true, true) => INTERRUPTED,
        (true, false) => 0,
    }
}
