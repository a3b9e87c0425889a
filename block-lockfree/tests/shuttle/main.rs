//! Random schedules of the magazines: more threads and longer runs than loom can explore.
//!
//! Run with `RUSTFLAGS="--cfg block_shuttle" cargo test --release -p block-lockfree --test shuttle`.
//! Each test tries 5,000 schedules of each kind, or as many as `SHUTTLE_ITERATIONS` says: uniformly random
//! ones, and those of probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010) of depth 3,
//! which find any bug of so few ordering constraints with a known probability. Each weak
//! compare-and-swap fails by itself with a probability of one eighth.
//!
//! Every atomic operation counts as sequentially consistent here, so owners go without a fence, as
//! they do on Linux; orderings are loom's business. Magazines hold up to four blocks, eight threads
//! can have one, the depot has one cell, and a reclaim is over after one pop.

#![cfg(block_shuttle)]

mod pool;

use block_core::BlockIndex;
use block_core::models::{self, Bound};
use pool::{NO_NUMBER, Pool};
use shuttle::sync::{Arc, Mutex, mpsc};
use shuttle::thread;

/// Tries many schedules of both kinds.
fn check(body: fn()) {
    models::check(Bound::Random, body);
}

fn join_all(threads: impl IntoIterator<Item = thread::JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Each thread's share is all that the others leave, and more than a batch, so that what is left of one in a
/// magazine is missing elsewhere: every call may have to reclaim. One thread has no magazine.
///
/// Five threads of three blocks, fifteen in all, eight steps each.
#[test]
fn within_their_shares_no_call_fails() {
    check(|| {
        let pool = Pool::new(15);
        join_all([0, 1, 2, 3, NO_NUMBER].map(|number| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.exercise(number, 3, 8))
        }));
        pool.assert_full();
    });
}

/// The same with shares of one, which is a batch here. So each thread gives back under another number than it
/// takes under, where only a reclaim finds it again.
///
/// Four threads, four blocks, eight steps each.
#[test]
fn in_a_tiny_pool_no_call_fails() {
    check(|| {
        let pool = Pool::new(4);
        join_all([0, 1, 2, 3].map(|number| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.exercise_between([number, number + 4], 1, 8))
        }));
        pool.assert_full();
    });
}

/// Bulk calls beside single ones.
///
/// Five threads, nine blocks: two with three bulk calls of up to three, three with six steps.
#[test]
fn within_their_shares_no_bulk_call_fails() {
    check(|| {
        let pool = Pool::new(9);
        let bulk = [0, 1].map(|number| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || {
                for count in [3, 2, 3] {
                    let blocks = pool.acquire_bulk(number, count);
                    pool.release_bulk(number, blocks);
                }
            })
        });
        // A bulk call needs its blocks on the stack or in its magazine at one instant, so others
        // take no more than leaves it three at every instant.
        let single = [2, 3, 4].map(|number| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.exercise(number, 1, 6))
        });
        join_all(bulk.into_iter().chain(single));
        pool.assert_full();
    });
}

/// Numbers, and the blocks in their magazines, are inherited by the threads that come after.
///
/// Four families of three lives, three numbers, twelve blocks, four steps each.
#[test]
fn threads_end_and_others_inherit_their_numbers() {
    check(|| {
        let pool = Pool::new(12);
        let numbers = Arc::new(Mutex::new(vec![0, 1, 2]));
        let families = [(); 4].map(|()| {
            let (pool, numbers) = (Arc::clone(&pool), Arc::clone(&numbers));
            thread::spawn(move || {
                for _ in 0..3 {
                    let (pool, numbers) = (Arc::clone(&pool), Arc::clone(&numbers));
                    let life = thread::spawn(move || {
                        // Four live at a time, and there are three numbers.
                        let number = numbers.lock().unwrap().pop();
                        pool.exercise(number.unwrap_or(NO_NUMBER), 3, 4);
                        numbers.lock().unwrap().extend(number);
                    });
                    life.join().unwrap();
                }
            })
        });
        join_all(families);
        pool.assert_full();
    });
}

