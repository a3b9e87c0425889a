//! Latencies, as tables in a terminal or in Markdown.

use std::fmt::Write as _;

use comfy_table::presets::{ASCII_MARKDOWN, UTF8_FULL_CONDENSED};
use comfy_table::{CellAlignment, Table};

use super::WIDTH;
use super::wrap::wrapped;
use crate::grid::in_words;
use crate::latency::{Latency, PERCENTILES};
use crate::record::Record;

/// A table for each case, and what they were timed with; nothing if no calls were timed.
pub(super) fn table(record: &Record) -> String {
    let Some(heading) = heading(record) else { return String::new() };
    let heading = wrapped(&format!("{heading}; k, M, G: 10^3, 10^6, 10^9"), WIDTH, "");
    let mut text = format!("\n{heading}");
    for latencies in record.latencies.chunk_by(|a, b| a.case() == b.case()) {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{}\n{}\n", case(&latencies[0]), beside(latencies));
    }
    text
}

/// The calls of a case side by side.
fn beside(latencies: &[Latency]) -> Table {
    let mut table = filled(latencies, &["contender/path"], figure, |latency| {
        vec![format!("{}/{}", latency.contender, latency.path)]
    });
    table.load_preset(UTF8_FULL_CONDENSED);
    table
}

/// One table; nothing if no calls were timed.
pub(super) fn markdown(record: &Record) -> String {
    let Some(heading) = heading(record) else { return String::new() };
    let names = ["contender", "path", "case"];
    let mut table = filled(
        &record.latencies,
        &names,
        |figure| figure.to_string(),
        |latency| vec![latency.contender.clone(), latency.path.clone(), case(latency)],
    );
    table.load_preset(ASCII_MARKDOWN);
    format!("\n{table}\n\n{heading}.\n")
}

fn heading(record: &Record) -> Option<String> {
    let timer = record.timer.as_ref().filter(|_| !record.latencies.is_empty())?;
    Some(format!(
        "ns of single calls, of all threads and with the clock's own time in them; timed with {timer}"
    ))
}

fn filled(
    latencies: &[Latency],
    names: &[&str],
    figure: impl Fn(u64) -> String,
    name: impl Fn(&Latency) -> Vec<String>,
) -> Table {
    let mut table = Table::new();
    let percentiles = PERCENTILES.map(|percent| format!("p{percent}"));
    let heads = names.iter().chain(&["call", "calls"]).map(ToString::to_string);
    table.set_header(heads.chain(percentiles).chain(["max".to_owned()]));
    for latency in latencies {
        let figures = latency.percentiles.iter().map(|percentile| percentile.ns);
        let figures = [latency.calls].into_iter().chain(figures).chain([latency.max_ns]);
        let called = name(latency).into_iter().chain([latency.call.clone()]);
        table.add_row(called.chain(figures.map(&figure)));
    }
    for column in table.column_iter_mut().skip(names.len() + 1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Three digits or four; in thousands, millions or more where it is many.
fn figure(number: u64) -> String {
    let number = number as f64;
    let (scaled, unit) = match number {
        ..9_999.5 => return format!("{number:.0}"),
        ..999_500.0 => (number / 1e3, "k"),
        ..999_500_000.0 => (number / 1e6, "M"),
        _ => (number / 1e9, "G"),
    };
    let digits = match scaled {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{scaled:.digits$}{unit}")
}

fn case(latency: &Latency) -> String {
    let Latency { workload, threads, block_size, arena, .. } = latency;
    in_words(workload, *threads, *block_size, *arena)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::Percentile;
    use crate::lineup;
    use crate::workload::Workload;

    #[test]
    fn a_figure_has_three_digits_and_at_most_five_characters() {
        let figures = [0, 987, 9_999, 10_049, 99_949, 99_950, 999_499, 999_500, 4_073_586];
        let written = ["0", "987", "9999", "10.0k", "99.9k", "100k", "999k", "1.00M", "4.07M"];
        assert_eq!(figures.map(figure), written);
        assert_eq!([59_996_000_000, 999_499_999].map(figure), ["60.0G", "999M"]);
    }

    #[test]
    fn the_widest_table_fits_a_terminal() {
        let latencies: Vec<_> = lineup::names()
            .map(|name| Latency {
                contender: name.contender.to_owned(),
                path: name.path.to_owned(),
                workload: Workload::Exhausted.to_string(),
                threads: 1,
                block_size: 64,
                arena: 1_000,
                call: "refusal".to_owned(),
                calls: 12_345,
                percentiles: PERCENTILES.map(|percent| Percentile { percent, ns: 12_345 }).to_vec(),
                max_ns: 12_345,
            })
            .collect();
        let table = beside(&latencies).to_string();
        assert!(table.lines().all(|line| line.chars().count() <= WIDTH), "{table}");
    }
}
