//! What is measured: what is usual, or what was asked for.

use std::collections::{BTreeSet, HashSet};

use bench_harness::lineup;
use bench_harness::workload::Workload;
use serde_json::Value;

use crate::support::{run, text};
use crate::{CONTENDERS, without_places};

/// The contenders that the usual run leaves out.
const ONLY_IF_ASKED: [&str; 10] = [
    "block-lockfree-owned",
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

/// Every workload by every usual contender, as far as they can; what they cannot do is said.
#[test]
fn all_workloads_run_and_what_cannot_is_said() {
    let record: Value = serde_json::from_str(&all_workloads(&[])).expect("valid JSON");
    let cells = record["cells"].as_array().expect("an array of cells");
    let unable = record["unable"].as_array().expect("an array of what cannot be done");
    // Only pools can be exhausted: four of them by three paths, and the control; and the loop can do all
    // that they can.
    let not_pools = CONTENDERS - 14;
    assert_eq!(cells.len(), CASES * CONTENDERS - 2 * not_pools);
    assert_eq!(unable.len(), not_pools);
    assert!(unable.iter().all(|unable| unable["workload"] == "exhausted"), "{unable:?}");
    let singly = |cell: &&Value| cell["remark"] == "one by one";
    let bulk = cells.iter().filter(|cell| cell["workload"] == "bulk").filter(singly).count();
    // The loop, and all that is no pool.
    assert_eq!((bulk, cells.iter().filter(singly).count()), (2 * (1 + not_pools), bulk));
    assert!(record["notes"].to_string().contains("handover at 1 thread"), "{}", record["notes"]);
}

/// By a few contenders, the longest names and one that is no pool among them: the columns are the same.
#[test]
fn every_form_has_all_workloads_and_says_what_cannot_be_done() {
    let chosen = ["block-lockfree", "system", "loop"];
    let longest = lineup::usual().map(|name| name.contender.len()).max();
    assert_eq!(Some(chosen[0].len()), longest, "a longer name has come");
    let few = |format| all_workloads(&["--contender", &chosen.join(","), "--format", format]);
    let table = few("table");
    assert!(without_places(&table).lines().all(|line| line.chars().count() <= 100), "{table}");
    assert!(table.contains("cannot: has no bound") && table.contains(", one by one"), "{table}");
    let markdown = few("markdown");
    assert!(markdown.contains("| cannot |") && markdown.contains(" x)"), "{markdown}");
    let rows = csv::Reader::from_reader(few("csv").as_bytes()).into_records().count();
    // Five paths, one of which cannot be exhausted: no cells, and a row that says so.
    assert_eq!(rows, 5 * CASES - 2 + 1);
}

/// Hand-over takes two threads.
const CASES: usize = 2 * Workload::ALL.len() - 1;

/// A run of every workload on one thread and on two, as JSON unless another form is asked for.
fn all_workloads(more: &[&str]) -> String {
    let grid = ["--time", "0.1", "--workload", "all", "--threads", "1,2", "--block-size", "64"];
    let form = if more.is_empty() { &["--format", "json"] } else { more };
    let output = run(&[&grid[..], &["--capacity", "2000"], form].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The contenders that are only measured if asked for, in every workload they can do.
#[test]
fn contenders_that_are_asked_for_run_and_what_they_cannot_is_said() {
    let contenders = ONLY_IF_ASKED.join(",");
    let grid = ["--time", "0.1", "--rounds", "3", "--workload", "all", "--contender", &contenders];
    let case = ["--threads", "2", "--block-size", "64", "--capacity", "2000", "--format", "json"];
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
    let grid = ["--time", "0.05", "--threads", "1", "--workload", "pair", "--capacity", "10"];
    let chosen = |filter: &str| {
        let output = run(&[&grid[..], &["--format", "json", "--contender", filter]].concat());
        let record: Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
        // Two block sizes.
        record["cells"].as_array().expect("an array of cells").len() / 2
    };
    assert_eq!(chosen("block-mutex"), 3);
    assert_eq!(chosen("handle"), 6);
    assert_eq!(chosen("seg-queue,object-pool"), 4);
    assert_eq!(chosen("vec/zeroed"), 1);
    assert_eq!(chosen("block-mutex/handle,loop"), 2);
    assert_eq!(chosen("sys"), 1);
    assert_eq!(chosen("plain"), 3);
    assert_eq!(chosen("all"), lineup::names().count());
}

/// What a plan leaves to the command line is chosen there, and the rest stays the plan's.
#[test]
fn a_sweep_changes_one_thing() {
    let narrow = ["--time", "0.05", "--threads", "1", "--contender", "unchecked,loop"];
    let record = |plan: &str| -> Value {
        let output = run(&[&[plan][..], &narrow, &["--rounds", "1", "--format", "json"]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("valid JSON")
    };
    let values = |record: &Value, field: &str| {
        let cells = record["cells"].as_array().expect("an array of cells");
        let values: BTreeSet<_> = cells.iter().map(|cell| cell[field].to_string()).collect();
        values.len()
    };
    let sizes = record("block-sizes");
    assert_eq!((values(&sizes, "block_size"), values(&sizes, "arena")), (7, 1));
    let occupancy = record("occupancy");
    assert_eq!((values(&occupancy, "workload"), values(&occupancy, "block_size")), (10, 1));
    assert_eq!(values(&occupancy, "threads"), 1);
}
