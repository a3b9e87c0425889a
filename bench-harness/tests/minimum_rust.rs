//! The oldest Rust that the libraries build with is a number in the workspace's manifest, which the gate
//! reads as well. Whoever writes it elsewhere writes the same.

use std::fs;
use std::path::Path;

const LIBRARIES: [&str; 3] = ["block-core", "block-lockfree", "block-mutex"];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn minimum() -> String {
    let manifest = read("Cargo.toml");
    let mut lines = manifest.lines().filter_map(|line| line.strip_prefix("rust-version = "));
    let version = lines.next().expect("the workspace's manifest has a line `rust-version = ...`");
    assert_eq!(lines.next(), None, "one number for the workspace");
    version.trim_matches('"').to_owned()
}

#[test]
fn every_library_inherits_the_minimum_rust() {
    for library in LIBRARIES {
        let manifest = read(&format!("{library}/Cargo.toml"));
        assert!(manifest.contains("\nrust-version.workspace = true\n"), "{library}/Cargo.toml");
    }
}

#[test]
fn readmes_state_the_minimum_rust_of_the_manifest() {
    let minimum = minimum();
    let sentence = format!("The libraries need Rust {minimum}, ");
    assert!(read("README.md").contains(&sentence), "README.md has to say: {sentence}");
    for library in LIBRARIES {
        let paragraph = format!("## Minimum Rust\n\n{minimum}. ");
        let readme = read(&format!("{library}/README.md"));
        assert!(readme.contains(&paragraph), "{library}/README.md has to say: {paragraph}");
    }
}
