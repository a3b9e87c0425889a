//! A test in a process where nothing else runs.

use std::process::{Command, Output};

const IN_CHILD: &str = "BLOCK_CORE_TEST_IN_CHILD";

/// Runs `scenario` in a process where nothing else runs: this test program, with `test` alone. What the
/// child printed, unless this is the child, or there can be none.
pub fn in_child(test: &str, scenario: fn()) -> Option<Output> {
    const NO_SUCH_FORMAT: i32 = libc::ENOEXEC;
    if std::env::var_os(IN_CHILD).is_some() {
        scenario();
        return None;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(IN_CHILD, "1")
        .output();
    let output = match child {
        Ok(output) => output,
        Err(error) if error.raw_os_error() == Some(NO_SUCH_FORMAT) => {
            println!("skipped: the system cannot run this program without its emulator");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    assert!(out.contains("1 passed"), "the child ran no test `{test}`:\n{out}");
    Some(output)
}
