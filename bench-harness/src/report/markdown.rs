//! Markdown: one compact table, the figures of all block sizes and arenas as a range.

use std::fmt::Write as _;

use crate::grid::{bytes, plural};
use crate::lineup::Name;
use crate::record::{Cell, Record};

/// A column: workload and threads.
type Column = (&'static str, usize);

pub(super) fn write(record: &Record) -> String {
    let names = distinct(record.cells.iter().map(|cell| cell.name));
    let columns = distinct(record.cells.iter().map(|cell| (cell.workload, cell.threads)));
    let mut text = "| contender | path |".to_owned();
    for (workload, threads) in &columns {
        // Writing to a String cannot fail.
        let _ = write!(text, " {workload}, {} |", plural(*threads, "thread"));
    }
    text += "\n|---|---|";
    text += &"---:|".repeat(columns.len());
    text.push('\n');
    for name in names {
        let _ = write!(text, "| {} | {} |", name.contender, name.path);
        for &column in &columns {
            let _ = write!(text, " {} |", figures(record, name, column));
        }
        text.push('\n');
    }
    text += &caption(record);
    text
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for item in items {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
    }
    distinct
}

/// The least and the greatest median of the column, bold if none missed the target.
fn figures(record: &Record, name: Name, column: Column) -> String {
    let cells: Vec<&Cell> = record
        .cells
        .iter()
        .filter(|cell| cell.name == name && (cell.workload, cell.threads) == column)
        .collect();
    let figure = |ns: f64| if ns < 9.95 { format!("{ns:.1}") } else { format!("{ns:.0}") };
    let medians = || cells.iter().map(|cell| cell.median_ns);
    let Some(least) = medians().min_by(f64::total_cmp).map(figure) else {
        return String::new();
    };
    let greatest = medians().max_by(f64::total_cmp).map_or_else(String::new, figure);
    let range = if least == greatest { least } else { format!("{least} to {greatest}") };
    let met = cells.iter().all(|cell| cell.met == Some(true));
    if met { format!("**{range}**") } else { range }
}

fn caption(record: &Record) -> String {
    let or = |items: Vec<String>| items.join(" and ");
    let sizes = distinct(record.cells.iter().map(|cell| cell.block_size));
    let arenas = distinct(record.cells.iter().map(|cell| cell.arena));
    let mut text = format!(
        "\nNanoseconds per block taken and given back, all threads together: the median of {}, \
         least to greatest over blocks of {} in arenas of {}. Bold: the target of {} ns was met \
         in every one of them. {}.\n",
        plural(record.settings.rounds, "round"),
        or(sizes.into_iter().map(bytes).collect()),
        or(arenas.iter().map(usize::to_string).collect()),
        record.settings.target_ns,
        record.machine,
    );
    for note in &record.notes {
        let _ = write!(text, "\nNote: {note}.\n");
    }
    text
}
