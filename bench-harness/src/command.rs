//! The command: from arguments to a report and an exit code.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::arguments::{Arguments, Refusal};
use crate::grid::{self, Case, Grid};
use crate::lineup;
use crate::machine::Machine;
use crate::record::{self, Record, Settings};
use crate::report;
use crate::session::Session;
use crate::verdict;
use crate::workers::{Cores, Workers};
use crate::workload::Workload;

/// The arguments make no sense.
const WRONG_ARGUMENTS: u8 = 2;

/// What `main` does.
#[must_use]
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    match Arguments::parse_from(arguments) {
        Ok(arguments) if arguments.list => print(&list()),
        Ok(arguments) => measure(&arguments),
        Err(Refusal::Print(text)) => print(&text),
        Err(Refusal::Wrong(line)) => wrong(&line),
    }
}

fn measure(arguments: &Arguments) -> ExitCode {
    let cores = Cores::usable();
    let planned = arguments.grid(&cores).and_then(|grid| {
        let (cases, notes) = grid::cases(&grid)?;
        Ok((grid, cases, notes))
    });
    let (grid, cases, mut notes) = match planned {
        Ok(planned) => planned,
        Err(line) => return wrong(&line),
    };
    if let Some(path) = &arguments.output {
        // To be told now, not after a minute; what stands there stays until there is a report.
        if let Err(error) = OpenOptions::new().append(true).create(true).open(path) {
            return wrong(&format!("cannot write to {}: {error}", path.display()));
        }
    }

    let machine = Machine::this(&cores);
    let settings = Settings {
        time_seconds: arguments.time,
        rounds: arguments.rounds(grid::cells(&cases, &grid.names)),
        target_ns: arguments.target,
    };
    let mut session = Session::new(Workers::new(cores));
    let bar = progress(&cases, &grid, settings);
    let measured = session.run(&cases, &grid.names, settings, &|case| {
        bar.set_message(case.to_string());
        bar.inc(1);
    });
    bar.finish_and_clear();
    let cells = match measured {
        Ok(cells) => cells,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::FAILURE;
        }
    };

    notes.extend(remarks(&grid, &machine, session.workers().unpinned()));
    notes.extend(verdict::crowding(&cells, machine.cores));
    let unable = record::unable(&cases, &grid.names);
    let summary = verdict::summary(&cells, settings.target_ns);
    let text = report::write(
        arguments.format,
        &Record { machine, settings, notes, cells, unable, summary },
    );
    match &arguments.output {
        Some(path) => finish(fs::write(path, text)),
        None => print(&text),
    }
}

/// What a reader must know who takes the figures further.
fn remarks(grid: &Grid, machine: &Machine, unpinned: usize) -> Vec<String> {
    let mut remarks = Vec::new();
    let most = grid.threads.iter().copied().max().unwrap_or(1);
    if most > machine.cores {
        remarks.push(format!(
            "up to {most} threads on {}: where there are more threads than cores, they take turns",
            grid::plural(machine.cores, "core")
        ));
    }
    if unpinned > 0 {
        remarks.push(format!(
            "{} could not be pinned to a core: several may have run on one while another idled",
            grid::plural(unpinned, "thread")
        ));
    }
    if let Some(load) = machine.load.filter(|load| *load >= 0.5) {
        remarks.push(format!(
            "the machine was not idle in the minute before the run: load {load:.1} on {}",
            grid::plural(machine.cores, "core")
        ));
    }
    if cfg!(debug_assertions) {
        remarks.push("built without optimisation: the figures mean nothing".to_owned());
    }
    remarks
}

/// A bar on the terminal; nothing where there is none.
fn progress(cases: &[Case], grid: &Grid, settings: Settings) -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let samples = grid::cells(cases, &grid.names) * settings.rounds;
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} % {eta:>4} left  {msg}");
    let bar = ProgressBar::with_draw_target(Some(samples as u64), target);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn list() -> String {
    let mut text = "Contenders, and the paths through them:\n".to_owned();
    // Writing to a String cannot fail.
    for entry in lineup::ALL {
        let _ = writeln!(text, "  {:<12} {}", entry.name, entry.description);
        let _ = writeln!(text, "  {:<12}   {}", "", entry.paths.join(", "));
    }
    if let Some(absent) = lineup::ABSENT {
        let _ = writeln!(text, "\nNot in this build:\n  {absent}");
    }
    text += "\nWorkloads:\n";
    for &workload in Workload::ALL {
        let usual = if Workload::USUAL.contains(&workload) { "" } else { " (only if asked for)" };
        let _ = writeln!(text, "  {:<12} {}{usual}", workload.name(), workload.description());
        for entry in lineup::ALL {
            if let Some(reason) = entry.kind.cannot(workload) {
                let _ = writeln!(text, "  {:<12}   not of {}: {reason}", "", entry.name);
            }
        }
        if let Some(reason) = workload.cannot(1) {
            let _ = writeln!(text, "  {:<12}   not at odd numbers of threads: {reason}", "");
        }
    }
    text
}

fn print(text: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    finish(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// A reader who has seen enough, as `head` does, is no failure.
fn finish(written: io::Result<()>) -> ExitCode {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(&format!("cannot write the report: {error}"));
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn wrong(line: &str) -> ExitCode {
    complain(line);
    ExitCode::from(WRONG_ARGUMENTS)
}

/// One line on stderr, whatever an argument in it contains; if even that cannot be written, the
/// exit code has to do.
fn complain(line: &str) {
    let line = line.replace(char::is_control, " ");
    let _ = writeln!(io::stderr(), "bench-harness: {line}");
}
