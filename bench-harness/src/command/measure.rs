//! A run: from what is planned to the record, and where that goes.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::notes::{interruption, remarks, untimed};
use super::{End, compared, complain, failed, print, say, written, wrong};
use crate::arguments::Arguments;
use crate::compare::Comparison;
use crate::control::Control;
use crate::folder::Folder;
use crate::grid::Case;
use crate::latency::{Latency, Timer};
use crate::machine::Machine;
use crate::numbers::plural;
use crate::origin::Origin;
use crate::output::Output;
use crate::plan::{self, Task};
use crate::record::{self, Cell, Record, Settings};
use crate::report::{self, Format};
use crate::scaling::Outlook;
use crate::session::{RunError, Session, latencies};
use crate::stop::{INTERRUPTED, Stop};
use crate::stored::Stored;
use crate::surroundings::{self, Surroundings};
use crate::verdict;
use crate::workers::{Cores, Workers};

/// A run that takes longer says so first.
const LONG: Duration = Duration::from_secs(150);

/// How often the run looks whether its report still has a reader.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// How long the machine is watched before the run, at least.
const LOOK: Duration = Duration::from_millis(200);

/// Measures what was asked for, reports it, and compares it with an earlier record if one was named.
pub(super) fn measure(arguments: &Arguments, old: Option<&Stored>) -> Result<ExitCode, End> {
    let cores = Cores::usable();
    let planned = Planned::new(arguments, &cores).map_err(wrong)?;
    let stop = Stop::on_signals().map_err(|error| failed(&error))?;
    let folder = folder(arguments).map_err(wrong)?;
    let output = Output::open(arguments.output.as_deref()).map_err(wrong)?;

    // A report that goes to a folder as well has another reader.
    let has_left = || arguments.report.is_none() && output.reader_has_left();
    let recorded = recorded(arguments, planned, cores, &stop, &has_left);
    if has_left() {
        complain("nobody reads the report any more: the run ends, and nothing is written");
        return Ok(ExitCode::SUCCESS);
    }
    let mut record = recorded.inspect_err(|_| output.abandon())?;
    record.comparison =
        old.map(|old| Comparison::new(old, &Stored::from(&record), arguments.tolerance));
    written(output.write(&report::write(arguments.format(), &record)))?;
    if let Some(folder) = folder {
        leave_pictures(arguments, &folder, &record)?;
    }
    let code = record.comparison.as_ref().map_or(ExitCode::SUCCESS, compared);
    Ok(if record.interrupted { ExitCode::from(INTERRUPTED) } else { code })
}

/// What is to be measured, and how.
struct Planned {
    tasks: Vec<Task>,
    /// The cases at which single calls are timed; none if it was not asked for.
    timed: Vec<Task>,
    settings: Settings,
    /// The same for the cells alone, which have half of the time if single calls are timed.
    for_cells: Settings,
    /// What is left out.
    notes: Vec<String>,
}

impl Planned {
    fn new(arguments: &Arguments, cores: &Cores) -> Result<Self, String> {
        let (tasks, mut notes) = plan::tasks(&arguments.grids(cores)?)?;
        let (grids, mut left_out) = arguments.latency_grids(cores)?;
        let mut timed = Vec::new();
        if !grids.is_empty() {
            let (tasks, too) = plan::tasks(&grids)?;
            timed = tasks;
            left_out.extend(too);
        }
        left_out.retain(|note| !notes.contains(note));
        notes.extend(left_out);
        let rounds = arguments.rounds(plan::cells(&tasks));
        let settings = Settings {
            time_seconds: arguments.time(),
            rounds,
            passes: arguments.passes(rounds),
            target_ns: arguments.target,
        };
        let for_cells = Settings { time_seconds: arguments.time_of_cells(), ..settings };
        Ok(Self { tasks, timed, settings, for_cells, notes })
    }

    fn time_of_calls(&self) -> Duration {
        Duration::from_secs_f64(self.settings.time_seconds - self.for_cells.time_seconds)
    }

    /// Returns how long the run will take: what was asked for, or what its samples need at least.
    fn estimate(&self, cores: usize) -> Duration {
        let of_calls = latencies::estimate(&self.timed, self.time_of_calls(), cores);
        plan::estimate(&self.tasks, self.for_cells, cores) + of_calls
    }

    /// Returns the line that announces the run, and says why it takes longer than was asked for.
    fn measuring(&self, cores: usize) -> String {
        let (estimate, asked) = (self.estimate(cores).as_secs_f64(), self.settings.time_seconds);
        let cells = plural(plan::cells(&self.tasks), "cell");
        let samples = plural(self.settings.rounds, "sample");
        let line = format!("measuring {cells} of {samples}, about {}", length(estimate));
        if estimate > 1.2 * asked {
            format!("{line}: they need more than {}", length(asked))
        } else {
            line
        }
    }

    /// Warns of other work on the machine before the run, in one line.
    fn warn(&self, machine: &Machine, before: Surroundings, siblings: Option<&str>) {
        thread::sleep(LOOK.saturating_sub(before.age()));
        let load = machine.load.filter(|load| *load >= 0.5);
        let load = load.map(|load| format!("load {load:.1} on {}", plural(machine.cores, "core")));
        let busy: Vec<_> = [load, before.others()].into_iter().flatten().collect();
        if !busy.is_empty() {
            say(&format!("! busy machine: {}", busy.join("; ")));
        }
        if let Some(siblings) = siblings {
            say(&format!("! {siblings}"));
        }
        if let Some(unoptimised) = surroundings::unoptimised() {
            say(&format!("! {unoptimised}"));
        }
    }

