//! What the libraries promise: a committed list of all their public items, and an example for each.
//!
//! The lists are made of the sources, by `syn`. The crate `public-api` sees more, traits that are
//! implemented by themselves and names that are resolved, but reads what rustdoc of one certain nightly
//! writes; these tests belong to the ordinary command, on a stable toolchain.

mod examples;
mod gates;
mod macros;
mod print;
mod reach;
mod source;

use std::path::Path;
use std::{env, fs};

use similar::TextDiff;

/// The list of a crate is the committed one.
fn is_as_committed(name: &str) {
    let list = print::list(&reach::surface(name));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("public-api.txt");
    if env::var_os("BLESS").is_some() {
        fs::write(&file, &list).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let difference = TextDiff::from_lines(&committed, &list);
    assert!(
        committed == list,
        "the public items of {name} are not those of {name}/public-api.txt:\n\n{}\nif the change is meant: \
         BLESS=1 cargo test -p bench-harness --test public_api, review the diff, add a line to \
         CHANGELOG.md",
        difference.unified_diff().header("committed", "in the sources")
    );
}

#[test]
fn the_public_items_of_block_core_are_as_committed() {
    is_as_committed("block-core");
}

#[test]
fn the_public_items_of_block_lockfree_are_as_committed() {
    is_as_committed("block-lockfree");
}

#[test]
fn the_public_items_of_block_mutex_are_as_committed() {
    is_as_committed("block-mutex");
}

#[test]
fn every_public_item_has_an_example_that_runs() {
    let crates = ["block-core", "block-lockfree", "block-mutex"];
    let missing: Vec<_> =
        crates.iter().flat_map(|name| examples::missing(&reach::surface(name))).collect();
    assert!(missing.is_empty(), "no example that runs:\n{}", missing.join("\n"));
}
