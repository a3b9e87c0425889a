//! The program that shows an input and runs it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::process::ExitCode;

use block_fuzz::Input;
use lexopt::prelude::*;

const HELP: &str = "\
Shows inputs of the fuzzer's as calls, and makes them.

Usage: block-fuzz [--show] FILE...

Options:
  --show      make none of the calls
  -h, --help  this text
";

pub fn main() -> ExitCode {
    let (files, only_show) = match chosen() {
        Ok(chosen) => chosen,
        Err(error) => {
            eprintln!("block-fuzz: {error}; --help says what there is");
            return ExitCode::from(2);
        }
    };
    for file in files {
        if let Err(error) = show(&file, only_show) {
            eprintln!("block-fuzz: {}: {error}", file.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// The files, and whether they are only shown. No file, if it is help that was asked for.
fn chosen() -> Result<(Vec<OsString>, bool), lexopt::Error> {
    let (mut files, mut only_show) = (Vec::new(), false);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => {
                print!("{HELP}");
                return Ok((Vec::new(), true));
            }
            Long("show") => only_show = true,
            Value(file) => files.push(file),
            other => return Err(other.unexpected()),
        }
    }
    if files.is_empty() {
        return Err("no file is named".to_owned().into());
    }
    Ok((files, only_show))
}

fn show(file: &OsStr, only_show: bool) -> io::Result<()> {
    let name = file.display();
    let bytes = fs::read(file)?;
    let Some(input) = Input::of(&bytes) else {
        println!("{name}: too short for an input");
        return Ok(());
    };
    print!("{name}: {input}");
    if !only_show {
        input.run();
        println!("{name}: no call panicked, all answers agree");
    }
    Ok(())
}
