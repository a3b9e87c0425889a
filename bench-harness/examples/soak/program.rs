//! From arguments to exit code.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use bench_harness::output::print;
use bench_harness::stop::{INTERRUPTED, Stop};
use bench_harness::workers::Cores;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::Arguments;
use super::folder::Folder;
use super::pools::{self, BLOCK_SIZE, Pool};
use super::record::{Record, Settings};
use super::report::{self, Verdicts};
use super::run;

/// Something did not hold, or the machine refused.
const FAILED: u8 = 1;

/// The program.
pub(crate) fn main() -> ExitCode {
    let ended = Stop::on_signals()
        .map_err(|error| error.to_string())
        .and_then(|stop| program(std::env::args_os(), &stop));
    match ended {
        Ok(code) => code.into(),
        Err(line) => {
            eprintln!("soak: {line}");
            FAILED.into()
        }
    }
}

/// From arguments, the command's own name first, to the exit code.
///
/// # Errors
///
/// Why there is no report.
fn program(arguments: impl IntoIterator<Item = OsString>, stop: &Stop) -> Result<u8, String> {
    let arguments = match Arguments::parse(arguments) {
        Ok(arguments) => arguments,
        Err(said) => {
            // Help to the standard output, the rest to the other; to whom it does not matter who left.
            let _ = said.print();
            return Ok(said.exit_code() as u8);
        }
    };
    let (folder, record) = match &arguments.redraw {
        Some(path) => (Folder::of(path)?, Record::read(path)?),
        None => {
            let folder = Folder::open(arguments.output.as_deref())?;
            let settings = settings(&arguments);
            (folder, soak(settings, pools::all(settings.capacity)?, stop)?)
        }
    };
    let places = folder.write(&record)?;
    let text = format!("{}\n{places}", report::page(&record));
    print(&text).map_err(|error| format!("cannot write the report: {error}"))?;
    Ok(exit_code(&record))
}

/// How it is asked for.
pub(crate) fn settings(arguments: &Arguments) -> Settings {
    let threads = arguments.threads.unwrap_or_else(|| Cores::usable().count().min(64));
    Settings {
        time_seconds: arguments.time.as_secs_f64(),
        threads,
        seed: arguments.seed,
        block_size: BLOCK_SIZE,
        capacity: run::capacity(threads),
    }
}

/// Runs with a line of progress, where somebody looks.
///
/// # Errors
///
/// What a pool was caught at, or the machine refused.
pub(crate) fn soak(settings: Settings, pools: Vec<Pool>, stop: &Stop) -> Result<Record, String> {
    let target = match io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(Some(settings.time_seconds.ceil() as u64), target);
    let style = ProgressStyle::with_template("{wide_bar} {elapsed_precise}, {eta_precise} left");
    bar.set_style(style.expect("a template that is right"));
    let done = run::run(settings, pools, stop, |over: Duration| bar.set_position(over.as_secs()));
    bar.finish_and_clear();
    done
}

/// What the command says to whoever started it.
pub(crate) fn exit_code(record: &Record) -> u8 {
    match (Verdicts::of(record).rises(), record.interrupted) {
        (true, _) => FAILED,
        (false, true) => INTERRUPTED,
        (false, false) => 0,
    }
}
