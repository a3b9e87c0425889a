//! Inputs that the fuzzer has found, each of which goes another way through the pools.

use std::fs;
use std::panic;
use std::path::Path;

use block_fuzz::Input;

#[test]
fn no_input_of_the_corpus_panics_overflows_or_finds_two_pools_that_disagree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20, "the corpus is committed");
    for file in files {
        let Some(input) = Input::of(&fs::read(&file).unwrap()) else { continue };
        if let Err(panic) = panic::catch_unwind(|| input.run()) {
            eprintln!("{}: {input}", file.display());
            panic::resume_unwind(panic);
        }
    }
}
