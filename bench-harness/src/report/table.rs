//! The table: for each case the contenders side by side, then all of them in an overview.

use std::fmt::Write as _;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::wrap::wrapped;
use super::{WIDTH, comparison, latency, overview};
use crate::lineup::Kind;
use crate::record::{Cell, Record, Settings, Unable};

/// The most cases that get a table each.
const MOST_CASES: usize = 100;

pub(super) fn write(record: &Record) -> String {
    let Settings { rounds, target_ns, .. } = record.settings;
    let mut text = wrapped(&record.machine.to_string(), WIDTH, "");
    text += &wrapped(&record.origin.to_string(), WIDTH, "");
    let how = format!(
        "ns per block taken and given back (exhausted: per refusal), all threads together; least and \
         median of {rounds} rounds; x best: how many times as fast as the best general allocator of \
         the case; ~: less than twice the loop's own cost; the target is {target_ns} ns, judged on \
         the median"
    );
    text += &wrapped(&how, WIDTH, "");
    let cases = || record.cells.chunk_by(|a, b| a.case == b.case);
    let shown = if cases().count() > MOST_CASES { 0 } else { MOST_CASES };
    if shown == 0 {
        let many = "the tables of the single cases are left out, since they are many: --format csv, json \
                    or html has them";
        text += &wrapped(many, WIDTH, "");
    }
    for case in cases().take(shown) {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{}\n{}\n", case[0].case, table(case, &record.unable));
    }
    text.push('\n');
    text += &wrapped(&overview::legend(target_ns), WIDTH, "");
    if overview::has_bulk_grid(&record.cells) {
        text += "the grid of bulk calls is not in it: --format csv, json or html has it\n";
    }
    for table in overview::tables(&record.cells, &record.unable) {
        let _ = writeln!(text, "{table}");
    }
    // The verdict of each contender stands in the overview; what is left is the one on all.
    if let Some(overall) = record.summary.last() {
        text += &wrapped(overall, WIDTH, "  ");
    }
    text += &latency::table(record);
    for note in &record.notes {
        text += &wrapped(&format!("note: {note}"), WIDTH, "  ");
    }
    if let Some(compared) = &record.comparison {
        text.push('\n');
        text += &comparison::every_cell(compared);
    }
    text
}

fn table(cells: &[Cell], unable: &[Unable]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["contender", "path", "min ns", "median ns", "x best", "verdict"]);
    for cell in cells {
        let mut verdict = match cell.met {
            Some(true) => "met",
            Some(false) => "missed",
            None if cell.name.kind() == Kind::Loop => "the loop's own cost",
            None if cell.name.is_judged() => "loop too slow to judge",
            None => "control",
        }
        .to_owned();
        if cell.near_loop == Some(true) {
            verdict += " ~";
        }
        if let Some(remark) = cell.remark {
            verdict = format!("{verdict}, {remark}");
        }
        let figure = |ns: f64| format!("{ns:.2}");
        table.add_row([
            cell.contender,
            cell.path,
            &figure(cell.min_ns),
            &figure(cell.median_ns),
            &cell.times_best_allocator.map(figure).unwrap_or_default(),
            &verdict,
        ]);
    }
    for unable in unable.iter().filter(|unable| unable.workload == cells[0].workload) {
        let &Unable { contender, path, reason, .. } = unable;
        table.add_row([contender, path, "", "", "", &format!("cannot: {reason}")]);
    }
    for column in table.column_iter_mut().skip(2).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
