//! Threads that sleep.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use block_core::wait::Waiting;
use block_core::{Block, BlockAlloc, BlockAllocExt};

use crate::tasks::must_end;
use crate::{SIZE, assert_whole, pool, support::Pool};

const THREADS: usize = 8;
const ROUNDS: usize = 2_000;

/// A lost wakeup would leave a thread asleep.
#[test]
fn threads_that_share_few_blocks_all_end() {
    let _end = must_end("threads that share few blocks");
    for capacity in 1..4 {
        let pool = pool(capacity);
        thread::scope(|scope| {
            for id in 0..THREADS {
                let pool = &pool;
                scope.spawn(move || {
                    for _ in 0..ROUNDS {
                        let mut block = pool.alloc_wait().unwrap();
                        block.fill(id as u8);
                        if id % 2 == 0 {
                            thread::yield_now();
                        }
                        assert_eq!(*block, [id as u8; SIZE], "invariant 1: another holder wrote");
                    }
                });
            }
        });
        assert_whole(&pool);
    }
}

/// The same, where half of the threads never wait, and some give up.
#[test]
fn threads_that_wait_end_beside_others_that_do_not() {
    let _end = must_end("threads that wait beside others");
    let pool = pool(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..ROUNDS).for_each(|_| drop(pool.alloc_wait().unwrap())));
            scope.spawn(|| (0..ROUNDS).for_each(|_| drop(pool.alloc())));
            scope.spawn(|| {
                let short = Duration::from_micros(20);
                (0..ROUNDS).for_each(|_| drop(pool.alloc_timeout(short)));
            });
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let mut blocks = [const { None }; 2];
                    if pool.alloc_bulk(&mut blocks).is_ok() {
                        pool.free_bulk(&mut blocks);
                    }
                }
            });
        }
    });
    assert_whole(&pool);
}

#[test]
fn a_handle_that_owns_its_share_is_waited_for_on_another_thread() {
    let _end = must_end("owning handles");
    let pool = Arc::new(Waiting::new(Pool::new(SIZE, 1)));
    let held = Block::alloc_wait_in(Arc::clone(&pool)).unwrap();
    let waiters = [(); 3].map(|()| {
        let pool = Arc::clone(&pool);
        thread::spawn(move || drop(Block::alloc_wait_in(pool).unwrap()))
    });
    drop(held);
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    assert_whole(&*pool);
}

/// Raw blocks, bulk calls and handles give back to waiters alike.
#[test]
fn whatever_way_a_block_comes_back_its_waiter_is_woken() {
    let _end = must_end("ways to give back");
    let pool = pool(1);
    let waits = |give_back: &dyn Fn()| {
        thread::scope(|scope| {
            let waiter = scope.spawn(|| drop(pool.alloc_wait().unwrap()));
            give_back();
            waiter.join().unwrap();
        });
        assert_whole(&pool);
    };
    let raw = pool.alloc_raw().unwrap();
    // SAFETY: handed out just now, and not used afterwards.
    waits(&|| unsafe { pool.free_raw(raw) }.unwrap());
    let bare = pool.acquire().unwrap();
    // SAFETY: as above, without a mark.
    waits(&|| unsafe { pool.release(bare) });
    let kept = std::cell::Cell::new(Some(pool.alloc().unwrap()));
    waits(&|| pool.free(kept.take().unwrap()));
    let kept = std::cell::Cell::new(Some(pool.alloc().unwrap()));
    waits(&|| pool.free_bulk(&mut [kept.take()]));
}
