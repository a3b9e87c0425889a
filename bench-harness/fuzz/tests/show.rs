//! The program that shows inputs: what it says of the corpus, and its answers to bad arguments.

use std::path::Path;
use std::process::{Command, Output};

fn block_fuzz(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_block-fuzz")).args(arguments).output().expect("it starts")
}

/// One of the corpus, by a path that holds wherever the test runs.
fn input() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files[0].to_str().expect("a path of letters").to_owned()
}

#[test]
fn an_input_is_shown_as_calls_which_are_made_unless_it_is_only_to_be_shown() {
    let input = input();
    for (arguments, runs) in [(&["--show", &input][..], false), (&[&input], true)] {
        let output = block_fuzz(arguments);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        assert!(said.contains("Setup {"), "{arguments:?}: {said}");
        assert_eq!(said.contains("all answers agree"), runs, "{arguments:?}: {said}");
    }
}

#[test]
fn arguments_that_make_no_sense_are_errors_that_say_so() {
    for (arguments, status, about) in [
        (&[][..], 2, "no file is named; --help"),
        (&["--show"], 2, "no file is named; --help"),
        (&["--nothing"], 2, "--nothing"),
        (&["no-such-file"], 1, "no-such-file"),
    ] {
        let output = block_fuzz(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {errors}");
        assert!(errors.contains(about), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
    }
}
