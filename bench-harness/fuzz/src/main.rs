//! What libFuzzer calls, in a build with `--cfg fuzzing`; else a program that shows an input and runs it.

#![cfg_attr(fuzzing, no_main)]

/// The variable in the environment with which an input is shown, once, and none of its calls made.
#[cfg(fuzzing)]
const ONLY_SHOW: &str = "ONLY_SHOW";

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> libfuzzer_sys::Corpus {
    use std::sync::{Once, OnceLock};

    static SHOWS: OnceLock<bool> = OnceLock::new();
    static SHOWN: Once = Once::new();

    let Some(input) = block_fuzz::Input::of(bytes) else {
        return libfuzzer_sys::Corpus::Reject;
    };
    if *SHOWS.get_or_init(|| std::env::var_os(ONLY_SHOW).is_some()) {
        SHOWN.call_once(|| print!("{input}"));
    } else {
        input.run();
    }
    libfuzzer_sys::Corpus::Keep
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    use std::process::ExitCode;

    const USAGE: &str = "\
Shows inputs of the fuzzer's as calls, and makes them.

Usage: block-fuzz [--show] FILE...

  --show  make none of the calls
  --help  this text";

    let mut files: Vec<_> = std::env::args_os().skip(1).collect();
    if files.iter().any(|argument| argument == "--help") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let only_show = files.first().is_some_and(|argument| argument == "--show");
    files.drain(..usize::from(only_show));
    if files.is_empty() {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    for file in files {
        let name = file.display();
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprintln!("{name}: {error}");
                return ExitCode::FAILURE;
            }
        };
        let Some(input) = block_fuzz::Input::of(&bytes) else {
            println!("{name}: too short for an input");
            continue;
        };
        print!("{name}: {input}");
        if !only_show {
            input.run();
            println!("{name}: no call panicked, all answers agree");
        }
    }
    ExitCode::SUCCESS
}
