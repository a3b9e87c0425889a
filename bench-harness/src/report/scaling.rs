//! What is foretold of more cores, beside what was measured, as a table in Markdown.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};

use crate::scaling::{Saturation, Scaling};

/// The same in Markdown.
pub(super) fn markdown(scaling: &Scaling) -> String {
    let mut table = filled(scaling);
    table.load_preset(ASCII_MARKDOWN);
    format!("{table}\n\n{}.\n", legend(scaling))
}

fn legend(scaling: &Scaling) -> String {
    format!(
        "scaling: a core takes a cache line from another in {:.0} ns (least {:.0}); RMWs: \
         read-modify-writes per block on lines that all threads write, counted; saturated: from so \
         many cores on more take no more blocks, below 1 two are slower than one; then how many \
         times the blocks of 1 thread were taken on the cores here, and how many by the model",
        scaling.transfer_ns, scaling.transfer_min_ns
    )
}

fn filled(scaling: &Scaling) -> Table {
    let mut table = Table::new();
    table.set_header([
        "contender",
        "workload",
        "RMWs",
        "ns alone",
        "saturated",
        "threads",
        "measured",
        "model",
    ]);
    table.add_rows(scaling.saturations.iter().map(row));
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// With the point of most threads.
fn row(saturation: &Saturation) -> [String; 8] {
    let Saturation { contender, path, workload, shared_rmws, alone_ns, cores, points } = saturation;
    let most = points.last();
    [
        format!("{contender}/{path}"),
        workload.clone(),
        format!("{shared_rmws:.2}"),
        figure(*alone_ns),
        cores.map_or_else(|| "never".to_owned(), figure),
        most.map(|point| point.threads.to_string()).unwrap_or_default(),
        most.map(|point| format!("x {}", figure(point.speedup))).unwrap_or_default(),
        most.map(|point| format!("x {}", figure(point.foretold))).unwrap_or_default(),
    ]
}

/// Two digits, or all that stand before the point.
fn figure(value: f64) -> String {
    if value < 0.995 {
        format!("{value:.2}")
    } else if value < 9.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::Point;

    #[test]
    fn the_table_says_when_nothing_saturates_and_when_two_cores_are_slower_than_one() {
        let saturation = |cores, shared_rmws, points| Saturation {
            contender: "plain-stack".to_owned(),
            path: "unchecked".to_owned(),
            workload: "near-full".to_owned(),
            shared_rmws,
            alone_ns: 18.3,
            cores,
            points,
        };
        let points = [2, 64].map(|threads| Point { threads, speedup: 0.21, foretold: 0.25 });
        let saturations =
            vec![saturation(Some(0.254), 2.0, points.to_vec()), saturation(None, 0.0, Vec::new())];
        let scaling = Scaling { transfer_ns: 35.6, transfer_min_ns: 30.1, saturations };
        let text = markdown(&scaling);
        let rows: Vec<Vec<_>> = markdown(&scaling)
            .lines()
            .take(4)
            .map(|line| line.split('|').map(|field| field.trim().to_owned()).collect())
            .collect();
        let name = ["", "plain-stack/unchecked", "near-full"];
        let figures = ["2.00", "18", "0.25", "64", "x 0.21", "x 0.25", ""];
        assert_eq!(rows[2], [&name[..], &figures].concat());
        assert_eq!(rows[3], [&name[..], &["0.00", "18", "never", "", "", "", ""]].concat());
        assert!(text.contains("another in 36 ns (least 30)"), "{text}");
    }
}
