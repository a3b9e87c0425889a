//! Writes `counts.csv` anew, in the counting build: `cargo bench-counting`.

use std::process::ExitCode;

#[cfg(block_counting)]
fn main() -> ExitCode {
    use bench_harness::scaling::{counts, recount};

    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.csv");
    let counted = recount::recount().map_err(|error| error.to_string());
    let written = counted.and_then(|counted| {
        let bytes = counts::write(&counted).map_err(|error| error.to_string())?;
        std::fs::write(file, bytes).map_err(|error| format!("cannot write {file}: {error}"))
    });
    match written {
        Ok(()) => {
            println!("{file} is written");
            ExitCode::SUCCESS
        }
        Err(line) => {
            eprintln!("counts: {line}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(block_counting))]
fn main() -> ExitCode {
    eprintln!("counts: nothing is counted in this build; use cargo bench-counting");
    ExitCode::FAILURE
}
