//! The overview: all contenders in one table, block sizes and arenas folded into a range.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::WIDTH;
use crate::distinct::distinct;
use crate::grid::Work;
use crate::lineup::Name;
use crate::numbers::plural;
use crate::record::{Cell, Unable};
use crate::workload::{Calls, Workload};

/// A column: what the threads did, and how many they were.
type Column = (Work, usize);

/// The most columns of figures beside the names.
const ACROSS: usize = 6;

/// The most bulk workloads that get columns.
const MOST_BULK: usize = 12;

/// What the marks in the tables mean.
pub(super) fn legend(target_ns: f64) -> String {
    format!(
        "overview: median ns over the block sizes and arenas above, least to greatest; ! = the \
         target of {target_ns} ns was missed in some of them, !! = in all; ~ = \
         less than twice the loop's own cost in some of them"
    )
}

/// A table for as many workloads and numbers of threads as fit beside the names, up to [`ACROSS`];
/// then the next.
pub(super) fn tables(cells: &[Cell], unable: &[Unable]) -> Vec<Table> {
    let columns = distinct(cells.iter().map(|cell| (cell.work(), cell.threads)));
    let columns: Vec<_> = if has_bulk_grid(cells) {
        columns.into_iter().filter(is_no_grid).collect()
    } else {
        columns
    };
    let names = distinct(cells.iter().map(|cell| cell.name));
    let mut tables = Vec::new();
    let mut rest = &columns[..];
    while !rest.is_empty() {
        let fitting = |across| {
            let table = table(cells, unable, &names, &rest[..across]);
            let fits = table.lines().all(|line| line.chars().count() <= WIDTH);
            fits.then_some((across, table))
        };
        let widest = (2..=rest.len().min(ACROSS)).rev().find_map(fitting);
        let (across, table) =
            widest.unwrap_or_else(|| (1, table(cells, unable, &names, &rest[..1])));
        tables.push(table);
        rest = &rest[across..];
    }
    tables
}

/// Whether there are so many points of the grid of bulk calls that a table of them could not be read.
pub(super) fn has_bulk_grid(cells: &[Cell]) -> bool {
    let bulk = cells.iter().filter(|cell| matches!(cell.workload, Workload::Bulk(_)));
    distinct(bulk.map(|cell| cell.workload)).len() > MOST_BULK
}

fn is_no_grid((work, _): &Column) -> bool {
    !matches!(work.workload, Workload::Bulk(calls) if calls != Calls::USUAL)
}

/// A line for each thing that a column stands for.
fn head((work, threads): Column) -> String {
    let payload = work.unusual_payload().map(|payload| format!("{payload}\n")).unwrap_or_default();
    format!("{}\n{payload}{}", work.workload, plural(threads, "thread"))
}

