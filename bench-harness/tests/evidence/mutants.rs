//! The page of changes that no test sees. Each is an item of a list, as cargo-mutants names it but without the
//! place: `` - `crate/src/a.rs: replace < with <= in Name::function`: why ``. Whether it can still be made,
//! `.ci/mutants --list` says; here, whether its file and its function are there.

use std::fs;

use crate::{read, workspace};

/// The changes of a page, with the numbers of their lines.
fn changes(page: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(page.lines()).filter_map(|(number, line)| {
        let (change, _why) = line.strip_prefix("- `")?.split_once('`')?;
        Some((number, change))
    })
}

/// The function that a change is made in; none for a constant.
fn function(change: &str) -> Option<&str> {
    let path = match change.rsplit_once(" in ") {
        Some((_, path)) => path,
        None => change.strip_prefix("replace ")?.rsplit_once(" with ")?.0.split(" -> ").next()?,
    };
    let name = path.rsplit("::").next()?;
    name.chars().all(|letter| letter.is_alphanumeric() || letter == '_').then_some(name)
}

/// What is wrong with the page: a file or a function that is not there.
fn problems(page: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (number, change) in changes(page) {
        let (file, what) = change.split_once(": ").unwrap_or((change, ""));
        match (fs::read_to_string(workspace().join(file)), function(what)) {
            (Err(_), _) => problems.push(format!("line {number}: there is no file {file}")),
            (Ok(text), Some(name)) if !text.contains(&format!("fn {name}")) => {
                problems.push(format!("line {number}: {file} has no function {name}"));
            }
            _ => {}
        }
    }
    problems
}

#[test]
fn every_change_that_no_test_sees_is_one_of_a_function_that_is_there() {
    let page = read("block-core/docs/mutants.md");
    assert!(changes(&page).count() > 10, "the lists are not found any more");
    let problems = problems(&page);
    assert!(problems.is_empty(), "block-core/docs/mutants.md:\n{}", problems.join("\n"));
}

/// A page that is not as it should be is told from one that is.
#[test]
fn changes_of_files_and_functions_that_are_gone_are_told() {
    let page = "- `block-core/src/gone.rs: replace < with <= in a`: why\n\
        - `block-core/src/ext.rs: replace BlockAllocExt::free with ()`: why\n\
        - `block-core/src/ext.rs: replace BlockAllocExt::give -> bool with true`, 2 times: why\n\
        - `block-core/src/ext.rs: replace || with && in <impl Ext for A>::give`: why\n\
        - `block-lockfree/src/depot.rs: replace / with %`: why\n";
    assert_eq!(
        problems(page),
        [
            "line 1: there is no file block-core/src/gone.rs",
            "line 3: block-core/src/ext.rs has no function give",
            "line 4: block-core/src/ext.rs has no function give",
        ]
    );
}
