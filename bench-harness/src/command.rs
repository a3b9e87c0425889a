//! The command: from arguments to a report and an exit code.

mod list;
mod measure;
mod notes;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::arguments::{Arguments, Refusal};
use crate::compare::Comparison;
use crate::output::Output;
use crate::report::{self, View};
use crate::stored::Stored;
use list::list;
use measure::measure;

/// The arguments make no sense, or name a record that cannot be read.
const WRONG_ARGUMENTS: u8 = 2;

/// A cell became slower by more than is tolerated.
const SLOWER: u8 = 3;

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

/// Compares two records, and measures nothing.
fn compare(arguments: &Arguments, old: &Stored, path: &Path) -> Result<ExitCode, End> {
    let new = Stored::read(path).map_err(wrong)?;
    let comparison = Comparison::new(old, &new, arguments.tolerance);
    let later = || View::read(path);
    let text = report::write_comparison(arguments.format(), &comparison, later).map_err(wrong)?;
    let output = Output::open(arguments.output.as_deref()).map_err(wrong)?;
    written(output.write(&text))?;
    Ok(compared(&comparison))
}

/// Makes a report of a record that is there.
fn show(arguments: &Arguments, path: &Path) -> Result<ExitCode, End> {
    let write = arguments.format().of_stored().ok_or_else(|| {
        wrong("--from makes --format html or svg, the forms that a record is enough for".to_owned())
    })?;
    let text = write(&View::read(path).map_err(wrong)?);
    let output = Output::open(arguments.output.as_deref()).map_err(wrong)?;
    written(output.write(&text))
}

/// Repeats the warnings where they are seen whatever becomes of the report.
fn compared(comparison: &Comparison) -> ExitCode {
    for warning in &comparison.warnings {
        complain(&format!("warning: {warning}"));
    }
    if comparison.beyond_tolerance > 0 { ExitCode::from(SLOWER) } else { ExitCode::SUCCESS }
}

fn print(text: &str) -> Result<ExitCode, End> {
    written(Output::Standard.write(text))
}

fn written(written: io::Result<()>) -> Result<ExitCode, End> {
    written.map_err(|error| failed(&format_args!("cannot write the report: {error}")))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes one line to stderr, before or during a run.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{}", line.replace(char::is_control, " "));
}

/// One line on stderr, whatever an argument in it contains; if even that cannot be written, the
/// exit code has to do.
fn complain(line: &str) {
    let line = line.replace(char::is_control, " ");
    let _ = writeln!(io::stderr(), "bench-harness: {line}");
}