fn table(cells: &[Cell], unable: &[Unable], names: &[Name], columns: &[Column]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    let heads = columns.iter().map(|&column| head(column));
    table.set_header(["contender\npath".to_owned()].into_iter().chain(heads));
    for &name in names {
        let entry = |column: &Column| {
            let here = |cell: &&Cell| cell.name == name && (cell.work(), cell.threads) == *column;
            let cannot = |unable: &Unable| {
                (unable.contender, unable.path) == (name.contender, name.path)
                    && unable.workload == column.0.workload
            };
            match range(&cells.iter().filter(here).collect::<Vec<_>>()) {
                none if none.is_empty() && unable.iter().any(cannot) => "cannot".to_owned(),
                range => range,
            }
        };
        let entries: Vec<_> = columns.iter().map(entry).collect();
        if entries.iter().any(|entry| !entry.is_empty()) {
            table.add_row([name.to_string()].into_iter().chain(entries));
        }
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// "2.3-4.1", "18", "91-330 !!", or nothing.
fn range(cells: &[&Cell]) -> String {
    let medians = cells.iter().map(|cell| cell.median_ns);
    let Some(least) = medians.clone().min_by(f64::total_cmp) else { return String::new() };
    let greatest = medians.fold(least, f64::max);
    let mut text = time(least);
    if time(greatest) != text {
        text = format!("{text}-{}", time(greatest));
    }
    if cells.iter().any(|cell| cell.near_loop == Some(true)) {
        text += " ~";
    }
    let missed = cells.iter().filter(|cell| cell.met == Some(false)).count();
    match missed {
        0 => text,
        _ if missed == cells.len() => text + " !!",
        _ => text + " !",
    }
}

/// Returns a time in nanoseconds without its unit, or from 10,000 ns on in a larger one.
pub(super) fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        ..9_995.0 => return figure(ns),
        ..9_995_000.0 => (ns / 1e3, "us"),
        ..9_995_000_000.0 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    format!("{value:.0} {unit}")
}

/// Two digits or more; in thousands where it is many.
pub(super) fn figure(ns: f64) -> String {
    if ns < 0.995 {
        format!("{ns:.2}")
    } else if ns < 9.95 {
        format!("{ns:.1}")
    } else if ns < 9_995.0 {
        format!("{ns:.0}")
    } else {
        format!("{:.0}k", ns / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Case;
    use crate::workload::Workload;

    fn cell(median_ns: f64) -> Cell {
        let name = Name { contender: "block-mutex", path: "handle" };
        Cell::new(name, Case::new(Workload::Pair, 1, 64, 10), vec![median_ns], 28.0)
    }

    #[test]
    fn a_range_says_its_ends_and_whether_the_target_was_missed() {
        let range = |medians: &[f64]| {
            let cells: Vec<_> = medians.iter().map(|&median_ns| cell(median_ns)).collect();
            range(&cells.iter().collect::<Vec<_>>())
        };
        assert_eq!(range(&[]), "");
        assert_eq!(range(&[2.31, 2.34]), "2.3");
        assert_eq!(range(&[18.4, 0.271, 9.96]), "0.27-18");
        assert_eq!(range(&[27.9, 28.1]), "28 !");
        assert_eq!(range(&[330.0, 91.2]), "91-330 !!");
        assert_eq!(range(&[12_345.0]), "12 us !!");
    }

    #[test]
    fn wide_figures_make_more_tables() {
        let tables = |ns: f64| {
            let cells: Vec<_> = (1..=12)
                .flat_map(|threads| {
                    [ns, 2.0 * ns].map(|ns| {
                        let cell = cell(ns);
                        let case = Case::new(Workload::Pair, threads, 64, 12);
                        Cell { near_loop: Some(true), ..Cell::new(cell.name, case, vec![ns], 28.0) }
                    })
                })
                .collect();
            super::tables(&cells, &[])
        };
        let wide = tables(1_234.0);
        assert!(tables(1.0).len() < wide.len());
        assert!(wide.iter().flat_map(Table::lines).all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn what_cannot_be_done_is_said_and_a_grid_is_left_out() {
        let of = |workload: Workload, contender| {
            let name = Name { contender, path: "handle" };
            Cell::new(name, Case::new(workload, 1, 64, 100), vec![1.0], 28.0)
        };
        let unable = Unable {
            contender: "system",
            path: "handle",
            workload: Workload::Exhausted,
            reason: "has no bound",
        };
        let mut cells = vec![
            of(Workload::Pair, "block-mutex"),
            of(Workload::Pair, "system"),
            of(Workload::Exhausted, "block-mutex"),
        ];
        let shown = |cells: &[Cell]| {
            let tables = super::tables(cells, &[unable]);
            tables.iter().map(ToString::to_string).collect::<String>()
        };
        assert_eq!(shown(&cells).matches("cannot").count(), 1);
        let point = |get| Workload::Bulk(Calls::new(get, 1, 32).expect("a point of the grid"));
        cells.extend((1..=2).map(|get| of(point(get), "block-mutex")));
        assert!(shown(&cells).contains("bulk:2:1:32"));
        cells.extend((3..=20).map(|get| of(point(get), "block-mutex")));
        assert!(!shown(&cells).contains("bulk:2:1:32") && shown(&cells).contains("pair"));
    }

    #[test]
    fn what_is_near_the_loop_is_marked() {
        let near = Cell { near_loop: Some(true), ..cell(1.2) };
        let far = Cell { near_loop: Some(false), ..cell(30.0) };
        assert_eq!(super::range(&[&near]), "1.2 ~");
        assert_eq!(super::range(&[&near, &far]), "1.2-30 ~ !");
    }
}
