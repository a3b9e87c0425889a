//! Every assertion in the "Before" program of a guide is also in its "After" program.

/// Returns the lines of assertions in the code under a heading.
fn assertions<'a>(page: &'a str, heading: &str) -> Vec<&'a str> {
    let (_, section) = page.split_once(heading).expect("the heading");
    let (_, code) = section.split_once("```rust\n").expect("an example");
    let (code, _) = code.split_once("```\n").expect("its end");
    code.lines().map(str::trim).filter(is_assertion).collect()
}

fn is_assertion(line: &&str) -> bool {
    line.starts_with("assert")
}

#[test]
fn every_assertion_before_is_also_after() {
    for page in [
        include_str!("../../docs/from-block-allocator.md"),
        include_str!("../../docs/from-bytes.md"),
        include_str!("../../docs/from-mutex-vec.md"),
    ] {
        let before = assertions(page, "\n## Before\n");
        let after = assertions(page, "\n## After\n");
        assert!(before.len() >= 3, "{before:?}");
        for assertion in before {
            assert!(after.contains(&assertion), "only before: {assertion}");
        }
    }
}
