//! The program without a sanitizer: every workload over every pool, and the answers to bad arguments.
//! `.ci/sanitizers` runs it with one.

use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// After which the program counts as one that does not end: a pool that loses blocks makes threads wait
/// for ever. All of it takes seconds.
const LIMIT: Duration = Duration::from_secs(300);

/// What it said and how it ended. Panics if it does not, and says at which workload.
fn sanitized(arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sanitized"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let started = Instant::now();
    // It says less than a pipe holds, so it ends before it is read.
    while program.try_wait().expect("a child").is_none() {
        if started.elapsed() > LIMIT {
            program.kill().expect("a child");
            let output = program.wait_with_output().expect("a child");
            let said = String::from_utf8_lossy(&output.stdout);
            let last = said.lines().last().unwrap_or_default().trim_end_matches(": ");
            panic!("stopped after {LIMIT:?} in the workload {last:?}: were blocks lost?");
        }
        thread::sleep(Duration::from_millis(10));
    }
    program.wait_with_output().expect("a child")
}

#[test]
fn every_pool_stands_every_workload() {
    let output = sanitized(&[]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(errors.is_empty(), "{errors}");
}

#[test]
fn what_does_not_exist_is_an_error_that_names_it() {
    for arguments in
        [&["--wrong", "nothing"][..], &["nothing"], &["--nothing"], &["--rounds", "nothing"]]
    {
        let output = sanitized(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains("nothing") && errors.contains("--help"), "{arguments:?}: {errors}");
    }
}

#[test]
fn no_rounds_are_refused_and_one_runs() {
    let none = sanitized(&["--rounds", "0", "bulk"]);
    let errors = String::from_utf8_lossy(&none.stderr);
    assert_eq!(none.status.code(), Some(2), "{errors}");
    assert!(errors.contains("--rounds 0"), "{errors}");
    assert!(none.stdout.is_empty(), "{none:?}");
    assert!(sanitized(&["--rounds", "1", "bulk"]).status.success());
}
