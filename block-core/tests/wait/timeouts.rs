//! Waiting that ends without a block. How long it took is not asked: only that it ended, and how.

use std::cell::Cell;
use std::ops::Deref;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use block_core::wait::Waiting;
use block_core::{AllocError, Block, BlockAlloc, StableDeref};
use tokio::runtime::Builder;

use crate::tasks::{must_end, poll_once};
use crate::{assert_whole, pool, support::Pool};

const SOON: Duration = Duration::from_millis(5);

#[test]
fn whoever_holds_every_block_itself_gets_an_error_and_loses_nothing() {
    let _end = must_end("waiting for oneself");
    let pool = pool(2);
    let (one, other) = (pool.alloc_wait().unwrap(), pool.alloc_wait().unwrap());
    assert_eq!(pool.alloc_timeout(SOON).unwrap_err(), AllocError::TimedOut);
    assert_eq!(pool.alloc_deadline(Instant::now() + SOON).unwrap_err(), AllocError::TimedOut);
    drop((one, other));
    assert_whole(&pool);
}

/// The same for a task, by the timeout of its runtime.
#[test]
fn a_task_that_holds_every_block_itself_is_ended_by_its_runtime_and_loses_nothing() {
    let _end = must_end("a task that waits for itself");
    let pool = pool(2);
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let (one, other) = (pool.alloc_async().await.unwrap(), pool.alloc_async().await.unwrap());
        assert!(tokio::time::timeout(SOON, pool.alloc_async()).await.is_err());
        assert_eq!(pool.waiters(), 0, "it went away");
        drop((one, other));
    });
    assert_whole(&pool);
}

/// Whose `unpark` is not for the waiting.
#[test]
fn a_thread_that_is_unparked_for_another_reason_waits_on() {
    let _end = must_end("a thread that is unparked");
    let pool = pool(1);
    let held = pool.alloc_wait().unwrap();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            thread::current().unpark(); // its first sleep ends at once
            drop(pool.alloc_wait().unwrap());
        });
        while pool.waiters() == 0 && !waiter.is_finished() {
            thread::yield_now();
        }
        for _ in 0..1_000 {
            waiter.thread().unpark();
            assert_eq!(pool.waiters(), 1, "it left without a block");
            thread::yield_now();
        }
        drop(held);
    });
    assert_whole(&pool);
}

#[test]
fn no_time_at_all_is_one_try() {
    let pool = Arc::new(pool(1));
    let past = Instant::now();
    let block = pool.alloc_timeout(Duration::ZERO).expect("one is free");
    assert_eq!(pool.alloc_timeout(Duration::ZERO).unwrap_err(), AllocError::TimedOut);
    assert_eq!(pool.alloc_deadline(past).unwrap_err(), AllocError::TimedOut);
    drop(block);
    let block = Block::alloc_deadline_in(Arc::clone(&pool), past).expect("one is free");
    let refused = Block::alloc_timeout_in(Arc::clone(&pool), Duration::ZERO);
    assert_eq!(refused.unwrap_err(), AllocError::TimedOut);
    drop(block);
    assert_whole(&*pool);
    assert_eq!(Arc::strong_count(&pool), 1, "an error lets go of the pool");
}

#[test]
fn a_time_beyond_what_the_clock_can_say_is_no_limit() {
    let _end = must_end("waiting without a limit");
    let pool = pool(1);
    let held = pool.alloc_wait().unwrap();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| pool.alloc_timeout(Duration::MAX).map(drop));
        drop(held);
        assert_eq!(waiter.join().unwrap(), Ok(()));
    });
    assert_whole(&pool);
}

/// One who gave up is not given the next block.
#[test]
fn whoever_gave_up_stands_in_nobodys_way() {
    let pool = pool(1);
    let held = pool.alloc_wait().unwrap();
    assert!(pool.alloc_timeout(SOON).is_err());
    let mut next = pool.alloc_async();
    assert!(poll_once(&mut next).is_pending());
    drop(held);
    assert!(poll_once(&mut next).is_ready());
    assert_whole(&pool);
}

/// Timeouts that end about when a block comes: it goes to one of them, or to the pool.
#[test]
fn a_block_that_comes_at_the_last_moment_is_not_lost() {
    let _end = must_end("timeouts at the last moment");
    let pool = pool(1);
    for round in 0..300 {
        let held = pool.alloc_wait().unwrap();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| pool.alloc_timeout(Duration::from_micros(60)).map(drop));
            }
            thread::sleep(Duration::from_micros(round % 60));
            drop(held);
        });
        assert_eq!(pool.available(), 1, "round {round}");
    }
    assert_whole(&pool);
}

/// A pointer that gives a block back on the way to the pool, the so manieth time that it is followed.
struct GivesBack<'a> {
    pool: &'a Waiting<Pool>,
    held: Cell<Option<Block<&'a Waiting<Pool>>>>,
    left: Cell<usize>,
}

impl Deref for GivesBack<'_> {
    type Target = Waiting<Pool>;

    fn deref(&self) -> &Waiting<Pool> {
        match self.left.get() {
            0 => drop(self.held.take()),
            left => self.left.set(left - 1),
        }
        self.pool
    }
}

// SAFETY: every call returns the same pool, which is borrowed for longer than this pointer lives.
unsafe impl StableDeref for GivesBack<'_> {}

/// Between each two steps of a wait, to the last one.
#[test]
fn a_block_that_comes_at_any_step_of_a_wait_without_time_is_had_or_free() {
    let mut had = Vec::new();
    for left in 0..8 {
        let pool = pool(1);
        let held = Cell::new(Some(pool.alloc_wait().unwrap()));
        let pointer = GivesBack { pool: &pool, held, left: Cell::new(left) };
        had.push(Block::alloc_timeout_in(pointer, Duration::ZERO).is_ok());
        assert_whole(&pool);
    }
    assert!(had.first() == Some(&true) && had.last() == Some(&false), "{had:?}");
    assert!(had.is_sorted_by(|earlier, later| earlier >= later), "{had:?}");
}
