//! Blocks that come and go one by one.

use block_core::models::fail_next_swap;

use crate::pool::{Leaves, Pool, model, pop_push, pop_two_push_the_first, untouched, used_once};

/// Two threads, two blocks, a pop and a push each; exhaustive.
#[test]
fn pop_against_push_hands_over_the_bytes() {
    model(2, used_once, &[pop_push, pop_push], Leaves(2));
}

/// The ABA case: fails when the tag does not move.
///
/// Two threads, three blocks, up to two pops and pushes each; exhaustive.
#[test]
fn pop_two_push_the_first_against_pop() {
    model(3, used_once, &[pop_two_push_the_first, pop_push], Leaves(3));
}

/// A weak compare-and-swap may fail though the word is the expected one: the retry must start from
/// the word as it is then.
///
/// Two threads, two or three blocks, one or two failures; exhaustive.
#[test]
fn swaps_that_fail_by_themselves_are_tried_again() {
    fn pop_push_weakly(pool: &Pool) {
        fail_next_swap();
        let block = pool.pop().expect("invariant 3: one block is free for each thread");
        fail_next_swap();
        pool.push(block);
    }
    fn pop_two_push_the_first_weakly(pool: &Pool) {
        fail_next_swap();
        pop_two_push_the_first(pool);
    }
    fn bulk_weakly(pool: &Pool) {
        fail_next_swap();
        let blocks = pool.pop_bulk::<2>().expect("invariant 3: two blocks are always free");
        fail_next_swap();
        pool.push_bulk(&blocks);
    }
    model(2, used_once, &[pop_push_weakly, pop_push], Leaves(2));
    model(3, used_once, &[pop_push_weakly, pop_two_push_the_first], Leaves(3));
    model(3, used_once, &[pop_two_push_the_first_weakly, pop_push], Leaves(3));
    model(3, used_once, &[bulk_weakly, pop_push], Leaves(3));
}

/// Two threads, three or four blocks, up to two pops and pushes each; exhaustive.
#[test]
fn frontier_against_pop_and_push() {
    model(3, untouched, &[pop_two_push_the_first, pop_push], Leaves(3));
    fn bulk_from_the_frontier(pool: &Pool) {
        if let Some([a, b]) = pool.pop_bulk::<2>() {
            pool.push(b);
            pool.push(a);
        }
    }
    model(4, untouched, &[bulk_from_the_frontier, pop_two_push_the_first], Leaves(4));
}

/// Invariant 3: two threads of one block each, two blocks.
///
/// One or two pops and pushes each; exhaustive.
#[test]
fn within_their_share_no_pop_fails() {
    fn always(pool: &Pool) {
        let block = pool.pop().expect("invariant 3: one block is free for each thread");
        pool.push(block);
    }
    fn always_twice(pool: &Pool) {
        always(pool);
        always(pool);
    }
    model(2, untouched, &[always_twice, always], Leaves(2));
    model(2, used_once, &[always, always], Leaves(2));
}

/// Three threads, three blocks, a pop and a push each; within three preemptions.
#[test]
fn three_threads() {
    model(3, used_once, &[pop_push, pop_push, pop_push], Leaves(3));
}
