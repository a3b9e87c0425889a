//! First come, first served.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;

use block_core::{AllocError, BlockAlloc, BlockAllocExt};

use crate::tasks::{must_end, poll_once};
use crate::{assert_whole, pool};

#[test]
fn blocks_go_to_waiters_in_the_order_in_which_they_came() {
    let pool = pool(1);
    let mut held = pool.alloc_wait().unwrap();
    let mut waiters = [(); 5].map(|()| pool.alloc_async());
    waiters.iter_mut().for_each(|waiter| assert!(poll_once(waiter).is_pending()));
    for served in 0..waiters.len() {
        drop(held);
        assert_eq!(pool.alloc().unwrap_err(), AllocError::Exhausted, "a newcomer");
        // The later ones first: to ask often is no way to be served early.
        for waiter in waiters[served + 1..].iter_mut().rev() {
            assert!(poll_once(waiter).is_pending());
        }
        let Poll::Ready(Ok(block)) = poll_once(&mut waiters[served]) else {
            panic!("waiter {served} is the oldest")
        };
        held = block;
    }
    drop(held);
    assert_whole(&pool);
}

/// A newcomer that would wait, too, queues, though it asks at the very moment.
#[test]
fn a_newcomer_that_waits_comes_after_those_who_wait() {
    let pool = pool(1);
    let held = pool.alloc_wait().unwrap();
    let (mut first, mut newcomer) = (pool.alloc_async(), pool.alloc_async());
    assert!(poll_once(&mut first).is_pending());
    drop(held);
    assert!(poll_once(&mut newcomer).is_pending());
    assert!(poll_once(&mut first).is_ready());
    assert!(poll_once(&mut newcomer).is_ready());
    assert_whole(&pool);
}

/// The bound of the module's text: once a waiter has registered, others get no more blocks before it
/// than those whose giving back had begun, one for each thread.
#[test]
fn threads_that_take_and_give_all_the_time_do_not_overtake_a_waiter() {
    const THREADS: usize = 3;
    let _end = must_end("a waiter among busy threads");
    let (pool, taken, stop) = (pool(1), AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    if let Ok(block) = pool.alloc() {
                        taken.fetch_add(1, Ordering::SeqCst);
                        drop(block);
                    }
                }
            });
        }
        for _ in 0..200 {
            let mut waiter = pool.alloc_async();
            if poll_once(&mut waiter).is_ready() {
                continue;
            }
            let before = taken.load(Ordering::SeqCst);
            // Whoever could overtake has time to: the waiter is not polled.
            (0..50).for_each(|_| thread::yield_now());
            let overtook = taken.load(Ordering::SeqCst) - before;
            // One more each: counted late, by a thread that held a block when the waiter came.
            assert!(overtook <= 2 * THREADS, "{overtook} calls overtook a waiter");
            while poll_once(&mut waiter).is_pending() {
                thread::yield_now();
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_whole(&pool);
}

#[test]
fn a_bulk_of_blocks_serves_as_many_waiters_and_the_rest_is_free() {
    let pool = pool(5);
    let mut blocks = [const { None }; 5];
    pool.alloc_bulk(&mut blocks).unwrap();
    let mut waiters = [(); 3].map(|()| pool.alloc_async());
    waiters.iter_mut().for_each(|waiter| assert!(poll_once(waiter).is_pending()));
    pool.free_bulk(&mut blocks[..2]);
    assert_eq!(pool.available(), 0);
    let served = waiters.each_mut().map(poll_once);
    assert_eq!(served.each_ref().map(Poll::is_ready), [true, true, false], "the oldest ones");
    pool.free_bulk(&mut blocks);
    assert_eq!(pool.available(), 2, "one of three was given");
    assert!(poll_once(&mut waiters[2]).is_ready());
    drop(served);
    assert_whole(&pool);
}
