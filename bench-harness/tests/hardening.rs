//! Whatever pool the blocks come from, a hardened region finds the same mistakes by the same call, and tells
//! them in the same words.
#![cfg(unix)]

#[path = "../../block-core/tests/support/child.rs"]
mod child;
#[path = "../../block-core/tests/support/mistakes.rs"]
mod mistakes;

use bench_harness::peers::seg_queue::SegQueueAlloc;
use block_core::wait::Waiting;
use block_core::{BlockAlloc, Region};
use block_lockfree::LockFreeAlloc;
use block_mutex::MutexAlloc;
use child::aborts_in_child;
use mistakes::hardened_region;

fn magazines(region: Region) -> LockFreeAlloc {
    LockFreeAlloc::from_region(region).expect("memory for a small pool")
}

#[track_caller]
fn finds_every_mistake<A: BlockAlloc>(test: &str, make: impl Fn(Region) -> A) {
    for mistake in mistakes::all() {
        let commit = || mistakes::make(&mistake, &make(hardened_region()));
        if let Some(said) = aborts_in_child(test, &mistake.name, commit) {
            mistakes::is_told(&mistake, test, &said);
        }
    }
}

#[test]
fn a_pool_with_magazines_finds_every_mistake() {
    finds_every_mistake("a_pool_with_magazines_finds_every_mistake", magazines);
}

#[test]
fn a_plain_stack_finds_every_mistake() {
    finds_every_mistake("a_plain_stack_finds_every_mistake", |region| {
        magazines(region).with_magazine(0)
    });
}

#[test]
fn a_mutex_finds_every_mistake() {
    finds_every_mistake("a_mutex_finds_every_mistake", |region| {
        MutexAlloc::from_region(region).expect("none of its own")
    });
}

#[test]
fn a_pool_that_can_be_waited_for_finds_every_mistake() {
    finds_every_mistake("a_pool_that_can_be_waited_for_finds_every_mistake", |region| {
        Waiting::new(magazines(region))
    });
}

#[test]
fn a_queue_finds_every_mistake() {
    finds_every_mistake("a_queue_finds_every_mistake", |region| {
        SegQueueAlloc::from_region(region).expect("none of its own")
    });
}
