//! The command as a user meets it.

mod arguments;
mod forms;
mod latency;
mod output;
mod page;
mod records;
mod scaling;
mod selection;
mod summary;

#[path = "../support/fixture.rs"]
mod fixture;
#[path = "../support/command.rs"]
mod support;

/// The loop alone and the control, which are not judged.
const NOT_JUDGED: usize = 2;
/// Four pools by three paths, and the general allocators.
const ALLOCATORS: usize = 12 + if cfg!(bench_harness_allocators) { 4 } else { 2 };
const CONTENDERS: usize = ALLOCATORS + NOT_JUDGED;

/// What a table says, without the places after it: how long their paths are is not its choice.
fn without_places(table: &str) -> &str {
    table.split_once("\nrecord:  ").map_or(table, |(table, _)| table)
}
