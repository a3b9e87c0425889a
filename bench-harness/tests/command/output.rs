//! Where a report goes, and what is left where there is none.

use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{command, run, text};

/// Far longer than it takes to see that the reader has left, far shorter than the run.
const LONG: Duration = Duration::from_secs(60);

/// As in `bench-harness | head -1`: the run ends as well.
#[test]
fn a_reader_that_leaves_is_no_error() {
    let short = ["--time", "0.05", "--threads", "1", "--capacity", "100", "--verbose"];
    for arguments in [&["--help"][..], &["--list"], &short, &["--time=600", "--threads=1"]] {
        let start = Instant::now();
        let mut child = command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("UTF-8");
        assert!(child.wait().expect("it ends").success(), "{arguments:?}: {stderr}");
        let measures = arguments[0].starts_with("--time");
        assert_eq!(stderr.contains("nobody reads the report any more"), measures, "{stderr}");
        assert!(start.elapsed() < LONG, "{arguments:?}: the run goes on without a reader");
    }
}

#[test]
fn the_report_goes_to_a_file_if_asked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("report.csv");
    let path = file.to_str().expect("a UTF-8 path");
    let grid = ["--time", "0.05", "--threads", "1", "--capacity", "100", "--contender", "mutex"];
    std::fs::write(&file, "an earlier report\n".repeat(1_000)).expect("a temporary file");
    let output = run(&[&grid[..], &["--format", "csv", "--output", path]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    let report = std::fs::read_to_string(&file).expect("the report was written");
    assert!(report.starts_with("contender,path,"), "{report}");
    assert!(!report.contains("an earlier report"), "{report}");
}

/// Record, page and picture, and their places at the end of the table.
#[test]
fn pictures_go_to_a_folder() {
    let beside = tempfile::tempdir().expect("a temporary folder");
    let folder = beside.path().join("report");
    let path = folder.to_str().expect("a UTF-8 path");
    let grid =
        ["--time", "0.05", "--threads", "1", "--capacity", "100", "--contender", "mutex,loop"];
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
    let refused = run(&[&grid[..], &["--report", "/dev/null/folder"]].concat());
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("cannot make the folder /dev/null/folder"));
}

/// A copy of the program, so that its usual folder is this test's own.
#[cfg(unix)]
#[test]
fn reports_are_kept_by_date_and_a_short_run_is_not_the_latest() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("bench-harness");
    std::fs::copy(env!("CARGO_BIN_EXE_bench-harness"), &program).expect("a copy");
    let start = |arguments: &[&str]| {
        let mut command = std::process::Command::new(&program);
        let output = command.args(arguments).current_dir(&folder).output();
        let output = output.expect("the copy starts");
        assert!(output.status.success(), "{}", text(&output.stderr));
    };
    let reports = folder.path().join("bench-harness-report");
    let latest = || std::fs::read_to_string(reports.join("latest/record.json")).ok();
    let quick = ["--time", "0.05", "--rounds", "1", "--capacity", "100", "--workload", "pair"];
    let of_few = [&quick[..], &["--threads", "1", "--contender", "mutex"]].concat();
    start(&of_few);
    assert_eq!(latest(), None, "a run of 6 cells");
    start(&[&quick[..], &["--threads", "1-4", "--contender", "all"]].concat());
    let whole = latest().expect("a whole run");
    // Reports are named by the second.
    std::thread::sleep(Duration::from_secs(1));
    start(&of_few);
    assert_eq!(latest(), Some(whole), "a short run does not take its place");
    assert!(std::fs::read_dir(&reports).expect("the folder").count() >= 3);
}

/// As by a crash; what Ctrl-C leaves is in `records`.
#[test]
fn a_run_that_is_killed_leaves_the_last_report_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("kept");
    std::fs::write(&file, "an earlier report\n").expect("a temporary file");
    let mut child = command(&["--time", "600", "--threads", "1", "--output"])
        .arg(&file)
        // It says how long it would take.
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts");
    std::thread::sleep(std::time::Duration::from_millis(300));
    child.kill().expect("it is still at it");
    child.wait().expect("it ends");
    let report = std::fs::read_to_string(&file).expect("the file is still there");
    assert_eq!(report, "an earlier report\n");
}
