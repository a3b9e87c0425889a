//! The command as a user meets it.

#[path = "support/command.rs"]
mod support;

use std::io::Read;
use std::process::{Output, Stdio};

use bench_harness::workload::Workload;
use serde_json::Value;
use support::{command, run, text, without_places};

/// A run of two workloads, two numbers of threads, two block sizes, one arena: 8 cases.
fn quick(format: &str) -> Output {
    let grid = ["--time", "0.1", "--threads", "1,2", "--block-size", "64,1K", "--arena", "100"];
    let output = run(&[&grid[..], &["--target", TARGET, "--format", format]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "", "no terminal, no progress");
    output
}

const CASES: usize = 8;
/// Not even without optimisation the loop alone misses it: then nobody would be judged.
const TARGET: &str = "1e9";

/// The loop alone and the control, which are not judged.
const NOT_JUDGED: usize = 2;
/// Four pools by three paths, and the general allocators.
const ALLOCATORS: usize = 12 + if cfg!(bench_harness_allocators) { 4 } else { 2 };
const CONTENDERS: usize = ALLOCATORS + NOT_JUDGED;

#[test]
fn help_and_list_say_what_there_is() {
    let help = run(&["--help"]);
    assert!(help.status.success());
    for word in ["Examples:", "--contender", "--time", "--target", "--format"] {
        assert!(text(&help.stdout).contains(word), "{word}");
    }
    assert!(text(&help.stdout).lines().all(|line| line.chars().count() <= 100));

    let list = run(&["--list"]);
    assert!(list.status.success());
    let list = text(&list.stdout);
    let contenders = ["lock-free", "plain-stack", "mutex", "array-queue", "system", "mimalloc"];
    for word in contenders.iter().chain(&["jemalloc", "snmalloc", "loop", "handle, raw, unchecked"])
    {
        assert!(list.contains(word), "{word}");
    }
    for plan in ["usual", "full", "block-sizes", "arenas", "threads", "occupancy", "bulk-grid"] {
        assert!(list.lines().any(|line| line.trim_start().starts_with(plan)), "{plan}");
    }
    let absent = list.contains("bench_harness_allocators");
    assert_eq!(absent, cfg!(not(bench_harness_allocators)), "{list}");
    let workloads = ["pair", "burst", "replace", "larson", "handover", "churn", "scratch", "bulk"];
    let near = ["near-full", "near-full:90", "near-full:99", "near-full:PERCENT", "exhausted"];
    for workload in workloads.iter().chain(&near).chain(&["bulk:GET:PUT:KEEP"]) {
        assert!(list.lines().any(|line| line.trim_start().starts_with(workload)), "{workload}");
    }
    assert!(list.contains("not of mimalloc: has no bound"), "{list}");
    assert!(list.contains("its usual payload is none"), "{list}");
    assert!(list.contains("not with payload block: it writes the first line itself"), "{list}");
    assert!(list.contains("not at odd numbers of threads: its threads work in pairs"), "{list}");
}

/// One line on stderr that says what is allowed, nothing on stdout, exit code 2.
#[test]
fn a_wrong_argument_gets_one_clear_line() {
    let wrong: [(&[&str], &str); 40] = [
        (&["--frobnicate"], "unexpected argument '--frobnicate'"),
        (&["leftover"], "allowed is usual, block-sizes,"),
        (&["full", "leftover"], "unexpected argument 'leftover'"),
        (&["occupancy", "--workload", "pair"], "the plan occupancy chooses the workloads"),
        (&["--time"], "a value is required for '--time <SECONDS>'"),
        (&["--time", "0"], "a number of seconds above 0"),
        (&["--time", "-1"], "a number of seconds above 0"),
        (&["--time", "soon"], "a number of seconds above 0"),
        (&["--time", "NaN"], "a number of seconds above 0"),
        (&["--time", "1", "--time", "2"], "cannot be used multiple times"),
        (&["--rounds", "0"], "from 1 to 1000"),
        (&["--target", "none"], "a number of nanoseconds above 0"),
        (&["--format", "xml"], "table, json, csv, markdown, html or svg"),
        (
            &["--workload", "triple"],
            "pair, burst, replace, larson, handover, churn, scratch, bulk, near-full, exhausted; also \
             bulk:GET:PUT:KEEP and near-full:PERCENT; all",
        ),
        (&["--workload", "near-full:100"], "every take fails: that is exhausted"),
        (&["--workload", "near-full:99.95"], "from 0 to 99.9 with at most one decimal"),
        (&["--workload", "bulk:64:1:32"], "GET and PUT up to KEEP"),
        (
            &["--workload", "bulk:8:8:512", "--arena", "1023", "--threads", "2"],
            "allowed is 1024 or more",
        ),
        (&["--workload", "larson", "--arena", "999", "--threads", "1"], "allowed is 1000 or more"),
        (&["--workload", "churn", "--arena", "95", "--threads", "2"], "allowed is 96 or more"),
        (&["--workload", "scratch", "--payload", "none,block"], "it writes the first line itself"),
        (&["--payload", "all"], "allowed is none, line or block"),
        (&["--workload", "exhausted", "--payload", "line"], "it gets no block"),
        (&["--workload", "handover", "--threads", "1"], "its threads work in pairs"),
        (
            &["--workload", "replace", "--arena", "1999", "--threads", "2"],
            "allowed is 2000 or more",
        ),
        (
            &["--workload", "near-full", "--arena", "499", "--threads", "1"],
            "allowed is 500 or more",
        ),
        (&["--workload", "handover", "--arena", "255", "--threads", "2"], "allowed is 256 or more"),
        (&["--workload", "exhausted", "--contender", "system"], "has no bound"),
        (&["--threads", "0"], "from 1 to 1024"),
        (&["--threads", "1,,2"], "from 1 to 1024"),
        (&["--threads", "100000"], "from 1 to 1024"),
        (&["--block-size", "0"], "1 to 1G bytes"),
        (&["--block-size", "64Q"], "1 to 1G bytes"),
        (&["--arena", "1000000000000"], "from 1 to 10000000"),
        (&["--arena", "63", "--threads", "2", "--workload", "burst"], "allowed is 64 or more"),
        (&["--arena", "10000000", "--block-size", "1G"], "1 TiB"),
        (&["--contender", "nosuch"], "lock-free/handle, lock-free/raw"),
        (&["--contender", "two\nlines"], "lock-free/handle, lock-free/raw"),
        (&["--contender", ""], "lock-free/handle, lock-free/raw"),
        (&["--output", "/no/such/folder/file"], "cannot write to /no/such/folder/file"),
    ];
    for (arguments, said) in wrong {
        let output = run(arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
        assert!(stderr.ends_with('\n') && stderr.contains(said), "{arguments:?}: {stderr}");
    }
}

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
    let rounds = record["settings"]["rounds"].as_u64().expect("a number of rounds");
    for cell in cells {
        let (median, min) = (cell["median_ns"].as_f64().unwrap(), cell["min_ns"].as_f64().unwrap());
        assert!(0.0 < min && min <= median, "{cell}");
        assert_eq!(cell["samples_ns"].as_array().unwrap().len() as u64, rounds, "{cell}");
        assert!(cell["loop_ns"].is_f64(), "{cell}");
        let judged = cell["contender"] != "loop" && cell["contender"] != "control";
        let target: f64 = TARGET.parse().expect("a number");
        assert_eq!(cell["met"].as_bool(), judged.then_some(median <= target), "{cell}");
        let times = cell["best_allocator_ns"].as_f64().expect("two were measured") / median;
        let said = cell["times_best_allocator"].as_f64();
        assert_eq!(said.is_some(), judged, "{cell}");
        assert!(said.is_none_or(|said| (said / times - 1.0).abs() < 1e-9), "{cell}");
    }
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
    assert!(table.contains("burst, 2 threads, 1 KiB blocks, arena of 100"), "{table}");
    assert!(table.contains(&format!("of {} cells", CASES * ALLOCATORS)), "{table}");
    assert!(!table.contains('\u{1b}'), "no escape codes where there is no terminal");
}

/// Every workload by every contender, as far as they can; what they cannot do is said.
#[test]
fn all_workloads_run_and_what_cannot_is_said() {
    let grid = ["--time", "0.1", "--workload", "all", "--threads", "1,2", "--block-size", "64"];
    let all = |format: &str| {
        let output = run(&[&grid[..], &["--arena", "2000", "--format", format]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let record: Value = serde_json::from_str(&all("json")).expect("valid JSON");
    let cells = record["cells"].as_array().expect("an array of cells");
    let unable = record["unable"].as_array().expect("an array of what cannot be done");
    // Hand-over takes two threads; only pools can be exhausted.
    // Four pools by three paths, and the control; and the loop can do all that they can.
    let (cases, not_pools) = (2 * Workload::ALL.len() - 1, CONTENDERS - 14);
    assert_eq!(cells.len(), cases * CONTENDERS - 2 * not_pools);
    assert_eq!(unable.len(), not_pools);
    assert!(unable.iter().all(|unable| unable["workload"] == "exhausted"), "{unable:?}");
    let singly = |cell: &&Value| cell["remark"] == "one by one";
    let bulk = cells.iter().filter(|cell| cell["workload"] == "bulk").filter(singly).count();
    // The loop, and all that is no pool.
    assert_eq!((bulk, cells.iter().filter(singly).count()), (2 * (1 + not_pools), bulk));
    assert!(record["notes"].to_string().contains("handover at 1 thread"), "{}", record["notes"]);

    let table = all("table");
    assert!(without_places(&table).lines().all(|line| line.chars().count() <= 100), "{table}");
    assert!(table.contains("cannot: has no bound") && table.contains(", one by one"), "{table}");
    let markdown = all("markdown");
    assert!(markdown.contains("| cannot |") && markdown.contains(" x)"), "{markdown}");
    let rows = csv::Reader::from_reader(all("csv").as_bytes()).into_records().count();
    assert_eq!(rows, cells.len() + unable.len());
}

/// A parameter is part of a workload's name, a payload a place of its own: in every form.
#[test]
fn parameters_and_payloads_are_recorded_and_shown() {
    let grid = ["--time", "0.05", "--threads", "1", "--block-size", "64", "--arena", "1000"];
    let workloads = ["--workload", "pair,bulk:8:32:512,near-full:90,exhausted"];
    let what = ["--payload", "none,line,block", "--contender", "mutex/raw,loop"];
    let all = |format: &str| {
        let output = run(&[&grid[..], &workloads, &what, &["--format", format]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let record: Value = serde_json::from_str(&all("json")).expect("valid JSON");
    let cells = record["cells"].as_array().expect("an array of cells");
    let of = |workload: &str| {
        let cells = cells.iter().filter(|cell| cell["contender"] == "mutex");
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
        let values: std::collections::BTreeSet<_> =
            cells.iter().map(|cell| cell[field].to_string()).collect();
        values.len()
    };
    let sizes = record("block-sizes");
    assert_eq!((values(&sizes, "block_size"), values(&sizes, "arena")), (7, 1));
    let occupancy = record("occupancy");
    assert_eq!((values(&occupancy, "workload"), values(&occupancy, "block_size")), (10, 1));
    assert_eq!(values(&occupancy, "threads"), 1);
}

#[test]
fn the_target_decides_the_verdict_but_not_the_exit_code() {
    let grid = ["--time", "0.05", "--threads", "1", "--workload", "pair", "--arena", "10"];
    for (target, said) in [("0.000001", "met in 0 of 2 cells"), ("1e9", "met in 2 of 2 cells")] {
        let output = run(&[&grid[..], &["--contender", "system", "--target", target]].concat());
        assert!(output.status.success());
        assert!(text(&output.stdout).contains(said), "{}", text(&output.stdout));
    }
}

/// As in `bench-harness | head -1`.
#[test]
fn a_reader_that_leaves_is_no_error() {
    let short = ["--time", "0.05", "--threads", "1", "--arena", "100"];
    for arguments in [&["--help"][..], &["--list"], &short] {
        let mut child = command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("UTF-8");
        assert!(child.wait().expect("it ends").success(), "{arguments:?}: {stderr}");
        assert_eq!(stderr, "", "{arguments:?}");
    }
}

#[test]
fn the_report_goes_to_a_file_if_asked() {
    let file = std::env::temp_dir().join(format!("bench-harness-{}.csv", std::process::id()));
    let path = file.to_str().expect("a UTF-8 path");
    let grid = ["--time", "0.05", "--threads", "1", "--arena", "100", "--contender", "mutex"];
    std::fs::write(&file, "an earlier report\n".repeat(1_000)).expect("a temporary file");
    let output = run(&[&grid[..], &["--format", "csv", "--output", path]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    let report = std::fs::read_to_string(&file).expect("the report was written");
    std::fs::remove_file(&file).expect("the report is ours");
    assert!(report.starts_with("contender,path,"), "{report}");
    assert!(!report.contains("an earlier report"), "{report}");
}

/// Record, page and picture, and their places at the end of the table.
#[test]
fn pictures_go_to_a_folder() {
    let folder = std::env::temp_dir().join(format!("bench-harness-{}.report", std::process::id()));
    let path = folder.to_str().expect("a UTF-8 path");
    let grid = ["--time", "0.05", "--threads", "1", "--arena", "100", "--contender", "mutex,loop"];
    for format in ["table", "json"] {
        let output = run(&[&grid[..], &["--format", format, "--report", path]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        let said = if format == "table" { stdout } else { stderr };
        let last: Vec<_> = said.lines().rev().take(3).collect();
        for (line, name) in last.iter().zip(["headline.svg", "report.html", "record.json"]) {
            assert!(line.ends_with(&format!("{path}/{name}")), "{said}");
        }
        let read = |name| std::fs::read_to_string(folder.join(name)).expect("it was written");
        serde_json::from_str::<Value>(&read("record.json")).expect("valid JSON");
        assert!(read("report.html").starts_with("<!DOCTYPE html>"));
        assert!(read("headline.svg").contains("</svg>"));
    }
    let first = std::fs::read_to_string(folder.join("previous.json")).expect("it was kept");
    serde_json::from_str::<Value>(&first).expect("valid JSON");
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
    let refused = run(&[&grid[..], &["--report", "/dev/null/folder"]].concat());
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("cannot make the folder /dev/null/folder"));
}

/// As by a crash; what Ctrl-C leaves is in `records`.
#[test]
fn a_run_that_is_killed_leaves_the_last_report_alone() {
    let file = std::env::temp_dir().join(format!("bench-harness-{}.kept", std::process::id()));
    std::fs::write(&file, "an earlier report\n").expect("a temporary file");
    let mut child = command(&["--time", "600", "--threads", "1", "--output"])
        .arg(&file)
        .stdin(Stdio::null())
        .spawn()
        .expect("the command starts");
    std::thread::sleep(std::time::Duration::from_millis(300));
    child.kill().expect("it is still at it");
    child.wait().expect("it ends");
    let report = std::fs::read_to_string(&file).expect("the file is still there");
    std::fs::remove_file(&file).expect("the file is ours");
    assert_eq!(report, "an earlier report\n");
}
