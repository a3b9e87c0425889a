//! The command: from arguments to a report and an exit code.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::arguments::{Arguments, Refusal};
use crate::compare::Comparison;
use crate::control::Control;
use crate::folder::Folder;
use crate::grid::Case;
use crate::latency::{Latency, Timer};
use crate::lineup;
use crate::machine::Machine;
use crate::numbers;
use crate::origin::Origin;
use crate::output::Output;
use crate::payload::Payload;
use crate::plan::{self, Plan, Task};
use crate::record::{self, Cell, Record, Settings};
use crate::report::{self, Format, View};
use crate::scaling::Outlook;
use crate::session::{Session, latencies};
use crate::stop::{INTERRUPTED, Stop};
use crate::stored::Stored;
use crate::surroundings::{self, Surroundings};
use crate::verdict;
use crate::workers::{Cores, Workers};
use crate::workload::Workload;

/// The arguments make no sense, or name a record that cannot be read.
const WRONG_ARGUMENTS: u8 = 2;

/// A cell became slower by more than is tolerated.
const SLOWER: u8 = 3;

/// A run that takes longer says so first.
const LONG: Duration = Duration::from_secs(150);

/// What `main` does.
#[must_use]
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let done = match Arguments::parse_from(arguments) {
        Ok(arguments) if arguments.list => print(&list()),
        Ok(arguments) => run(&arguments),
        Err(Refusal::Print(text)) => print(&text),
        Err(Refusal::Wrong(line)) => Err(wrong(line)),
    };
    done.unwrap_or_else(|End { line, code }| {
        complain(&line);
        ExitCode::from(code)
    })
}

/// Why there is no report: a line, and the exit code.
struct End {
    line: String,
    code: u8,
}

fn wrong(line: String) -> End {
    End { line, code: WRONG_ARGUMENTS }
}

fn failed(error: &dyn std::fmt::Display) -> End {
    End { line: error.to_string(), code: 1 }
}

fn run(arguments: &Arguments) -> Result<ExitCode, End> {
    let read = |path| Stored::read(path).map_err(wrong);
    let old = arguments.compare.as_deref().map(read).transpose()?;
    match (old, arguments.with.as_deref(), arguments.from.as_deref()) {
        (Some(old), Some(new), _) => compare(arguments, &old, new),
        (_, _, Some(stored)) => show(arguments, stored),
        (old, _, _) => measure(arguments, old.as_ref()),
    }
}

/// The cases at which single calls are timed, and notes on those left out; none if it was not asked
/// for.
fn timed_tasks(arguments: &Arguments, cores: &Cores) -> Result<(Vec<Task>, Vec<String>), String> {
    let (grids, mut notes) = arguments.latency_grids(cores)?;
    if grids.is_empty() {
        return Ok(Default::default());
    }
    let (tasks, left_out) = plan::tasks(&grids)?;
    notes.extend(left_out);
    Ok((tasks, notes))
}

fn compare(arguments: &Arguments, old: &Stored, path: &Path) -> Result<ExitCode, End> {
    let new = Stored::read(path).map_err(wrong)?;
    let comparison = Comparison::new(old, &new, arguments.tolerance);
    let later = || View::read(path);
    let text = report::write_comparison(arguments.format, &comparison, later).map_err(wrong)?;
    let output = Output::open(arguments.output.as_deref()).map_err(wrong)?;
    written(output.write(&text))?;
    Ok(compared(&comparison))
}

/// Makes a report of a record that is there.
fn show(arguments: &Arguments, path: &Path) -> Result<ExitCode, End> {
    let write = arguments.format.of_stored().ok_or_else(|| {
        wrong("--from makes --format html or svg, the forms that a record is enough for".to_owned())
    })?;
    let text = write(&View::read(path).map_err(wrong)?);
    let output = Output::open(arguments.output.as_deref()).map_err(wrong)?;
    written(output.write(&text))
}

/// Where the pictures go: where it was asked for, or the usual place if the report is for people.
fn folder(arguments: &Arguments) -> Result<Option<Folder>, String> {
    match &arguments.report {
        Some(path) => Folder::asked_for(path).map(Some),
        None => Ok((arguments.format == Format::Table).then(Folder::usual)),
    }
}

/// Repeats the warnings where they are seen whatever becomes of the report.
fn compared(comparison: &Comparison) -> ExitCode {
    for warning in &comparison.warnings {
        complain(&format!("warning: {warning}"));
    }
    if comparison.beyond_tolerance > 0 { ExitCode::from(SLOWER) } else { ExitCode::SUCCESS }
}

