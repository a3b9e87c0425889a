//! The summary of a run: one screen of a terminal.

use std::fmt::Write as _;

use super::noise::{Noise, factor, percent, tells};
use super::overview::time;
use super::view::{Blocks, Cell, View};
use super::wrap::wrapped;
use crate::distinct::distinct;
use crate::lineup::{self, Kind, OURS, SAFE};
use crate::numbers::{bytes, plural};

/// The widest line, whatever the terminal: the summary is a narrow table.
const WIDTH: usize = 80;
/// The width of the names, and of a figure with its ratio.
const NAMES: usize = 27;
const FIGURE: usize = 13;
/// The most columns and rows that fit.
const COLUMNS: usize = 4;
const ROWS: usize = 9;

/// The target that stands for a claim of another crate.
const CLAIMED_NS: f64 = 28.0;

/// A workload and a number of threads.
type Column<'a> = (&'a str, usize);

/// Returns the summary: a line about the run, a table of contenders, how to read it, its noise and
/// the verdict on the target.
pub(super) fn write(view: &View) -> String {
    let noise = Noise::of(view);
    let mut text = heading(view);
    if let Some(blocks) = blocks(view) {
        table(&mut text, view, blocks, noise.as_ref());
    }
    // Writing to a String cannot fail.
    let _ = match &noise {
        Some(noise) => writeln!(
            text,
            "Noise: the same pool measured twice differs by {} (median), {} (worst).",
            percent(noise.usual()),
            percent(noise.worst())
        ),
        None => writeln!(text, "Noise: unknown; measure it with --contender NAME,..,control."),
    };
    text + &verdict(view, noise.as_ref())
}

fn heading(view: &View) -> String {
    let machine = format!("{}, {}", view.machine.cpu, plural(view.machine.cores, "core"));
    let samples = view.settings.map_or(0, |settings| settings.rounds);
    let mut run = format!("{} of {}", cells(view.cells.len()), plural(samples, "sample"));
    if view.interrupted {
        run = format!("interrupted, {}", cells(view.cells.len()));
    }
    let room = WIDTH.saturating_sub(run.chars().count() + 2);
    let machine: String = machine.chars().take(room).collect();
    format!("{machine}: {run}\n")
}

fn cells(count: usize) -> String {
    plural(count, "cell")
}

/// Returns the blocks of the first cells of the contender that this is about, or else of any.
fn blocks(view: &View) -> Option<Blocks<'_>> {
    let first = view.judged().find(|cell| cell.contender == OURS).or(view.judged().next())?;
    Some(first.blocks())
}

/// Returns the columns: `pair` and `burst`, or else the first two workloads, on the fewest threads
/// and on as many as there are cores.
fn columns<'a>(view: &'a View, blocks: Blocks) -> Vec<Column<'a>> {
    let here: Vec<&Cell> = view.judged().filter(|cell| cell.blocks() == blocks).collect();
    let mut workloads = distinct(here.iter().map(|cell| &*cell.workload));
    workloads.sort_by_key(|workload| !["pair", "burst"].contains(workload));
    workloads.truncate(2);
    let of = |workload: &&'a str| {
        let threads = here.iter().filter(|cell| cell.workload == *workload);
        let mut threads = distinct(threads.map(|cell| cell.threads));
        threads.sort_unstable();
        let all = threads.iter().rev().find(|threads| **threads <= view.machine.cores);
        let ends = [threads.first(), all.or(threads.first())].into_iter().flatten().copied();
        distinct(ends).into_iter().map(|threads| (*workload, threads)).collect::<Vec<_>>()
    };
    let mut columns: Vec<_> = workloads.iter().flat_map(of).collect();
    columns.truncate(COLUMNS);
    columns
}

/// Returns the rows in the order in which they are shown: the safe path of the contender that this
/// is about, its unchecked path, then one path through each other contender.
fn rows(view: &View) -> Vec<(&str, &str)> {
    let names = distinct(view.judged().map(Cell::name));
    let rank = |&(contender, path): &(&str, &str)| match lineup::kind_of(contender) {
        _ if (contender, path) == SAFE => 0,
        _ if contender == OURS => 1,
        Kind::General if contender != "system" => 2,
        Kind::General => 3,
        _ if contender == "plain-stack" => 4,
        _ if contender == lineup::MUTEX => 5,
        _ if contender == "array-queue" => 6,
        _ => 7,
    };
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for name in names {
        let known = rows.iter().any(|(contender, _)| *contender == name.0);
        if !known || (name.0 == OURS && name.1 == "unchecked") {
            rows.push(name);
        }
    }
    rows.sort_by_key(rank);
    rows
}

