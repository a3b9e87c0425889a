//! The first screen: what a run prints if nothing else is asked for.

use std::process::Output;

use crate::support::{run, text};

const LINES: usize = 24;
const COLUMNS: usize = 80;

/// A quick run of the usual contenders, with what it wrote to both streams.
fn quick(more: &[&str]) -> (String, String) {
    let grid = ["--time", "0.1", "--rounds", "3", "--threads", "1,2", "--block-size", "64"];
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().to_str().expect("a UTF-8 path");
    let Output { stdout, stderr, status } =
        run(&[&grid[..], &["--capacity", "100", "--report", path], more].concat());
    assert!(status.success(), "{}", text(&stderr));
    (text(&stdout).replace(path, "folder"), text(&stderr).to_owned())
}

#[test]
fn the_summary_fits_one_screen() {
    let (table, before) = quick(&[]);
    let lines: Vec<_> = before.lines().chain(table.lines()).collect();
    assert!(lines.len() <= LINES, "{} lines: {before}{table}", lines.len());
    for line in lines {
        assert!(line.chars().count() <= COLUMNS, "{line}");
    }
}

/// The contender that this is about stands first, safe before unchecked; malloc before other pools.
#[test]
fn the_rows_have_an_order() {
    let (table, _) = quick(&[]);
    let at = |name: &str| {
        let found = table.lines().position(|line| line.starts_with(name));
        found.unwrap_or_else(|| panic!("no row {name}: {table}"))
    };
    let ours = bench_harness::lineup::OURS;
    let rows = [
        &format!("{ours} "),
        &format!("{ours} (unchecked)"),
        "mimalloc",
        "system",
        "plain-stack",
        bench_harness::lineup::MUTEX,
        "array-queue",
    ];
    assert!(rows.map(at).is_sorted(), "{table}");
    for absent in ["loop", "control "] {
        assert!(!table.lines().any(|line| line.starts_with(absent)), "{table}");
    }
}

#[test]
fn the_summary_says_how_to_read_it_and_where_the_rest_is() {
    let (table, _) = quick(&[]);
    let words = table.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "pair",
        "burst",
        "1 thread",
        "2 threads",
        "Wall time divided by the blocks of all threads; perfect scaling halves it with two threads.",
        "Noise: the same pool measured twice differs by",
        "28 ns, which the crate block_allocator claimed in 2015 for an allocation and a free:",
        "folder/record.json",
        "folder/report.html",
        "--verbose",
    ] {
        assert!(words.contains(said), "{said}: {table}");
    }
    assert!(!words.contains("target"), "{table}");
}

#[test]
fn a_run_is_announced_before_it_begins() {
    let (_, before) = quick(&[]);
    assert!(before.contains("measuring 64 cells of 3 samples, about "), "{before}");
    assert!(before.contains(": they need more than 0.1 s"), "it says why: {before}");
    let first = before.lines().next().expect("a line");
    assert!(first.starts_with("! busy machine: ") || !before.contains("busy"), "{before}");
}

/// Without the control nobody knows the noise, so nobody is ahead.
#[test]
fn without_a_control_there_is_no_ratio() {
    let (table, _) = quick(&["--contender", "lock-free,system"]);
    assert!(table.contains("Noise: unknown"), "{table}");
    let row = table.lines().find(|line| line.starts_with("system")).expect("a row");
    assert!(!row.contains('x') && !row.contains("noise"), "{row}");
    assert!(table.contains("noise in 4."), "no verdict either: {table}");
}

#[test]
fn every_cell_is_printed_if_asked() {
    let (table, _) = quick(&["--verbose"]);
    assert!(table.contains("burst, 2 threads, 64 B blocks"), "{table}");
    let both = run(&["--verbose", "--format", "csv"]);
    assert_eq!(both.status.code(), Some(2));
}
