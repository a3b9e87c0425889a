//! A comparison, as tables in a terminal or in Markdown.

use std::fmt::Write as _;

use comfy_table::presets::{ASCII_MARKDOWN, UTF8_FULL_CONDENSED};
use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::wrap::wrapped;
use crate::compare::{Change, Comparison, Verdict};
use crate::grid::in_words;
use crate::numbers::plural;
use crate::stored::Place;

/// The columns that every terminal has.
const WIDTH: usize = 80;

/// The most cells of one record only that are named.
const MOST_NAMED: usize = 5;

/// Returns the summary: the cells that have changed, and how many there are of each sort.
pub(super) fn summary(comparison: &Comparison) -> String {
    let has_changed =
        |change: &&Change| matches!(change.verdict, Verdict::Slower | Verdict::Faster);
    let changes = comparison.changes.iter().filter(has_changed).cloned().collect();
    table(&Comparison { changes, ..comparison.clone() }, &comparison.summary())
}

/// Returns a table for each case.
pub(super) fn every_cell(comparison: &Comparison) -> String {
    table(comparison, &comparison.summary())
}

fn table(comparison: &Comparison, summary: &str) -> String {
    let mut text = wrapped(&heading(comparison), WIDTH, "");
    for changes in comparison.changes.chunk_by(|a, b| case(&a.place) == case(&b.place)) {
        let mut table = filled(changes, &["contender", "path"], |place| {
            vec![place.contender.clone(), place.path.clone()]
        });
        table.load_preset(UTF8_FULL_CONDENSED);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH as u16);
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{}\n{table}\n", case(&changes[0].place));
    }
    text.push('\n');
    for line in remarks(comparison, summary) {
        text += &wrapped(&line, WIDTH, "  ");
    }
    text
}

/// One table.
pub(super) fn markdown(comparison: &Comparison) -> String {
    let mut table = filled(&comparison.changes, &["contender", "path", "case"], |place| {
        vec![place.contender.clone(), place.path.clone(), case(place)]
    });
    table.load_preset(ASCII_MARKDOWN);
    let mut text = format!("{table}\n\n{}.\n", heading(comparison));
    for line in remarks(comparison, &comparison.summary()) {
        let _ = write!(text, "\n{line}.\n");
    }
    text
}

fn heading(comparison: &Comparison) -> String {
    let Comparison { old_date, old_commit, new_date, new_commit, .. } = comparison;
    format!(
        "change of the median ns since the record of {old_date} (commit {old_commit}) in that of \
         {new_date} (commit {new_commit}), with 95 % confidence intervals"
    )
}

fn filled(changes: &[Change], names: &[&str], name: impl Fn(&Place) -> Vec<String>) -> Table {
    let mut table = Table::new();
    let figures = ["old ns", "new ns", "change %", "95 % interval", "verdict"];
    table.set_header(names.iter().chain(&figures));
    for change in changes {
        let mut verdict = change.verdict.words().to_owned();
        if change.beyond_tolerance {
            verdict += " !!";
        }
        let interval = change.low_percent.zip(change.high_percent);
        let figures = [
            format!("{:.2}", change.old_median_ns),
            format!("{:.2}", change.new_median_ns),
            format!("{:+.1}", change.change_percent),
            interval.map(|(low, high)| format!("{low:+.1} to {high:+.1}")).unwrap_or_default(),
            verdict,
        ];
        table.add_row(name(&change.place).into_iter().chain(figures));
    }
    for column in table.column_iter_mut().skip(names.len()).take(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// What the tables do not say.
fn remarks(comparison: &Comparison, summary: &str) -> Vec<String> {
    let only = |which: &str, places: &[Place]| {
        let named = places.iter().take(MOST_NAMED).map(Place::to_string);
        let list = named.collect::<Vec<_>>().join("; ");
        let count = plural(places.len(), "cell");
        let such_as = if places.len() > MOST_NAMED { " such as" } else { "" };
        (!places.is_empty())
            .then(|| format!("only in the {which} record, {count}{such_as}: {list}"))
    };
    let mut lines = vec![format!("compared: {summary}; !! = beyond the tolerance")];
    lines.extend(only("earlier", &comparison.only_old));
    lines.extend(only("later", &comparison.only_new));
    lines.extend(comparison.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines
}

fn case(place: &Place) -> String {
    let Place { threads, block_size, arena, .. } = place;
    in_words(&place.work(), *threads, *block_size, *arena)
}