fn table(text: &mut String, view: &View, blocks: Blocks, noise: Option<&Noise>) {
    let (columns, rows) = (columns(view, blocks), rows(view));
    // Writing to a String cannot fail.
    let _ = write!(text, "{:<NAMES$}", "ns per block");
    for (index, (workload, _)) in columns.iter().enumerate() {
        let repeated = index > 0 && columns[index - 1].0 == *workload;
        let workload: String = workload.chars().take(FIGURE - 1).collect();
        let _ = write!(text, "{:>FIGURE$}", if repeated { "" } else { &workload });
    }
    let _ = write!(
        text,
        "\n{:<NAMES$}",
        format!("{}, capacity {}", bytes(blocks.block_size), blocks.arena)
    );
    for (_, threads) in &columns {
        let _ = write!(text, "{:>FIGURE$}", plural(*threads, "thread"));
    }
    text.push('\n');
    let shown = rows.len().min(ROWS);
    for name in &rows[..shown] {
        let _ = write!(text, "{:<NAMES$}", label(*name));
        for column in &columns {
            let at = |cell: &&Cell| {
                cell.blocks() == blocks && (&*cell.workload, cell.threads) == *column
            };
            let find =
                |name: (&str, &str)| view.cells.iter().filter(at).find(|cell| cell.name() == name);
            let figure = find(*name).map(|cell| figure(view, noise, cell, find(SAFE)));
            let _ = write!(text, "{:>FIGURE$}", figure.unwrap_or_default());
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    if shown < rows.len() {
        let _ = writeln!(text, "and {} more: --verbose", rows.len() - shown);
    }
    if rows.contains(&SAFE) && rows.len() > 1 {
        let _ = writeln!(
            text,
            "x: how many times as long as {OURS}; noise: no difference can be told."
        );
    }
    let most = columns.iter().map(|(_, threads)| *threads).max().unwrap_or(1);
    if most > 1 {
        let ideal = if most == 2 {
            "halves it with two threads".to_owned()
        } else {
            format!("divides it by the threads ({most})")
        };
        *text += &wrapped(
            &format!("Wall time divided by the blocks of all threads; perfect scaling {ideal}."),
            WIDTH,
            "  ",
        );
    }
}

fn label((contender, path): (&str, &str)) -> String {
    match path {
        "handle" | "malloc" => contender.to_owned(),
        _ => format!("{contender} ({path})"),
    }
}

/// Returns the time, and how many times as long it is as that of the safe path.
fn figure(view: &View, noise: Option<&Noise>, cell: &Cell, safe: Option<&Cell>) -> String {
    let ns = time(cell.median_ns);
    let Some(safe) = safe.filter(|safe| safe.name() != cell.name()) else {
        return format!("{ns}      ");
    };
    if noise.is_none() {
        return format!("{ns}      ");
    }
    if !tells(view, noise, cell, safe.median_ns) {
        return format!("{ns} noise");
    }
    let times = cell.median_ns / safe.median_ns;
    format!("{ns} {:>5}", format!("{}x", super::overview::figure(times)))
}

/// Returns the verdict on the target, of the safe path only.
fn verdict(view: &View, noise: Option<&Noise>) -> String {
    let Some(target) = view.target_ns() else { return String::new() };
    let own: Vec<&Cell> = view.judged().filter(|cell| cell.name() == SAFE).collect();
    if own.is_empty() {
        return String::new();
    }
    let told = |cell: &&&Cell| {
        let near = noise.is_none_or(|noise| factor(cell.median_ns, target) <= noise.at(cell));
        cell.met.is_some() && !near
    };
    let met = own.iter().filter(told).filter(|cell| cell.met == Some(true)).count();
    let missed = own.iter().filter(told).filter(|cell| cell.met == Some(false)).count();
    let claim = if target == CLAIMED_NS {
        "28 ns, which the crate block_allocator claimed in 2015 for an allocation and a free:"
    } else {
        "The target for an allocation and a free:"
    };
    let outcome = format!(
        "{claim} {OURS} takes less{} in {met} of {}, more in {missed}; noise in {}.",
        if target == CLAIMED_NS { String::new() } else { format!(" than {target} ns") },
        cells(own.len()),
        own.len() - met - missed
    );
    wrapped(&outcome, WIDTH, "  ")
}
