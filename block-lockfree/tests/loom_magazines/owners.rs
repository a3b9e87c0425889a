//! Owners, reclaimers, counts, and the ends of threads.

use block_core::BlockIndex;
use loom::sync::Arc;
use loom::sync::atomic::Ordering;
use loom::thread;

use super::pool::*;

/// Both blocks lie in the owner's magazine, which a reclaimer empties. One block each.
///
/// Two threads, an acquire and a release each; within two preemptions.
#[test]
fn owner_against_reclaimer() {
    model(
        2,
        |pool| {
            pool.cache_all(0);
            NOTHING_HELD
        },
        [|pool, _| pool.acquire_and_release(0), |pool, _| pool.acquire_and_release(1)],
        Leaves(2),
        Within(2),
    );
}

/// The owner gives back while a reclaimer empties its magazine and opens it again.
///
/// Two threads, two blocks, a release against an acquire and a release; within three preemptions.
#[test]
fn give_back_against_reclaimer() {
    model(
        2,
        |pool| {
            pool.cache_all(0);
            pool.take::<1>(0)
        },
        [|pool, [block]| pool.release(0, block), |pool, _| pool.acquire_and_release(1)],
        Leaves(2),
        Within(3),
    );
}

/// What was given back before a call began is found by it, even if a reclaimer came meanwhile.
fn given_back_is_found(prepare: fn(&Pool) -> [BlockIndex; 1]) {
    model(
        1,
        prepare,
        [
            |pool, [block]| {
                pool.release(0, block);
                pool.flag.store(1, Ordering::Release);
            },
            |pool, _| {
                let first = pool.acquire(1);
                if pool.flag.load(Ordering::Acquire) == 1 {
                    let block = first.unwrap_or_else(|| pool.acquire_own(1));
                    pool.release(1, block);
                } else if let Some(block) = first {
                    pool.release(1, block);
                }
            },
        ],
        Leaves(1),
        Within(3),
    );
}

/// Two threads, one block, a release against up to two acquires; within three preemptions.
#[test]
fn given_back_is_found_in_a_magazine_used_before() {
    given_back_is_found(|pool| {
        pool.cache_all(0);
        pool.take(0)
    });
}

/// Two threads, one block, a release against up to two acquires; within three preemptions.
#[test]
fn given_back_is_found_in_a_magazine_never_used() {
    given_back_is_found(|pool| {
        pool.cache_all(2);
        pool.take(2)
    });
}

/// Bulk calls of the owner against a reclaimer that may find nothing.
///
/// Two threads, two blocks, a bulk call of two each way against single ones; within two preemptions.
#[test]
fn bulk_against_reclaimer() {
    model(
        2,
        |pool| {
            pool.cache_all(0);
            NOTHING_HELD
        },
        [
            |pool, _| {
                if let Some(blocks) = pool.acquire_bulk::<2>(0) {
                    pool.release_bulk(0, blocks);
                }
            },
            |pool, _| {
                if let Some(block) = pool.acquire(1) {
                    pool.release(1, block);
                }
            },
        ],
        Leaves(2),
        Within(2),
    );
}

/// Two threads reclaim from a magazine whose owner is idle.
///
/// Two threads, two blocks, an acquire and a release each; within two preemptions.
#[test]
fn two_reclaimers() {
    model(
        2,
        |pool| {
            pool.cache_all(0);
            NOTHING_HELD
        },
        [|pool, _| pool.acquire_and_release(1), |pool, _| pool.acquire_and_release(2)],
        Leaves(2),
        Within(2),
    );
}

/// A thread ends and hands its number on, while the next owner reclaims under another one.
///
/// Two threads, two blocks, a release against up to two acquires and releases; within three preemptions.
#[test]
fn reclaim_against_the_end_of_a_thread() {
    model(
        2,
        |pool| {
            pool.cache_all(0);
            pool.take::<1>(0)
        },
        [
            |pool, [block]| {
                pool.release(0, block);
                // As the number is given up and claimed: Release, Acquire.
                pool.flag.store(1, Ordering::Release);
            },
            |pool, _| {
                pool.acquire_and_release(1);
                if pool.flag.load(Ordering::Acquire) == 1 {
                    pool.acquire_and_release(0);
                }
            },
        ],
        Leaves(2),
        Within(3),
    );
}

