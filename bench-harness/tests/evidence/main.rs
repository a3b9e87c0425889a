//! What the documentation says of tests is so: each row of its tables has a test, and each test, model and
//! program that it names is there.
//!
//! A cell of the bad inputs names files and, after each file, tests of it, all of them as code:
//! `` `crate/tests/a.rs`: `one`, `another` ``. For a file of the conformance suite the names are those of
//! properties and events that the suite stamps onto every backend. `models.rs` and `mutants.rs` say how
//! models, and changes that no test sees, are named.

mod models;
mod mutants;
mod named;
mod program;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    fs::read_to_string(workspace().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What is wrong with the rows of a page: a row without a test, a file or a test that is not there.
fn problems(page: &str) -> Vec<String> {
    let mut known = BTreeMap::new();
    let mut problems = Vec::new();
    for row in table::rows(page) {
        let (line, links) = (row.line, row.links());
        if links.is_empty() {
            problems.push(format!("line {line}: {:?} has no test", row.name()));
        }
        for (file, test) in links {
            let tests = known.entry(file.clone()).or_insert_with(|| {
                let text = fs::read_to_string(workspace().join(&file)).ok()?;
                Some(named::tests(&file, &text))
            });
            match tests {
                None => problems.push(format!("line {line}: there is no file {file}")),
                Some(tests) if !tests.contains(&test) => {
                    problems.push(format!("line {line}: {file} has no test {test}"));
                }
                Some(_) => {}
            }
        }
    }
    problems
}

#[test]
fn every_bad_input_and_event_has_a_test_and_each_that_is_named_is_there() {
    let page = read("block-core/docs/bad-inputs.md");
    assert!(table::rows(&page).len() > 50, "the tables are not found any more");
    let problems = problems(&page);
    assert!(problems.is_empty(), "block-core/docs/bad-inputs.md:\n{}", problems.join("\n"));
}

#[test]
fn every_backend_is_held_to_the_conformance_suite() {
    for backend in ["block-lockfree", "block-mutex"] {
        let file = syn::parse_file(&read(&format!("{backend}/tests/it/conformance.rs"))).unwrap();
        let stamps = file.items.iter().filter(|item| match item {
            syn::Item::Macro(call) => {
                call.mac.path.segments.iter().any(|part| part.ident == "conformance_tests")
            }
            _ => false,
        });
        assert!(stamps.count() > 0, "{backend} does not stamp the suite onto its pool");
    }
}

/// A page that is not as it should be is told from one that is.
#[test]
fn rows_without_a_test_and_tests_that_are_gone_are_told() {
    let here = "bench-harness/tests/evidence/main.rs";
    let this = "rows_without_a_test_and_tests_that_are_gone_are_told";
    let suite = "block-core/src/conformance/events.rs";
    let page = format!(
        "| event | tests |\n|---|---|\n\
         | fine | `{here}`: `{this}`; `{suite}`: `capacity_of_1`, `interior_pointer` |\n\
         | untested `claim` | none |\n\
         | a helper | `{here}`: `problems` |\n\
         | gone | `{suite}`: `capacity_of_66` |\n\
         | moved | `nowhere.rs`: `{this}` |\n\n\
         No | row: `{here}`: `gone` |\n"
    );
    assert_eq!(
        problems(&page),
        [
            "line 4: \"untested `claim`\" has no test".to_owned(),
            format!("line 5: {here} has no test problems"),
            format!("line 6: {suite} has no test capacity_of_66"),
            "line 7: there is no file nowhere.rs".to_owned(),
        ]
    );
}

/// Tests that macros write are found by the names that are handed to them.
#[test]
fn tests_in_macros_are_found_and_ignored_ones_are_not() {
    let text = "
        #[test] fn plain() {}
        #[test] #[ignore = \"slow\"] fn ignored() {}
        fn helper() {}
        mod tests { #[test] fn nested() {} }
        proptest! { #![config] #[test] fn drawn(n in 0..9) {} fn not_one() {} }
        macro_rules! stamp { ($($test:ident: $a:expr;)*) => {$( #[test] fn $test() { $a } )*}; }
        stamp! { first: 1; second: other::thing { field: 2 }; }
        macro_rules! values { ($($name:ident: $a:expr;)*) => {$( fn $name() { $a } )*}; }
        values! { third: 3; }
    ";
    let found: Vec<_> = named::tests("some/tests/file.rs", text).into_iter().collect();
    assert_eq!(found, ["drawn", "first", "nested", "plain", "second"]);
}
