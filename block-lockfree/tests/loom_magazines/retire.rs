//! Retirement: a pool without owners is freed once, by the call that comes last, after every other
//! access to it.
//!
//! Each access to an atomic of the pool counts as a read of the pool's memory, and the free as a
//! write. loom reports an access that does not happen before the free.

use block_core::BlockIndex;
use block_core::models::{free_memory, track_memory};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use block_lockfree::magazines::magazine_offset_of;

use super::pool::*;

/// One thread retires the pool under the number `retirer`, while each of the others frees a block.
fn is_freed_once<const N: usize>(
    capacity: usize,
    prepare: fn(&Pool) -> [BlockIndex; N],
    retirer: usize,
    givers: [fn(&Pool, BlockIndex) -> bool; N],
    Within(preemptions): Within,
) {
    for main_retires in [true, false] {
        check(preemptions, move || {
            track_memory(false);
            let pool = Pool::new(capacity);
            let held = prepare(&pool);
            track_memory(true);
            let frees = Arc::new(AtomicUsize::new(0));
            let free_if = |is_last: bool, frees: &AtomicUsize| {
                if is_last {
                    free_memory();
                    frees.fetch_add(1, Ordering::Relaxed);
                }
            };
            let mut bodies: Vec<Body> = vec![Box::new(move |pool: &Pool| {
                pool.magazines.retire(magazine_offset_of(retirer), pool.call())
            })];
            for (giver, block) in givers.into_iter().zip(held) {
                bodies.push(Box::new(move |pool: &Pool| giver(pool, block)));
            }
            if !main_retires {
                bodies.rotate_left(1);
            }
            let mut bodies = bodies.into_iter();
            let main = bodies.next().unwrap();
            let threads: Vec<_> = bodies
                .map(|body| {
                    let (pool, frees) = (Arc::clone(&pool), Arc::clone(&frees));
                    let body = Sent(body);
                    thread::spawn(move || {
                        let body = body;
                        free_if(body.0(&pool), &frees);
                    })
                })
                .collect();
            free_if(main(&pool), &frees);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            track_memory(false);
            assert_eq!(frees.load(Ordering::Relaxed), 1, "freed once");
        });
    }
}

/// What a thread does to the pool; returns whether it was the last to use it.
type Body = Box<dyn FnOnce(&Pool) -> bool>;

struct Sent(Body);
// SAFETY: it captures numbers and function pointers only.
unsafe impl Send for Sent {}

/// Frees a block under a number.
fn give(pool: &Pool, number: usize, block: BlockIndex) -> bool {
    pool.touch(block);
    // SAFETY: the caller holds the block.
    unsafe {
        pool.magazines.release(magazine_offset_of(number), pool.call(), pool.region.block(block))
    }
}

/// Two threads, two blocks, one of them in a magazine. At most four preemptions.
#[test]
fn against_a_free_into_a_magazine() {
    is_freed_once(
        2,
        |pool| {
            pool.cache_all(0);
            pool.take::<1>(0)
        },
        1,
        [|pool, block| give(pool, 0, block)],
        Within(4),
    );
}

/// A free into a magazine that was never used. At most four preemptions.
#[test]
fn against_a_first_free() {
    is_freed_once(2, |pool| pool.take::<1>(0), 1, [|pool, block| give(pool, 2, block)], Within(4));
}

/// A free by a thread without a number. At most four preemptions.
#[test]
fn against_a_free_without_a_number() {
    is_freed_once(
        2,
        |pool| pool.take::<1>(0),
        1,
        [|pool, block| give(pool, NO_NUMBER, block)],
        Within(4),
    );
}

/// The retiring thread has no number. At most four preemptions.
#[test]
fn by_a_thread_without_a_number() {
    is_freed_once(
        2,
        |pool| {
            pool.cache_all(0);
            pool.take::<1>(0)
        },
        NO_NUMBER,
        [|pool, block| give(pool, 0, block)],
        Within(4),
    );
}

/// The magazines are revoked after a reclaim and due to open again. At most three preemptions.
#[test]
fn against_a_free_that_cools_down() {
    is_freed_once(
        2,
        |pool| {
            let blocks = pool.take::<2>(0);
            assert_eq!(pool.acquire(0), None, "the magazines are quiesced now");
            // After one more pop the reclaim is over.
            blocks.into_iter().for_each(|block| pool.release(NO_NUMBER, block));
            [pool.stack.pop().unwrap()]
        },
        1,
        [|pool, block| give(pool, 0, block)],
        Within(3),
    );
}

/// Three threads. One of the two frees goes to a magazine, the other to the stack. At most two
/// preemptions.
#[test]
fn against_two_frees() {
    is_freed_once(
        3,
        |pool| pool.take::<2>(0),
        1,
        [|pool, block| give(pool, 0, block), |pool, block| give(pool, NO_NUMBER, block)],
        Within(2),
    );
}

/// A thread allocates through the block that it holds and frees both. At most three preemptions.
#[test]
fn against_a_call_through_a_block() {
    is_freed_once(
        2,
        |pool| {
            pool.cache_all(0);
            pool.take::<1>(0)
        },
        1,
        [|pool, first| {
            if let Some(other) = pool.acquire(0) {
                assert!(!give(pool, 0, other), "the first block is still allocated");
            }
            give(pool, 0, first)
        }],
        Within(3),
    );
}

/// A bulk free of two blocks into a magazine. At most three preemptions.
#[test]
fn against_a_bulk_free() {
    is_freed_once(
        3,
        |pool| [pool.take::<1>(0)[0]],
        1,
        [|pool, block| {
            let other = pool.acquire(0);
            let blocks = [Some(block), other].into_iter().flatten();
            let blocks: Vec<_> = blocks.map(|block| Some(pool.region.block(block))).collect();
            // SAFETY: the caller holds the blocks.
            unsafe { pool.magazines.release_bulk(magazine_offset_of(0), pool.call(), &blocks) }
        }],
        Within(3),
    );
}

/// A bulk free by a thread without a number. At most three preemptions.
#[test]
fn against_a_bulk_free_without_a_number() {
    is_freed_once(
        2,
        |pool| [pool.take::<1>(0)[0]],
        1,
        [|pool, block| {
            pool.touch(block);
            // SAFETY: the caller holds the block.
            unsafe {
                let blocks = [Some(pool.region.block(block))];
                pool.magazines.release_bulk(magazine_offset_of(NO_NUMBER), pool.call(), &blocks)
            }
        }],
        Within(3),
    );
}

/// A thread that holds a block finds the stack empty and reclaims what another thread has cached. At
/// most two preemptions.
#[test]
fn against_a_reclaim() {
    is_freed_once(
        2,
        |pool| {
            pool.cache_all(2);
            pool.take::<1>(2)
        },
        1,
        [|pool, block| {
            if let Some(other) = pool.acquire(0) {
                assert!(!give(pool, 0, other), "the first block is still allocated");
            }
            give(pool, 0, block)
        }],
        Within(2),
    );
}

/// A thread frees its block and ends; its number goes to a thread that frees another block. At most
/// two preemptions.
#[test]
fn against_a_thread_that_ends() {
    is_freed_once(
        2,
        |pool| pool.take::<2>(0),
        1,
        [
            |pool, block| {
                let is_last = give(pool, 0, block);
                // Release: pairs with the Acquire below, as when a number is returned and claimed.
                pool.flag.store(1, Ordering::Release);
                is_last
            },
            |pool, block| {
                let is_returned = pool.flag.load(Ordering::Acquire) == 1;
                give(pool, if is_returned { 0 } else { NO_NUMBER }, block)
            },
        ],
        Within(2),
    );
}