/// One thread opens the magazines and moves both blocks into them, one under each of its two
/// numbers, and never holds more than one; the other has looked at the state before.
///
/// Two threads, two blocks, two acquires and releases against an acquire; within two preemptions.
#[test]
fn magazines_that_open_against_a_failing_call() {
    model(
        2,
        |pool| {
            let blocks = pool.take::<2>(0);
            assert_eq!(pool.acquire(0), None, "and the magazines are quiesced now");
            blocks.into_iter().for_each(|block| pool.release(0, block));
            NOTHING_HELD
        },
        [
            |pool, _| {
                pool.acquire_and_release(1);
                pool.acquire_and_release(2);
            },
            |pool, _| pool.touch(pool.acquire_own(3)),
        ],
        Leaves(1),
        Within(2),
    );
}

/// The same, and then a third number's call finds the stack empty and closes the magazines again:
/// the state that the failing call sees is like the one it has seen before, but not the same.
/// The call is on the main thread alone, for the sake of time.
///
/// Two threads, two blocks, three acquires and releases against an acquire; within two preemptions.
#[test]
fn magazines_that_open_and_close_against_a_failing_call() {
    check(2, || {
        let pool = Pool::new(2);
        let blocks = pool.take::<2>(0);
        assert_eq!(pool.acquire(0), None, "and the magazines are quiesced now");
        blocks.into_iter().for_each(|block| pool.release(0, block));
        let other = Arc::clone(&pool);
        let lives = thread::spawn(move || {
            [1, 2, 0].into_iter().for_each(|number| other.acquire_and_release(number));
        });
        pool.touch(pool.acquire_own(3));
        lives.join().unwrap();
        pool.assert_left(1);
    });
}

/// One of two blocks moves from one magazine to another: a look beside it may count it twice or not at
/// all, never more. A look after it is exact.
///
/// Two threads, two blocks, an acquire and a release against a look; within three preemptions.
#[test]
fn available_against_owners() {
    model(
        2,
        |pool| {
            pool.cache_all(2); // so that this magazine counts from the start
            pool.cache_all(0);
            pool.take::<1>(0)
        },
        [
            |pool, [block]| {
                let other = pool.acquire_own(0);
                pool.release(2, other);
                assert_eq!(pool.available(), 1);
                pool.touch(block);
            },
            |pool, _| assert!(pool.available() <= 2, "one block, and one that moves"),
        ],
        Leaves(1),
        Within(3),
    );
}

/// Two threads reclaim from a third, each of one block.
///
/// Three threads, three blocks, an acquire and a release each; within one preemption.
#[test]
fn two_reclaimers_against_an_owner() {
    check(1, || {
        let pool = Pool::new(3);
        pool.take::<3>(0).into_iter().for_each(|block| pool.release(0, block));
        let threads = [1, 2].map(|number| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.acquire_and_release(number))
        });
        pool.acquire_and_release(0);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        pool.assert_left(3);
    });
}

/// Two threads make the first call of numbers whose slots lie in a further table: one of them makes it.
///
/// Two threads, two blocks, an acquire and a release each; within three preemptions.
#[test]
fn two_threads_make_one_table() {
    model(
        2,
        |_| NOTHING_HELD,
        [|pool, _| pool.acquire_and_release(4), |pool, _| pool.acquire_and_release(5)],
        Leaves(2),
        Within(3),
    );
}

/// A block goes into a magazine of a further table that is made meanwhile, beside a reclaimer.
///
/// Two threads, two blocks, a release against an acquire and a release; within three preemptions.
#[test]
fn a_table_is_made_beside_a_reclaimer() {
    model(
        2,
        |pool| {
            pool.cache_all(0);
            pool.take::<1>(0)
        },
        [|pool, [block]| pool.release(4, block), |pool, _| pool.acquire_and_release(1)],
        Leaves(2),
        Within(3),
    );
}

/// What was freed into a magazine of a further table before a call began is found by it.
///
/// Two threads, one block, a release against up to two acquires; within three preemptions.
#[test]
fn given_back_is_found_in_a_further_table() {
    model(
        1,
        |pool| pool.take::<1>(0),
        [
            |pool, [block]| {
                pool.release(4, block);
                pool.flag.store(1, Ordering::Release);
            },
            |pool, _| {
                let first = pool.acquire(1);
                if pool.flag.load(Ordering::Acquire) == 1 {
                    let block = first.unwrap_or_else(|| pool.acquire_own(1));
                    pool.release(1, block);
                } else if let Some(block) = first {
                    pool.release(1, block);
                }
            },
        ],
        Leaves(1),
        Within(3),
    );
}
