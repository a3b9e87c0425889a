//! What the guides say of themselves: before and after do the same thing.
#![cfg(not(any(block_loom, block_shuttle)))]

/// The lines of assertions in the code under a heading.
fn assertions<'a>(page: &'a str, heading: &str) -> Vec<&'a str> {
    let (_, section) = page.split_once(heading).expect("the heading");
    let mut fences = section.split("//! ```\n");
    let (_prose, code) = (fences.next(), fences.next().expect("an example"));
    code.lines().map(|line| line.trim_start_matches("//!").trim()).filter(is_assertion).collect()
}

fn is_assertion(line: &&str) -> bool {
    line.starts_with("assert")
}

#[test]
fn every_assertion_before_stands_word_for_word_after() {
    for page in [
        include_str!("../src/guides/from_block_allocator.rs"),
        include_str!("../src/guides/from_bytes.rs"),
        include_str!("../src/guides/from_mutex_vec.rs"),
    ] {
        let before = assertions(page, "//! # Before\n");
        let after = assertions(page, "//! # After\n");
        assert!(before.len() >= 3, "{before:?}");
        for assertion in before {
            assert!(after.contains(&assertion), "only before: {assertion}");
        }
    }
}
