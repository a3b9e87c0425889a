//! A test in a process where nothing else runs.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

const IN_CHILD: &str = "BLOCK_CORE_TEST_IN_CHILD";

/// Runs `scenario` in a process where nothing else runs: this test program, with `test` alone. What the
/// child printed, unless this is the child, or there can be none.
#[allow(dead_code, reason = "some tests have children that end otherwise")]
pub fn in_child(test: &str, scenario: fn()) -> Option<Output> {
    let Run::Ended(output) = run(test, "", scenario) else { return None };
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    assert!(out.contains("1 passed"), "the child ran no test `{test}`:\n{out}");
    Some(output)
}

/// The same for one of several cases of a test, which must end in an abort. What the child said on standard
/// error.
#[allow(dead_code, reason = "some tests have children that end well")]
pub fn aborts_in_child(test: &str, case: &str, scenario: impl FnOnce()) -> Option<String> {
    let Run::Ended(output) = run(test, case, scenario) else { return None };
    let err = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{case}: {}\n{err}", output.status);
    Some(err)
}

/// What came of a scenario.
enum Run {
    Ended(Output),
    /// This is the child, or there can be none.
    NotHere,
}

fn run(test: &str, case: &str, scenario: impl FnOnce()) -> Run {
    const NO_SUCH_FORMAT: i32 = libc::ENOEXEC;
    if let Some(asked_for) = std::env::var_os(IN_CHILD) {
        if asked_for == case {
            scenario();
        }
        return Run::NotHere;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(IN_CHILD, case)
        .env("RUST_BACKTRACE", "0") // takes longer than all the rest
        .output();
    match child {
        Ok(output) => Run::Ended(output),
        Err(error) if error.raw_os_error() == Some(NO_SUCH_FORMAT) => {
            println!("skipped: the system cannot run this program without its emulator");
            Run::NotHere
        }
        Err(error) => panic!("{error}"),
    }
}
