//! The page of seeded bugs. Each row has a step, whose name begins with that of a crate, then the program
//! and the path of a test: `` `core-loom` | `models waiting::a_waiter_is_woken` ``. The program `lib` is
//! the crate's sources.

use crate::table;
use crate::{named, program, read};

/// The columns of the step and of the test.
const STEP: usize = 4;
const TEST: usize = 5;

/// What is wrong with the page: a test that is not there.
fn problems(page: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for row in table::rows(page) {
        let [step, test] = [STEP, TEST].map(|column| row.cells[column].trim_matches('`'));
        let (program, path) = test.split_once(' ').unwrap_or((test, ""));
        let (of, tool) = step.split_once('-').unwrap_or((step, "none"));
        let place = if program == "lib" { "src".to_owned() } else { format!("tests/{program}") };
        let name = path.rsplit("::").next().unwrap_or(path);
        let stamped = block_core::conformance_tests! { @each names };
        let is_there = program::sources(&format!("block-{of}/{place}"))
            .iter()
            .any(|(file, text)| named::models(file, text, tool).contains(name))
            || program == "conformance" && stamped.contains(&name);
        if !is_there {
            problems.push(format!(
                "line {}: {} has no test {test} in {step}",
                row.line,
                row.name()
            ));
        }
    }
    problems
}

#[test]
fn every_test_that_is_to_find_a_seeded_bug_is_there() {
    let page = read("block-core/docs/seeded-bugs.md");
    assert!(table::rows(&page).len() > 20, "the table is not found any more");
    let problems = problems(&page);
    assert!(problems.is_empty(), "block-core/docs/seeded-bugs.md:\n{}", problems.join("\n"));
}

/// A page that is not as it should be is told from one that is.
#[test]
fn tests_of_seeded_bugs_that_are_gone_are_told() {
    let row =
        |step, test| format!("| `bug` | it | 1 | `file.rs` | `{step}` | `{test}` | fails | 1 |\n");
    let page = format!(
        "| b | w | i | f | step | test | e | s |\n|---|---|---|---|---|---|---|---|\n{}{}{}{}{}",
        row("lockfree-loom", "loom three_threads"),
        row("lockfree-loom", "loom two_threads"),
        row("lockfree-loom", "models stack::frontier_against_single_and_bulk_calls_and_counts"),
        row("lockfree", "conformance lock_free_default::conserved"),
        row("core", "conformance lock_free_default::deserved"),
    );
    assert_eq!(
        problems(&page),
        [
            "line 4: `bug` has no test loom two_threads in lockfree-loom",
            "line 5: `bug` has no test models \
             stack::frontier_against_single_and_bulk_calls_and_counts in lockfree-loom",
            "line 7: `bug` has no test conformance lock_free_default::deserved in core",
        ]
    );
}
