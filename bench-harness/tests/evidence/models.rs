//! The page of the models. Its first table names the programs and the tools that run them; in the second
//! one, each column of a tool names models that this tool runs, or whole files of models.

use std::collections::BTreeSet;

use crate::table::{self, Row};
use crate::{named, program, read};

/// The column of a tool, in both tables: of the first one after the program and its crate.
const TOOLS: [(&str, usize, usize); 2] = [("loom", 2, 1), ("shuttle", 3, 2)];

/// What is wrong with the page: a program, a file or a model that is not there, or not under its tool.
fn problems(page: &str) -> Vec<String> {
    let (programs, shared): (Vec<_>, Vec<_>) =
        table::rows(page).into_iter().partition(|row| row.cells.len() == 5);
    let mut problems = Vec::new();
    for (tool, runs, column) in TOOLS {
        let mut models = BTreeSet::new();
        let mut files = BTreeSet::new();
        for row in programs.iter().filter(|row| row.cells[runs] == "yes") {
            let program = name(row);
            let sources = program::sources(program.trim_end_matches(".rs"));
            if sources.is_empty() {
                problems.push(format!("line {}: there is no program {program}", row.line));
            }
            for (file, text) in sources {
                models.extend(named::models(&file, &text, tool));
                files.insert(file);
            }
        }
        for row in &shared {
            for code in table::codes(&row.cells[column]) {
                let is_path = code.contains('/');
                // A program among the files is one of the first table.
                if !(models.contains(code) || is_path && files.contains(code)) {
                    problems.push(format!("line {}: {tool} runs no {code}", row.line));
                }
            }
        }
    }
    problems
}

/// Of the program, with its crate in front.
fn name(row: &Row) -> String {
    row.cells[..2].iter().rev().flat_map(|cell| table::codes(cell)).collect::<Vec<_>>().join("/")
}

#[test]
fn every_model_that_is_named_is_there_and_runs_under_the_tool_it_is_named_for() {
    let page = read("block-core/docs/models.md");
    let named =
        table::rows(&page).iter().flat_map(|row| row.cells[1..].to_vec()).collect::<String>();
    assert!(table::codes(&named).count() > 60, "the tables are not read any more");
    assert!(!named.contains('…'), "a name that is shortened is one that nobody looks for");
    let problems = problems(&page);
    assert!(problems.is_empty(), "block-core/docs/models.md:\n{}", problems.join("\n"));
}

/// A page that is not as it should be is told from one that is.
#[test]
fn models_that_are_gone_and_those_of_the_other_tool_are_told() {
    let page = "| program | crate | loom | shuttle | what |\n|---|---|---|---|---|\n\
        | `tests/models` | `block-core` | yes | yes | a |\n\
        | `tests/loom` | `block-lockfree` | yes | | b |\n\
        | `tests/gone` | `block-core` | | yes | c |\n\n\
        | shared | loom | shuttle |\n|---|---|---|\n\
        | `word` | `three_threads` (3 t), `three_…` | the same |\n\
        | `queue` | `block-core/tests/models/waiting.rs` | `block-core/tests/models/wait.rs` |\n\
        | long | `nobody_sleeps_beside_a_free_block_whoever_gives_up` | `three_threads` |\n\
        | long | | `nobody_sleeps_beside_a_free_block_whoever_gives_up` |\n";
    assert_eq!(
        problems(page),
        [
            "line 9: loom runs no three_…",
            "line 11: loom runs no nobody_sleeps_beside_a_free_block_whoever_gives_up",
            "line 5: there is no program block-core/tests/gone",
            "line 10: shuttle runs no block-core/tests/models/wait.rs",
            "line 11: shuttle runs no three_threads",
        ]
    );
}