fn measure(arguments: &Arguments, old: Option<&Stored>) -> Result<ExitCode, End> {
    let cores = Cores::usable();
    let grids = arguments.grids(&cores).map_err(wrong)?;
    let (tasks, mut notes) = plan::tasks(&grids).map_err(wrong)?;
    let (timed, left_out) = timed_tasks(arguments, &cores).map_err(wrong)?;
    notes.extend(left_out.into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>());
    let stop = Stop::on_signals().map_err(|error| failed(&error))?;
    let folder = folder(arguments).map_err(wrong)?;
    let output = Output::open(arguments.output.as_deref()).map_err(wrong)?;

    let (origin, machine) = (Origin::now(), Machine::this(&cores));
    let core_numbers = cores.numbers();
    notes.extend(surroundings::siblings(&core_numbers));
    notes.extend(surroundings::coarse_clock());
    let planned = plan::cells(&tasks);
    let rounds = arguments.rounds(planned);
    let settings = Settings {
        time_seconds: arguments.time(),
        rounds,
        passes: arguments.passes(rounds),
        target_ns: arguments.target,
    };
    let time_of_cells = arguments.time_of_cells();
    let time_of_calls = Duration::from_secs_f64(arguments.time() - time_of_cells);
    let timer = (!timed.is_empty()).then(Timer::measured);
    let mut workers = Workers::new(cores);
    let outlook = Outlook::of(&tasks, machine.cores, &mut workers).map_err(|error| {
        output.abandon();
        failed(&error)
    })?;
    let mut session = Session::new(workers).until(stop.clone());
    let for_cells = Settings { time_seconds: time_of_cells, ..settings };
    announce(&tasks, for_cells, &timed, time_of_calls, machine.cores);
    let planned_calls = plan::cells(&timed);
    let bar = progress(planned * rounds + planned_calls * latencies::ROUNDS);
    let hear = |case: &Case, samples| {
        bar.set_message(case.to_string());
        bar.inc(samples as u64);
    };
    let surroundings = Surroundings::now(core_numbers);
    let measured = session
        .run(&tasks, for_cells, &hear)
        .and_then(|cells| Ok((cells, session.latencies(&timed, time_of_calls, &hear)?)));
    bar.finish_and_clear();
    let busy = surroundings.busy();
    let (cells, latencies) = measured.map_err(|error| {
        output.abandon();
        failed(&error)
    })?;
    let interrupted = stop.is_asked_for();
    if cells.is_empty() {
        output.abandon();
        let line = "interrupted before the first sample: nothing is written".to_owned();
        return Err(End { line, code: INTERRUPTED });
    }

    if interrupted {
        notes.push(interruption(&cells, planned, settings));
        if !timed.is_empty() {
            notes.push(untimed(&latencies, planned_calls));
        }
    }
    notes.extend(remarks(&tasks, &machine, session.workers().unpinned()));
    notes.extend(busy);
    notes.extend(verdict::crowding(&cells, machine.cores));
    notes.extend(surroundings::spread(&cells));
    notes.extend(outlook.note());
    let control = Control::new(&cells);
    notes.extend(control.map(|control| control.to_string()));
    let unable = record::unable(&tasks);
    let summary = verdict::summary(&cells, settings.target_ns);
    let scaling = outlook.foretell(&cells);
    let mut record = Record {
        origin,
        interrupted,
        machine,
        settings,
        notes,
        cells,
        unable,
        latencies,
        timer,
        scaling,
        control,
        summary,
        comparison: None,
    };
    record.comparison =
        old.map(|old| Comparison::new(old, &Stored::from(&record), arguments.tolerance));
    written(output.write(&report::write(arguments.format, &record)))?;
    if let Some(folder) = folder {
        match folder.write(&record) {
            Ok(places) if arguments.format == Format::Table => drop(print(&places)?),
            Ok(places) => places.lines().for_each(complain),
            Err(error) if arguments.report.is_some() => return Err(failed(&error)),
            Err(error) => complain(&error),
        }
    }
    let code = record.comparison.as_ref().map_or(ExitCode::SUCCESS, compared);
    Ok(if interrupted { ExitCode::from(INTERRUPTED) } else { code })
}

/// How far an interrupted run came.
fn interruption(cells: &[Cell], planned: usize, settings: Settings) -> String {
    let taken: usize = cells.iter().map(|cell| cell.samples_ns.len()).sum();
    format!(
        "interrupted: {taken} of {} were taken, in {} of {}",
        numbers::plural(planned * settings.rounds, "sample"),
        cells.len(),
        numbers::plural(planned, "cell")
    )
}

/// How far the timing of calls came in an interrupted run.
fn untimed(latencies: &[Latency], planned: usize) -> String {
    let cells = latencies.chunk_by(|a, b| a.cell() == b.cell()).count();
    format!("interrupted: calls were timed in {cells} of {}", numbers::plural(planned, "cell"))
}

