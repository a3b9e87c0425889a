//! Single calls timed, as the command shows them.

use std::collections::BTreeSet;

use bench_harness::latency::{Latency, PERCENTILES};
use serde_json::Value;

use crate::support::{run, text};
use crate::without_places;

/// Two cases, two contenders of which one can do but the first.
const SMALL: &[&str] = &[
    "--latency",
    "--time=0.2",
    "--rounds=3",
    "--threads=2",
    "--workload=pair,exhausted",
    "--capacity=1000",
    "--block-size=64",
    "--contender=block-mutex/handle,system",
];

/// Calls of a sort in a run of [`SMALL`].
const SORTS: usize = 5;

fn report(format: &str) -> String {
    let output = run(&[SMALL, &["--format", format]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

fn sound(latency: &Value) {
    let latency: Latency = serde_json::from_value(latency.clone()).expect("a latency");
    assert!(latency.calls >= 100_000, "{latency:?}");
    let percents: Vec<_> = latency.percentiles.iter().map(|at| at.percent).collect();
    assert_eq!(percents, PERCENTILES);
    let ns = latency.percentiles.iter().map(|at| at.ns).chain([latency.max_ns]);
    assert!(ns.is_sorted(), "{latency:?}");
    assert!(latency.max_ns > 0, "{latency:?}");
}

#[test]
fn json_has_latencies_of_every_sort_of_call_and_can_still_be_compared() {
    let record = report("json");
    let parsed: Value = serde_json::from_str(&record).expect("valid JSON");
    let latencies = parsed["latencies"].as_array().expect("latencies");
    latencies.iter().for_each(sound);
    let sorts: BTreeSet<_> = latencies
        .iter()
        .map(|latency| {
            ["contender", "workload", "call"].map(|field| latency[field].as_str().expect("a name"))
        })
        .collect();
    let pair = ["block-mutex", "system"]
        .into_iter()
        .flat_map(|contender| ["take", "give"].map(|call| [contender, "pair", call]));
    assert_eq!(sorts, pair.chain([["block-mutex", "exhausted", "refusal"]]).collect());
    assert_eq!(latencies.len(), SORTS);
    assert!(parsed["timer"]["cost_ns"].as_f64().is_some_and(|ns| ns > 0.0), "{}", parsed["timer"]);
    assert_eq!(parsed["cells"].as_array().expect("cells").len(), 3, "they are measured as ever");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("timed.json");
    std::fs::write(&file, record).expect("a temporary file");
    let path = file.to_str().expect("a UTF-8 path");
    let compared = run(&["--compare", path, "--with", path]);
    assert_eq!(compared.status.code(), Some(0), "{}", text(&compared.stderr));
}

#[test]
fn csv_has_a_row_for_every_sort_of_call() {
    let csv = report("csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let column = |name| header.iter().position(|field| field == name).expect("a column");
    let (call, median) = (column("call"), column("median_ns"));
    let figures = ["calls", "p50_ns", "p99_99_ns", "max_ns", "timer_cost_ns"].map(column);
    let rows: Result<Vec<_>, _> = reader.records().collect();
    let rows = rows.expect("rows as long as the header");
    let (calls, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| !row[call].is_empty());
    assert_eq!((calls.len(), others.len()), (SORTS, 4));
    for row in calls {
        assert!(figures.iter().all(|&figure| row[figure].parse::<f64>().is_ok()), "{row:?}");
        assert_eq!(&row[median], "", "that is a figure of cells");
    }
    assert!(others.iter().all(|row| figures.iter().all(|&figure| row[figure].is_empty())));
}

#[test]
fn tables_and_markdown_have_latencies_and_the_cost_of_the_clock() {
    let (table, markdown) = (report("table"), report("markdown"));
    for (report, row) in [(&table, "│ block-mutex/handle"), (&markdown, "| block-mutex | handle")]
    {
        for part in [row, "p99.99", "refusal", "of each latency are its own"] {
            assert!(report.contains(part), "{part}: {report}");
        }
    }
    assert!(without_places(&table).lines().all(|line| line.chars().count() <= 100), "{table}");
}

#[test]
fn what_cannot_be_timed_is_said() {
    let wrong: [(&[&str], &str); 4] = [
        (&["--latency", "--workload", "bulk"], "no latencies of bulk: only calls that move one"),
        (
            &["--latency", "--compare", "a", "--with", "b"],
            "'--latency' cannot be used with '--with",
        ),
        (&["--latency=all"], "unexpected value 'all'"),
        (&["--latency", "--latency"], "cannot be used multiple times"),
    ];
    for (arguments, said) in wrong {
        let output = run(arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }

    let some = ["--latency", "--time=0.1", "--rounds=3", "--threads=2", "--contender=loop"];
    let some = [&some[..], &["--verbose"]].concat();
    let small = run(&[&some[..], &["--capacity=100"]].concat());
    let small = text(&small.stdout).replace("\n  ", " ");
    assert!(small.contains("too small for near-full at 2 threads"), "{small}");
    let bulk = run(&[&some[..], &["--workload=bulk,pair"]].concat());
    let bulk = text(&bulk.stdout);
    assert!(bulk.contains("note: no latencies of bulk"), "{bulk}");
}
