//! Which contenders are measured: the usual ones, or those asked for.

#[path = "support/command.rs"]
mod support;

use std::collections::HashSet;

use bench_harness::workload::Workload;
use serde_json::Value;
use support::{run, text};

/// The contenders that the usual run leaves out.
const ONLY_IF_ASKED: [&str; 9] = [
    "waiting",
    "seg-queue",
    "object-pool",
    "opool",
    "lockfree-object-pool",
    "sharded-slab",
    "zeropool",
    "bytes-mut",
    "vec",
];

#[test]
fn the_list_says_which_contenders_must_be_asked_for() {
    let list = run(&["--list"]);
    let list = text(&list.stdout);
    let (contenders, _) = list.split_once("Workloads:").expect("workloads come last");
    let (_, contenders) = contenders.split_once("Contenders,").expect("plans come first");
    let lines: Vec<_> = contenders.lines().skip(1).take_while(|line| !line.is_empty()).collect();
    // A line for the contender, and one for its paths.
    let marked = lines.chunks(2).filter(|lines| lines[1].ends_with(" (only if asked for)"));
    let marked: Vec<_> = marked.filter_map(|lines| lines[0].split_whitespace().next()).collect();
    assert_eq!(marked, ONLY_IF_ASKED);
    assert!(list.contains("not of bytes-mut: has no bound"), "{list}");
    assert!(list.contains("not of lockfree-object-pool: to fill it"), "{list}");
    assert!(contenders.lines().all(|line| line.chars().count() <= 100), "{list}");

    let help = run(&["--help"]);
    assert!(text(&help.stdout).contains("--contender all"));
}

/// The contenders that are only measured if asked for, in every workload they can do.
#[test]
fn all_contenders_run_and_what_cannot_is_said() {
    let grid = ["--time", "0.1", "--rounds", "3", "--workload", "all", "--contender", "all"];
    let case = ["--threads", "2", "--block-size", "64", "--arena", "2000", "--format", "json"];
    let output = run(&[&grid[..], &case].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let record: Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
    for contender in ONLY_IF_ASKED {
        let of = |key: &str| {
            let all = record[key].as_array().expect("an array").iter();
            let own = all.filter(|one| one["contender"] == contender);
            own.map(|one| (one["path"].to_string(), one["workload"].to_string())).collect()
        };
        let (able, unable): (Vec<_>, Vec<_>) = (of("cells"), of("unable"));
        let paths: HashSet<_> = able.iter().map(|(path, _)| path).collect();
        assert_eq!(
            able.len() + unable.len(),
            Workload::ALL.len() * paths.len(),
            "{contender}: {unable:?}"
        );
    }
}

#[test]
fn filters_choose_cells() {
    let grid = ["--time", "0.05", "--threads", "1", "--workload", "pair", "--arena", "10"];
    let chosen = |filter: &str| {
        let output = run(&[&grid[..], &["--format", "json", "--contender", filter]].concat());
        let record: Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
        // Two block sizes.
        record["cells"].as_array().expect("an array of cells").len() / 2
    };
    assert_eq!(chosen("mutex"), 3);
    assert_eq!(chosen("handle"), 6);
    assert_eq!(chosen("seg-queue,object-pool"), 4);
    assert_eq!(chosen("vec/zeroed"), 1);
    assert_eq!(chosen("mutex/handle,loop"), 2);
    assert_eq!(chosen("sys"), 1);
    assert_eq!(chosen("plain"), 3);
}
