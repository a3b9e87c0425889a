//! Many blocks in one step, beside single ones.

use block_core::models::sync::Arc;
use block_core::models::{Bound, check, thread};

use crate::pool::{Leaves, Pool, model, pop_push, pop_two_push_the_first, untouched, used_once};

/// The same where both leave by one bulk pop: fails when that one does not move the tag.
///
/// Two threads, three blocks, a bulk call and a push against a pop and a push; exhaustive.
#[test]
fn bulk_pop_of_two_push_the_first_only_against_pop() {
    fn bulk_pop_push_the_first(pool: &Pool) {
        let [first, _held] = pool.pop_bulk().expect("invariant 3: two blocks are always free");
        pool.push(first);
    }
    model(3, used_once, &[bulk_pop_push_the_first, pop_push], Leaves(2));
}

/// Two threads, three or four blocks, a bulk pop and push of two; exhaustive.
#[test]
fn bulk_transfer_against_pop_and_push() {
    fn bulk(pool: &Pool) {
        if let Some(blocks) = pool.pop_bulk::<2>() {
            pool.push_bulk(&blocks);
        }
    }
    model(3, used_once, &[bulk, pop_push], Leaves(3));
    model(3, used_once, &[bulk, pop_two_push_the_first], Leaves(3));
    model(4, used_once, &[bulk, bulk], Leaves(4));
}

/// Invariant 3 for bulk calls: one thread holds at most one of three blocks.
///
/// Two threads, a bulk pop and push against one or two single ones; exhaustive.
#[test]
fn within_their_share_no_bulk_pop_fails() {
    fn always_two(pool: &Pool) {
        let blocks = pool.pop_bulk::<2>().expect("invariant 3: two blocks are always free");
        pool.push_bulk(&blocks);
    }
    model(3, untouched, &[always_two, pop_push], Leaves(3));
    model(
        3,
        used_once,
        &[always_two, |pool| {
            pop_push(pool);
            pop_push(pool);
        }],
        Leaves(3),
    );
}

/// Invariant 3 against a bulk push in the making: its links lead the walk of a bulk pop to a block
/// that is not on the stack, and whose own link, of long ago, says that it is the last one.
///
/// Two threads, five blocks, a bulk pop and push against a pop and a bulk push; exhaustive.
#[test]
fn a_chain_in_the_making_does_not_make_a_bulk_pop_fail() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(5);
        let [top, others @ .., last] = pool.pop_bulk::<5>().unwrap();
        pool.push(last);
        assert_eq!(pool.pop(), Some(last), "its link says now: the last one");
        pool.push_bulk(&others);
        pool.push(top);
        let other = Arc::clone(&pool);
        // The walk is the spawned thread's: loom looks for the races of a store with the last
        // access alone, which is the pusher's own, but offers the walk every outdated value.
        let walker = thread::spawn(move || {
            let taken = other.pop_bulk::<3>();
            let blocks = taken.expect("invariant 3: three blocks are always free");
            other.push_bulk(&blocks);
        });
        if let Some(block) = pool.pop() {
            pool.push_bulk(&[block, last]);
        }
        walker.join().unwrap();
        pool.assert_left(5);
    });
}
