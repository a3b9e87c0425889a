//! The command: arguments in, report out. Everything else is the library's.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench_harness::command::main(std::env::args_os())
}
