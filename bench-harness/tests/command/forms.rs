//! The record in its forms.

use std::process::Output;

use serde_json::Value;

use crate::support::{run, text};
use crate::{ALLOCATORS, CONTENDERS, without_places};

/// A run of two workloads, two numbers of threads, two block sizes, one arena: 8 cases.
fn quick(format: &str) -> Output {
    let grid = ["--time", "0.1", "--threads", "1,2", "--block-size", "64,1K", "--capacity", "100"];
    let output = run(&[&grid[..], &["--target", TARGET, "--format", format]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "", "no terminal, no progress");
    output
}

const CASES: usize = 8;
/// Not even without optimisation the loop alone misses it: then nobody would be judged.
const TARGET: &str = "1e9";

#[test]
fn json_has_a_cell_for_every_combination() {
    let record: Value = serde_json::from_slice(&quick("json").stdout).expect("valid JSON");
    let cells = record["cells"].as_array().expect("an array of cells");
    assert_eq!(cells.len(), CASES * CONTENDERS);
    let mut keys: Vec<_> = cells
        .iter()
        .map(|cell| {
            let key =
                ["contender", "path", "workload", "payload", "threads", "block_size", "arena"];
            key.map(|field| cell[field].to_string()).join(" ")
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), CASES * CONTENDERS, "each combination once");
    let setting = |name: &str| record["settings"][name].as_u64().expect("a number");
    let (rounds, passes) = (setting("rounds"), setting("passes"));
    let mut whole = 0;
    for cell in cells {
        let (median, min) = (cell["median_ns"].as_f64().unwrap(), cell["min_ns"].as_f64().unwrap());
        assert!(0.0 < min && min <= median, "{cell}");
        let samples = cell["samples_ns"].as_array().expect("samples").len() as u64;
        let of_passes = cell["passes"].as_array().expect("passes").iter().filter_map(Value::as_u64);
        assert_eq!(of_passes.clone().sum::<u64>(), samples, "{cell}");
        // On a machine that stops the program while it counts blocks, a case has one sample a pass.
        let shares = (0..passes).map(|pass| (pass + 1) * rounds / passes - pass * rounds / passes);
        assert!(shares.zip(of_passes).all(|(share, taken)| taken == share || taken == 1), "{cell}");
        whole += usize::from(samples == rounds);
        assert!(cell["loop_ns"].is_f64(), "{cell}");
        let judged = cell["contender"] != "loop" && cell["contender"] != "control";
        let target: f64 = TARGET.parse().expect("a number");
        assert_eq!(cell["met"].as_bool(), judged.then_some(median <= target), "{cell}");
        let times = cell["best_allocator_ns"].as_f64().expect("two were measured") / median;
        let said = cell["times_best_allocator"].as_f64();
        assert_eq!(said.is_some(), judged, "{cell}");
        assert!(said.is_none_or(|said| (said / times - 1.0).abs() < 1e-9), "{cell}");
    }
    assert!(whole > cells.len() / 2, "{whole} of {} cells have all samples", cells.len());
    for field in ["cpu", "cores", "kernel", "rustc"] {
        assert!(!record["machine"][field].is_null(), "{field}");
    }
}

#[test]
fn csv_has_a_row_for_every_combination() {
    let output = quick("csv");
    let mut reader = csv::Reader::from_reader(&output.stdout[..]);
    let header = reader.headers().expect("a header").clone();
    assert!(header.iter().any(|field| field == "median_ns"), "{header:?}");
    let rows: Result<Vec<_>, _> = reader.records().collect();
    assert_eq!(rows.expect("rows as long as the header").len(), CASES * CONTENDERS);
}

#[test]
fn markdown_is_one_table_of_all_contenders() {
    let output = quick("markdown");
    let lines: Vec<_> = text(&output.stdout).lines().collect();
    let header = "| contender | path | pair, 1 thread | pair, 2 threads | burst, 1 thread | burst, \
                  2 threads |";
    assert_eq!(lines[0], header);
    assert_eq!(lines[1], "|---|---|---:|---:|---:|---:|");
    let table = lines.iter().take_while(|line| line.starts_with('|'));
    assert_eq!(table.count(), 2 + CONTENDERS);
}

#[test]
fn the_table_fits_100_columns_and_ends_with_verdicts() {
    let output = quick("table");
    let table = text(&output.stdout);
    for line in without_places(table).lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    assert!(table.contains("burst, 2 threads, 1 KiB blocks, capacity 100"), "{table}");
    assert!(table.contains(&format!("of {} cells", CASES * ALLOCATORS)), "{table}");
    assert!(!table.contains('\u{1b}'), "no escape codes where there is no terminal");
}

/// A parameter is part of a workload's name, a payload a place of its own: in every form.
#[test]
fn parameters_and_payloads_are_recorded_and_shown() {
    let grid = ["--time", "0.05", "--threads", "1", "--block-size", "64", "--capacity", "1000"];
    let workloads = ["--workload", "pair,bulk:8:32:512,near-full:90,exhausted"];
    let what = ["--payload", "none,line,block", "--contender", "block-mutex/raw,loop"];
    let all = |format: &str| {
        let output = run(&[&grid[..], &workloads, &what, &["--format", format]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let record: Value = serde_json::from_str(&all("json")).expect("valid JSON");
    let cells = record["cells"].as_array().expect("an array of cells");
    let of = |workload: &str| {
        let cells = cells.iter().filter(|cell| cell["contender"] == "block-mutex");
        let cells = cells.filter(|cell| cell["workload"] == workload);
        cells.map(|cell| cell["payload"].as_str().expect("a payload")).collect::<Vec<_>>()
    };
    for workload in ["pair", "bulk:8:32:512", "near-full:90"] {
        assert_eq!(of(workload), ["none", "line", "block"], "{workload}");
    }
    assert_eq!(of("exhausted"), ["none"]);
    assert!(record["notes"].to_string().contains("left out: exhausted, payload block"));

    let rows: Vec<_> = csv::Reader::from_reader(all("csv").as_bytes())
        .into_deserialize::<std::collections::HashMap<String, String>>()
        .map(|row| row.expect("a row"))
        .filter(|row| row["workload"] == "bulk:8:32:512" && row["payload"] == "block")
        .collect();
    assert_eq!(rows.len(), 2);
    let table = all("table");
    assert!(without_places(&table).lines().all(|line| line.chars().count() <= 100), "{table}");
    for said in ["\npair, 1 thread,", "\npair, payload block, 1 thread,", "bulk:8:32:512, payload"]
    {
        assert!(table.contains(said), "{said}: {table}");
    }
    assert!(!table.contains("pair, payload line"), "the usual one is not said: {table}");
    assert!(all("markdown").contains("| near-full:90, payload none, 1 thread |"));
}

#[test]
fn the_target_decides_the_verdict_but_not_the_exit_code() {
    let grid = ["--time", "0.05", "--threads", "1", "--workload", "pair", "--capacity", "10"];
    for (target, said) in [("0.000001", "met in 0 of 2 cells"), ("1e9", "met in 2 of 2 cells")] {
        let output =
            run(&[&grid[..], &["--contender", "system", "--verbose", "--target", target]].concat());
        assert!(output.status.success());
        assert!(text(&output.stdout).contains(said), "{}", text(&output.stdout));
    }
}