/// What a reader must know who takes the figures further.
fn remarks(tasks: &[Task], machine: &Machine, unpinned: usize) -> Vec<String> {
    let mut remarks = Vec::new();
    let most = tasks.iter().map(|task| task.case.shape.threads).max().unwrap_or(1);
    if most > machine.cores {
        remarks.push(format!(
            "up to {most} threads on {}: where there are more threads than cores, they take turns",
            numbers::plural(machine.cores, "core")
        ));
    }
    if unpinned > 0 {
        remarks.push(format!(
            "{} could not be pinned to a core: several may have run on one while another idled",
            numbers::plural(unpinned, "thread")
        ));
    }
    if let Some(load) = machine.load.filter(|load| *load >= 0.5) {
        remarks.push(format!(
            "the machine was not idle in the minute before the run: load {load:.1} on {}",
            numbers::plural(machine.cores, "core")
        ));
    }
    if cfg!(debug_assertions) {
        remarks.push("built without optimisation: the figures mean nothing".to_owned());
    }
    remarks
}

/// A run that takes longer than the usual one says so first.
fn announce(
    tasks: &[Task],
    settings: Settings,
    timed: &[Task],
    time_of_calls: Duration,
    cores: usize,
) {
    let of_calls = latencies::estimate(timed, time_of_calls, cores);
    let estimate = plan::estimate(tasks, settings, cores) + of_calls;
    if estimate > LONG {
        let cells = numbers::plural(plan::cells(tasks), "cell");
        let rounds = numbers::plural(settings.rounds, "sample");
        let time = indicatif::HumanDuration(estimate);
        complain(&format!("{cells} of {rounds}: about {time}; Ctrl-C ends it with what it has"));
    }
}

/// A bar on the terminal; nothing where there is none.
fn progress(samples: usize) -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} % {eta:>4} left  {msg}");
    let bar = ProgressBar::with_draw_target(Some(samples as u64), target);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn list() -> String {
    let mut text = "Plans:\n".to_owned();
    for plan in Plan::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:<12} {}", plan.name(), plan.description());
    }
    text += "\nContenders, and the paths through them:\n";
    for entry in lineup::ALL {
        let usual = only_if_asked(entry.usual);
        let _ = writeln!(text, "  {:<20} {}", entry.name, entry.description);
        let _ = writeln!(text, "  {:<20}   {}{usual}", "", entry.paths.join(", "));
    }
    if let Some(absent) = lineup::ABSENT {
        let _ = writeln!(text, "\nNot in this build:\n  {absent}");
    }
    text += "\nWorkloads:\n";
    for &workload in Workload::ALL {
        let usual = only_if_asked(Workload::USUAL.contains(&workload));
        let _ = writeln!(text, "  {:<12} {}{usual}", workload, workload.description());
        for entry in lineup::ALL {
            if let Some(reason) = entry.kind.cannot(workload) {
                let _ = writeln!(text, "  {:<12}   not of {}: {reason}", "", entry.name);
            }
        }
        if workload.payload() != Payload::Line {
            let _ = writeln!(text, "  {:<12}   its usual payload is {}", "", workload.payload());
        }
        for &payload in Payload::ALL {
            if let Some(reason) = workload.cannot_write(payload) {
                let _ = writeln!(text, "  {:<12}   not with payload {payload}: {reason}", "");
            }
        }
        if let Some(reason) = workload.cannot(1) {
            let _ = writeln!(text, "  {:<12}   not at odd numbers of threads: {reason}", "");
        }
    }
    text += "\nWorkloads with parameters:\n";
    text +=
        "  bulk:GET:PUT:KEEP  take KEEP blocks in calls of GET, give them back in calls of PUT\n";
    text +=
        "  near-full:PERCENT  hold so much of the arena, 0 to 99.9; all of it held is exhausted\n";
    text
}

fn only_if_asked(usual: bool) -> &'static str {
    if usual { "" } else { " (only if asked for)" }
}

fn print(text: &str) -> Result<ExitCode, End> {
    written(Output::Standard.write(text))
}

fn written(written: io::Result<()>) -> Result<ExitCode, End> {
    written.map_err(|error| failed(&format_args!("cannot write the report: {error}")))?;
    Ok(ExitCode::SUCCESS)
}

/// One line on stderr, whatever an argument in it contains; if even that cannot be written, the
/// exit code has to do.
fn complain(line: &str) {
    let line = line.replace(char::is_control, " ");
    let _ = writeln!(io::stderr(), "bench-harness: {line}");
}
