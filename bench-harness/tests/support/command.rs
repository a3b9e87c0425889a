//! The command, started as a user would.

use std::process::{Command, Output, Stdio};

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-harness"));
    command.args(arguments);
    command
}

/// What a table says, without the places after it: how long their paths are is not its choice.
#[allow(dead_code, reason = "not all tests look at a table")]
pub fn without_places(table: &str) -> &str {
    table.split_once("\nrecord:  ").map_or(table, |(table, _)| table)
}

pub fn run(arguments: &[&str]) -> Output {
    command(arguments).stdin(Stdio::null()).output().expect("the command starts")
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the command writes UTF-8")
}
