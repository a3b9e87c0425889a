//! Markdown: one compact table, the figures of all block sizes and arenas as a range.

use std::fmt::Write as _;

use super::{comparison, latency, scaling};
use crate::distinct::distinct;
use crate::grid::Work;
use crate::lineup::Name;
use crate::numbers::{bytes, plural};
use crate::record::{Cell, Record, Unable};

/// A column: what the threads did, and how many they were.
type Column = (Work, usize);

pub(super) fn write(record: &Record) -> String {
    let unable = |unable: &Unable| Name { contender: unable.contender, path: unable.path };
    let names = record.cells.iter().map(|cell| cell.name);
    let names = distinct(names.chain(record.unable.iter().map(unable)));
    let columns = distinct(record.cells.iter().map(|cell| (cell.work(), cell.threads)));
    let mut text = "| contender | path |".to_owned();
    for (work, threads) in &columns {
        // Writing to a String cannot fail.
        let _ = write!(text, " {work}, {} |", plural(*threads, "thread"));
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

/// The least and the greatest median of the column, bold if none missed the target, and how many
/// times as fast as the best general allocator they are.
fn figures(record: &Record, name: Name, column: Column) -> String {
    let cells: Vec<&Cell> = record
        .cells
        .iter()
        .filter(|cell| cell.name == name && (cell.work(), cell.threads) == column)
        .collect();
    let rounded = |ns: f64| if ns < 9.95 { format!("{ns:.1}") } else { format!("{ns:.0}") };
    let Some(mut text) = range(cells.iter().map(|cell| cell.median_ns), rounded) else {
        let of = |unable: &&Unable| {
            (unable.contender, unable.path, unable.workload)
                == (name.contender, name.path, column.0.workload)
        };
        return if record.unable.iter().any(|unable| of(&unable)) { "cannot" } else { "" }
            .to_owned();
    };
    if cells.iter().any(|cell| cell.near_loop == Some(true)) {
        text += "~";
    }
    if cells.iter().all(|cell| cell.met == Some(true)) {
        text = format!("**{text}**");
    }
    let times = cells.iter().filter_map(|cell| cell.times_best_allocator);
    if let Some(times) = range(times, |times| format!("{times:.2}")) {
        text = format!("{text} ({times} x)");
    }
    if let Some(remark) = cells[0].remark {
        text = format!("{text}, {remark}");
    }
    text
}

/// "1.0 to 2.5", or one figure if both come out the same.
fn range(
    figures: impl Iterator<Item = f64> + Clone,
    rounded: impl Fn(f64) -> String,
) -> Option<String> {
    let least = rounded(figures.clone().min_by(f64::total_cmp)?);
    let greatest = rounded(figures.max_by(f64::total_cmp)?);
    Some(if least == greatest { least } else { format!("{least} to {greatest}") })
}

fn caption(record: &Record) -> String {
    let or = |items: Vec<String>| items.join(" and ");
    let sizes = distinct(record.cells.iter().map(|cell| cell.block_size));
    let arenas = distinct(record.cells.iter().map(|cell| cell.arena));
    let mut text = format!(
        "\nNanoseconds per block taken and given back, all threads together: the median of {}, \
         least to greatest over blocks of {} in arenas of {}. Bold: the target of {} ns was met \
         in every one of them. ~: less than twice the loop's own cost in some of them. In brackets: \
         how many times as fast as the best general allocator of the same case. {}.\n",
        plural(record.settings.rounds, "round"),
        or(sizes.into_iter().map(bytes).collect()),
        or(arenas.iter().map(usize::to_string).collect()),
        record.settings.target_ns,
        record.machine,
    );
    for Unable { contender, path, workload, reason } in &record.unable {
        let _ = write!(text, "\nNote: {contender}/{path} cannot do {workload}: {reason}.\n");
    }
    for note in &record.notes {
        let _ = write!(text, "\nNote: {note}.\n");
    }
    text += &latency::markdown(record);
    if let Some(foretold) = &record.scaling {
        text.push('\n');
        text += &scaling::markdown(foretold);
    }
    if let Some(compared) = &record.comparison {
        text.push('\n');
        text += &comparison::markdown(compared);
    }
    text
}
