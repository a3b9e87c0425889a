//! What is left of a run that was ended early.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{File, command, run, text};

const ONE_CELL: &[&str] = &[
    "--threads=1",
    "--workload=pair",
    "--capacity=10",
    "--block-size=64",
    "--contender=mutex/handle",
];

/// Far longer than any test takes.
const LONG: Duration = Duration::from_secs(60);

/// A run that has its handlers, since it has opened its output.
fn started(arguments: &[&str], format: &str, output: &File) -> Child {
    let child = command(arguments)
        .args(["--format", format, "--output", output.path()])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let start = Instant::now();
    while !output.path.exists() {
        assert!(start.elapsed() < LONG, "it does not open its output");
        sleep(Duration::from_millis(5));
    }
    child
}

fn signal(child: &Child, signal: &str) {
    let kill = ["-c", &format!("kill -{signal} {}", child.id())];
    assert!(Command::new("sh").args(kill).status().expect("a shell").success());
}

/// The exit code and what was complained of.
fn ended(child: Child) -> (Option<i32>, String) {
    let start = Instant::now();
    let output = child.wait_with_output().expect("it ends");
    assert!(start.elapsed() < LONG, "it did not end early");
    (output.status.code(), text(&output.stderr).to_owned())
}

/// All at the same time, since each has to wait for its first sample.
#[test]
fn a_run_leaves_a_valid_partial_record() {
    // Ten minutes: a sample takes about a second.
    let arguments = [ONE_CELL, &["--time", "600", "--rounds", "600"]].concat();
    let runs = [("INT", "json"), ("TERM", "json"), ("INT", "csv"), ("INT", "table")];
    let runs = runs.map(|(name, format)| {
        let output = File::absent(&format!("partial-{name}-{format}"));
        (name, format, started(&arguments, format, &output), output)
    });
    sleep(Duration::from_secs(1));
    runs.iter().for_each(|(name, _, child, _)| signal(child, name));
    for (name, format, child, output) in runs {
        let (code, said) = ended(child);
        assert_eq!(code, Some(130), "{name} {format}");
        assert!(said.contains("about 10 minutes") && said.lines().count() == 1, "{said}");
        is_partial(format, &output);
    }
}

fn is_partial(format: &str, output: &File) {
    let report = output.read();
    match format {
        "json" => {
            let record: Value = serde_json::from_str(&report).expect("valid JSON");
            assert_eq!(record["interrupted"], true);
            assert!(record["notes"].to_string().contains("interrupted: "), "{report}");
            let samples = record["cells"][0]["samples_ns"].as_array().expect("samples");
            assert!((1..600).contains(&samples.len()), "{samples:?}");
            // It can be compared, and the report says what it is.
            let compared = run(&["--compare", output.path(), "--with", output.path()]);
            assert_eq!(compared.status.code(), Some(0));
            assert!(text(&compared.stdout).contains("run that was interrupted"));
        }
        "csv" => {
            let rows: Result<Vec<_>, _> =
                csv::Reader::from_reader(report.as_bytes()).into_records().collect();
            let rows = rows.expect("rows as long as the header");
            assert!(rows.iter().all(|row| row.iter().any(|field| field == "true")));
        }
        _ => assert!(report.contains("note: interrupted: "), "{report}"),
    }
}

/// Before the first sample a million blocks are counted for each contender.
#[test]
fn without_a_sample_nothing_is_written() {
    let output = File::absent("nothing");
    let arguments = ["--threads", "1", "--capacity", "1000000", "--block-size", "64"];
    let child = started(&arguments, "json", &output);
    signal(&child, "INT");
    let (code, line) = ended(child);
    assert_eq!(code, Some(130));
    assert!(line.contains("interrupted before the first sample"), "{line}");
    assert!(!output.path.exists(), "not even an empty file");
}

/// The first sample takes some tenths of a second at most, since a run is no more than a hundred
/// times as long as the last; the second or the third of a pass takes seconds, or minutes.
#[test]
fn the_second_signal_ends_the_run_at_once() {
    let output = File::absent("at-once");
    let arguments = [ONE_CELL, &["--time", "600", "--rounds", "3", "--passes", "1"]].concat();
    let mut child = started(&arguments, "json", &output);
    sleep(Duration::from_secs(1));
    signal(&child, "INT");
    sleep(Duration::from_millis(200));
    assert!(child.try_wait().expect("a child").is_none(), "it is at a long sample");
    signal(&child, "INT");
    assert_eq!(ended(child).0, Some(130));
    assert_eq!(output.read(), "", "nothing was written");
}

/// The cells are done at once, each timed run takes some tenths of a second.
#[test]
fn a_run_that_times_calls_ends_early_too() {
    let output = File::absent("timed");
    let grid =
        ["--latency", "--workload=pair", "--capacity=100", "--contender=mutex/handle,system"];
    let arguments = [&grid[..], &["--threads=1,2", "--time=60", "--rounds=1"]].concat();
    let child = started(&arguments, "json", &output);
    sleep(Duration::from_secs(2));
    signal(&child, "INT");
    assert_eq!(ended(child), (Some(130), String::new()));
    let record: Value = serde_json::from_str(&output.read()).expect("valid JSON");
    assert!(record["notes"].to_string().contains("interrupted: calls were timed in "), "{record}");
    assert_eq!(record["interrupted"], true);
}
