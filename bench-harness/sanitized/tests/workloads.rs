//! The program without a sanitizer: every workload over every pool, and the answers to bad arguments.
//! `.ci/sanitizers` runs it with one.

use std::process::{Command, Output};

fn sanitized(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sanitized")).args(arguments).output().expect("it starts")
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
