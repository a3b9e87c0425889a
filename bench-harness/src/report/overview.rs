//! The overview: all contenders in one table, block sizes and arenas folded into a range.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::WIDTH;
use crate::grid::{Work, plural};
use crate::lineup::Name;
use crate::record::Cell;

/// A column: what the threads did, and how many they were.
type Column = (Work, usize);

/// The most columns of figures beside the names.
const ACROSS: usize = 6;

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
pub(super) fn tables(cells: &[Cell]) -> Vec<Table> {
    let columns = distinct(cells.iter().map(|cell| (cell.work(), cell.threads)));
    let names = distinct(cells.iter().map(|cell| cell.name));
    let mut tables = Vec::new();
    let mut rest = &columns[..];
    while !rest.is_empty() {
        let fitting = |across| {
            let table = table(cells, &names, &rest[..across]);
            let fits = table.lines().all(|line| line.chars().count() <= WIDTH);
            fits.then_some((across, table))
        };
        let widest = (2..=rest.len().min(ACROSS)).rev().find_map(fitting);
        let (across, table) = widest.unwrap_or_else(|| (1, table(cells, &names, &rest[..1])));
        tables.push(table);
        rest = &rest[across..];
    }
    tables
}

/// A line for each thing that a column stands for.
fn head((work, threads): Column) -> String {
    let payload = work.unusual_payload().map(|payload| format!("{payload}\n")).unwrap_or_default();
    format!("{}\n{payload}{}", work.workload, plural(threads, "thread"))
}

fn table(cells: &[Cell], names: &[Name], columns: &[Column]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    let heads = columns.iter().map(|&column| head(column));
    table.set_header(["contender\npath".to_owned()].into_iter().chain(heads));
    for &name in names {
        let ranges = columns.iter().map(|&column| {
            let here = |cell: &&Cell| cell.name == name && (cell.work(), cell.threads) == column;
            range(&cells.iter().filter(here).collect::<Vec<_>>())
        });
        table.add_row([name.to_string()].into_iter().chain(ranges));
    }
    for column in 1..=columns.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// "2.3-4.1", "18", "91-330 !!", or nothing.
fn range(cells: &[&Cell]) -> String {
    let medians = cells.iter().map(|cell| cell.median_ns);
    let Some(least) = medians.clone().min_by(f64::total_cmp) else { return String::new() };
    let greatest = medians.fold(least, f64::max);
    let mut text = figure(least);
    if figure(greatest) != text {
        text = format!("{text}-{}", figure(greatest));
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

/// Each once, in the order of their first coming.
pub(super) fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Case;
    use crate::workload::Workload;

    fn cell(median_ns: f64) -> Cell {
        let name = Name { contender: "mutex", path: "handle" };
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
        assert_eq!(range(&[12_345.0]), "12k !!");
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
            super::tables(&cells)
        };
        let wide = tables(1_234.0);
        assert!(tables(1.0).len() < wide.len());
        assert!(wide.iter().flat_map(Table::lines).all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn what_is_near_the_loop_is_marked() {
        let near = Cell { near_loop: Some(true), ..cell(1.2) };
        let far = Cell { near_loop: Some(false), ..cell(30.0) };
        assert_eq!(super::range(&[&near]), "1.2 ~");
        assert_eq!(super::range(&[&near, &far]), "1.2-30 ~ !");
    }
}
