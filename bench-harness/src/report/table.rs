//! The table: for each case the contenders side by side, then the verdicts.

use std::fmt::Write as _;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::wrap::wrapped;
use crate::record::{Cell, Record, Settings};

/// Columns of text.
const WIDTH: usize = 100;

pub(super) fn write(record: &Record) -> String {
    let Settings { rounds, target_ns, .. } = record.settings;
    let mut text = wrapped(&record.machine.to_string(), WIDTH, "");
    let how = format!(
        "ns per block taken and given back, all threads together; least and median of {rounds} \
         rounds; the target is {target_ns} ns, judged on the median"
    );
    text += &wrapped(&how, WIDTH, "");
    for case in record.cells.chunk_by(|a, b| a.case == b.case) {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{}\n{}\n", case[0].case, table(case));
    }
    text.push('\n');
    for line in &record.summary {
        text += &wrapped(line, WIDTH, "  ");
    }
    for note in &record.notes {
        text += &wrapped(&format!("note: {note}"), WIDTH, "  ");
    }
    text
}

fn table(cells: &[Cell]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["contender", "path", "min ns", "median ns", "verdict"]);
    for cell in cells {
        let verdict = match cell.met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "the loop's own cost",
        };
        let figure = |ns: f64| format!("{ns:.2}");
        table.add_row([
            cell.contender,
            cell.path,
            &figure(cell.min_ns),
            &figure(cell.median_ns),
            verdict,
        ]);
    }
    for column in [2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