    /// A run that takes longer than the usual one says so first.
    fn announce(&self, cores: usize) {
        let estimate = self.estimate(cores);
        if estimate > LONG {
            let cells = plural(plan::cells(&self.tasks), "cell");
            let rounds = plural(self.settings.rounds, "sample");
            let time = indicatif::HumanDuration(estimate);
            complain(&format!(
                "{cells} of {rounds}: about {time}; Ctrl-C ends it with what it has"
            ));
        }
    }

    /// Cells and latencies, as far as the run came.
    fn run(
        &self,
        session: &mut Session,
        look: &dyn Fn(),
    ) -> Result<(Vec<Cell>, Vec<Latency>), RunError> {
        let samples = plan::cells(&self.tasks) * self.settings.rounds;
        let bar = progress(samples + plan::cells(&self.timed) * latencies::ROUNDS);
        let hear = |case: &Case, samples| {
            bar.set_message(case.to_string());
            bar.inc(samples as u64);
            look();
        };
        let measured = session.run(&self.tasks, self.for_cells, &hear).and_then(|cells| {
            Ok((cells, session.latencies(&self.timed, self.time_of_calls(), &hear)?))
        });
        bar.finish_and_clear();
        measured
    }
}

/// The record of a run, which is over when this returns.
fn recorded(
    arguments: &Arguments,
    planned: Planned,
    cores: Cores,
    stop: &Stop,
    has_left: &dyn Fn() -> bool,
) -> Result<Record, End> {
    let (origin, machine) = (Origin::now(), Machine::this(&cores));
    let core_numbers = cores.numbers();
    let before = Surroundings::now(core_numbers.clone());
    let (siblings, coarse_clock) =
        (surroundings::siblings(&core_numbers), surroundings::coarse_clock());
    let timer = (!planned.timed.is_empty()).then(Timer::measured);
    let mut workers = Workers::new(cores);
    let outlook = Outlook::of(&planned.tasks, machine.cores, &mut workers);
    let outlook = outlook.map_err(|error| failed(&error))?;
    let mut session = Session::new(workers).until(stop.clone());
    if arguments.format() == Format::Summary {
        planned.warn(&machine, before, siblings.as_deref());
        say(&planned.measuring(machine.cores));
    } else {
        planned.announce(machine.cores);
    }
    let surroundings = Surroundings::now(core_numbers);
    let looked = std::cell::Cell::new(Instant::now());
    let look = || {
        if looked.get().elapsed() > BETWEEN_LOOKS {
            looked.set(Instant::now());
            if has_left() {
                stop.ask();
            }
        }
    };
    let measured = planned.run(&mut session, &look);
    let busy = surroundings.busy();
    let (cells, latencies) = measured.map_err(|error| failed(&error))?;
    let interrupted = stop.is_asked_for();
    if cells.is_empty() {
        let line = "interrupted before the first sample: nothing is written".to_owned();
        return Err(End { line, code: INTERRUPTED });
    }

    let Planned { tasks, timed, settings, mut notes, .. } = planned;
    notes.extend(siblings);
    notes.extend(coarse_clock);
    if interrupted {
        notes.push(interruption(&cells, plan::cells(&tasks), settings));
        if !timed.is_empty() {
            notes.push(untimed(&latencies, plan::cells(&timed)));
        }
    }
    notes.extend(remarks(&tasks, &machine, session.workers().unpinned()));
    notes.extend(busy);
    notes.extend(verdict::crowding(&cells, machine.cores));
    notes.extend(surroundings::spread(&cells));
    let control = Control::new(&cells);
    notes.extend(control.map(|control| control.to_string()));
    Ok(Record {
        origin,
        interrupted,
        machine,
        settings,
        notes,
        unable: record::unable(&tasks),
        latencies,
        timer,
        scaling: outlook.foretell(&cells),
        control,
        summary: verdict::summary(&cells, settings.target_ns),
        comparison: None,
        cells,
    })
}

/// Where the pictures go: where it was asked for, or the usual place if the report is for people.
fn folder(arguments: &Arguments) -> Result<Option<Folder>, String> {
    match &arguments.report {
        Some(path) => Folder::asked_for(path).map(Some),
        None => Ok(arguments.format().is_for_a_terminal().then(Folder::usual)),
    }
}

/// Writes them and says where they are. That they cannot be written is a failure only if they were asked
/// for.
fn leave_pictures(arguments: &Arguments, folder: &Folder, record: &Record) -> Result<(), End> {
    match folder.write(record) {
        Ok(places) if arguments.format() == Format::Summary => {
            let more = "every cell: --verbose; for programs: --format csv or json\n";
            print(&format!("{places}{more}"))?;
        }
        Ok(places) if arguments.format() == Format::Table => drop(print(&places)?),
        Ok(places) => places.lines().for_each(complain),
        Err(error) if arguments.report.is_some() => return Err(failed(&error)),
        Err(error) => complain(&error),
    }
    Ok(())
}

/// Returns a number of seconds as a reader thinks of it.
fn length(seconds: f64) -> String {
    match seconds {
        ..9.95 => format!("{seconds:.1} s"),
        ..150.0 => format!("{seconds:.0} s"),
        _ => format!("{:.0} minutes", seconds / 60.0),
    }
}

/// A bar on the terminal; nothing where there is none.
fn progress(samples: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} % {eta:>4} left  {msg}");
    let bar = ProgressBar::new(samples as u64);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
