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
mod show;

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    show::main()
}
