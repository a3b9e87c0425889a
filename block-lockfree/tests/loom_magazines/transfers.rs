//! Batches on their route: over the depot, and over a stack that is found empty.

use block_core::BlockIndex;
use block_lockfree::stack::Stack;
use loom::sync::Arc;
use loom::sync::atomic::Ordering;
use loom::thread;

use super::pool::*;

/// Who finds the stack empty sees what came before the last block was taken: that the magazines
/// were opened. The owners' fences hide this from the models above. Two threads, two blocks, one to two pops
/// each; within three preemptions.
fn who_finds_nothing_sees_what_came_before(take_all: fn(&Stack) -> bool) {
    check(3, move || {
        let pool = Pool::new(2);
        let other = Arc::clone(&pool);
        let finder = thread::spawn(move || {
            if !take_all(&other.stack) {
                assert_eq!(other.flag.load(Ordering::Relaxed), 1, "step 6: the state has changed");
            }
        });
        pool.flag.store(1, Ordering::Relaxed);
        take_all(&pool.stack);
        finder.join().unwrap();
    });
}

#[test]
fn who_pops_nothing_sees_what_came_before() {
    who_finds_nothing_sees_what_came_before(|stack| stack.pop().and(stack.pop()).is_some());
}

#[test]
fn who_pops_too_few_sees_what_came_before() {
    who_finds_nothing_sees_what_came_before(|stack| stack.pop_bulk(2, |_, _| {}));
}

#[test]
fn who_refills_with_nothing_sees_what_came_before() {
    who_finds_nothing_sees_what_came_before(|stack| stack.pop_up_to(2, |_, _| {}) > 0);
}

/// Takes all blocks of a pool of eight and leaves four in the magazine, full, and four held.
fn full_magazine(pool: &Pool) -> [BlockIndex; 4] {
    let held = pool.take::<8>(0);
    let (rest, cached) = held.split_at(4);
    cached.iter().for_each(|&block| pool.release(0, block));
    rest.try_into().unwrap()
}

/// One thread passes on a batch that another may take.
///
/// Two threads, eight blocks, a release against an acquire and a release; within three preemptions.
#[test]
fn depot_put_against_take() {
    model(
        8,
        full_magazine,
        [
            |pool, [block, ..]| pool.release(0, block),
            |pool, _| {
                if let Some(block) = pool.acquire(1) {
                    pool.release(1, block);
                }
            },
        ],
        Leaves(5),
        Within(3),
    );
}

/// The cell is full; one thread takes what is in it, the other would put the next batch there.
///
/// Two threads, eight blocks, a release against an acquire and a release; within three preemptions.
#[test]
fn depot_take_against_put() {
    model(
        8,
        |pool| {
            let [first, second, third, fourth] = full_magazine(pool);
            pool.release(0, first); // Now there are three in the magazine, and two in the depot.
            pool.release(0, second);
            [third, fourth]
        },
        [|pool, [block, _]| pool.release(0, block), |pool, _| pool.acquire_and_release(1)],
        Leaves(7),
        Within(3),
    );
}

/// Two full magazines, each of which gets one block more: one batch has the cell, the other one does not wait
/// for it.
///
/// Two threads, ten blocks, a release each; within two preemptions.
#[test]
fn depot_put_against_put() {
    model(
        10,
        |pool| {
            let held = pool.take::<10>(0);
            let (rest, cached) = held.split_at(2);
            let (of_one, of_other) = cached.split_at(4);
            of_one.iter().for_each(|&block| pool.release(0, block));
            of_other.iter().for_each(|&block| pool.release(1, block));
            rest.try_into().unwrap()
        },
        [|pool, [block, _]| pool.release(0, block), |pool, [_, block]| pool.release(1, block)],
        Leaves(10),
        Within(2),
    );
}

/// A look stops no owner, so it may miss a batch of two on its way or count it twice, and the block that
/// is released. Never more.
///
/// Two threads, eight blocks, a release against a look; within two preemptions.
#[test]
fn depot_put_against_a_count() {
    model(
        8,
        full_magazine,
        [
            |pool, [block, ..]| pool.release(0, block),
            |pool, _| assert!((2..=7).contains(&pool.available()), "within what moves"),
        ],
        Leaves(5),
        Within(2),
    );
}

/// A batch in the depot belongs to one of two takers.
///
/// Two threads, eight blocks, an acquire and a release each; within two preemptions.
#[test]
fn depot_take_against_take() {
    model(
        8,
        |pool| {
            let [first, rest @ ..] = full_magazine(pool);
            pool.release(0, first);
            rest
        },
        [|pool, _| pool.acquire_and_release(1), |pool, _| pool.acquire_and_release(2)],
        Leaves(5),
        Within(2),
    );
}