/// One thread allocates what another frees: batches go through the depot. Of each pair one block
/// is with the giver, two are on their way, and one is with the taker.
fn hand_over(pool: &Arc<Pool>, count: usize) -> Vec<thread::JoinHandle<()>> {
    let pairs = [(0, 1), (2, 3)].map(|(giver, taker)| {
        let (send, receive) = mpsc::sync_channel::<BlockIndex>(2);
        let here = Arc::clone(pool);
        let giver = thread::spawn(move || {
            (0..count).for_each(|_| send.send(here.acquire(giver)).unwrap());
        });
        let here = Arc::clone(pool);
        let taker = thread::spawn(move || {
            receive.into_iter().for_each(|block| here.release(taker, block));
        });
        [giver, taker]
    });
    pairs.into_iter().flatten().collect()
}

/// Two pairs of threads, eight blocks, eight hand-overs a pair.
#[test]
fn blocks_are_handed_from_thread_to_thread() {
    check(|| {
        let pool = Pool::new(8);
        join_all(hand_over(&pool, 8));
        pool.assert_full();
    });
}

/// The same in a larger pool, where batches keep their size, until a fifth thread takes its share,
/// all the rest, past the magazines and the depot.
///
/// Five threads, twenty blocks, twelve hand-overs a pair.
#[test]
fn batches_on_their_way_are_found() {
    check(|| {
        let pool = Pool::new(20);
        let blocks: Vec<_> = (0..7).map(|_| pool.acquire(4)).collect();
        // Given back, they fill a magazine and the depot.
        blocks.into_iter().for_each(|block| pool.release(4, block));
        let pairs = hand_over(&pool, 12);
        let rest: Vec<_> = (0..12).map(|_| pool.acquire(NO_NUMBER)).collect();
        rest.into_iter().for_each(|block| pool.release(NO_NUMBER, block));
        join_all(pairs);
        pool.assert_full();
    });
}

/// Four of six blocks are held at any instant: each owner takes another from one magazine before it
/// puts one into the other.
///
/// Five threads, six blocks: eight exchanges each, and six counts.
#[test]
fn counts_beside_owners_and_reclaimers() {
    check(|| {
        let pool = Pool::new(6);
        let held = [0, 1, 2, 3].map(|number| (number, pool.acquire(number)));
        let owners = held.map(|(number, mut block)| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || {
                let (mut from, mut to) = (number, number + 4);
                for _ in 0..8 {
                    if let Some(other) = pool.try_acquire(from) {
                        pool.release(to, block);
                        block = other;
                        (from, to) = (to, from);
                    }
                }
                block
            })
        });
        for _ in 0..6 {
            assert!(pool.available() <= 6, "never more than the capacity");
            if let Ok(content) = pool.stack.look() {
                assert!(content.count() <= 2, "a confirmed look counts what is free");
            }
        }
        owners.into_iter().for_each(|owner| pool.release(NO_NUMBER, owner.join().unwrap()));
        pool.assert_full();
    });
}

/// Threads of one number each, after one another, open the magazines, move both blocks into them,
/// and reclaim them, while a call looks for its share on the stack.
///
/// Two threads, two blocks, six pairs of calls against one.
#[test]
fn magazines_that_open_and_close_do_not_make_a_call_fail() {
    check(|| {
        let pool = Pool::new(2);
        let blocks = [pool.acquire(0), pool.acquire(0)];
        assert_eq!(pool.try_acquire(0), None, "and the magazines are quiesced now");
        blocks.into_iter().for_each(|block| pool.release(0, block));
        let other = Arc::clone(&pool);
        let lives = thread::spawn(move || {
            for number in [1, 2, 3, 1, 2, 3] {
                let block = other.acquire(number);
                other.release(number, block);
            }
        });
        let block = pool.acquire(4);
        pool.release(4, block);
        lives.join().unwrap();
        pool.assert_full();
    });
}

/// The bare stack: finds a tag that was taken from an outdated word.
///
/// Four threads, three blocks, two rounds each.
#[test]
fn the_stack_alone() {
    check(|| {
        let pool = Pool::new(3);
        join_all([(); 4].map(|()| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || {
                for _ in 0..2 {
                    if let Some(block) = pool.stack.pop() {
                        pool.hold(block);
                        pool.give_up(block);
                        pool.stack.push(block);
                    }
                }
            })
        }));
        pool.assert_full();
    });
}
