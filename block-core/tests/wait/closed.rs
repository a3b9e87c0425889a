//! Pools that are closed for waiting, and what a pool counts of its waits.

use std::fmt::{self, Write};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use block_core::wait::Waiting;
use block_core::{AllocError, BlockAlloc, BlockAllocExt};

use crate::support::Pool;
use crate::tasks::poll_once;
use crate::{assert_whole, pool};

#[test]
fn waiters_and_later_waits_are_refused_and_blocks_still_return() {
    let pool = pool(1);
    let held = pool.alloc().unwrap();
    let mut task = pool.alloc_async();
    assert!(poll_once(&mut task).is_pending());
    thread::scope(|scope| {
        let sleeper = scope.spawn(|| pool.alloc_wait().map(drop));
        let impatient = scope.spawn(|| pool.alloc_timeout(Duration::from_secs(60)).map(drop));
        while pool.waiters() < 3 {
            thread::yield_now();
        }
        pool.close();
        assert_eq!(sleeper.join().unwrap(), Err(AllocError::Closed));
        assert_eq!(impatient.join().unwrap(), Err(AllocError::Closed));
    });
    assert!(matches!(poll_once(&mut task), Poll::Ready(Err(AllocError::Closed))));
    assert!(pool.is_closed());
    assert_eq!(pool.waiters(), 0);

    drop(held);
    assert_eq!(pool.available(), 1);
    assert_eq!(pool.alloc_wait().unwrap_err(), AllocError::Closed, "also while a block is free");
    assert_eq!(pool.alloc_timeout(Duration::ZERO).unwrap_err(), AllocError::Closed);
    assert!(matches!(poll_once(&mut pool.alloc_async()), Poll::Ready(Err(AllocError::Closed))));
    drop(pool.alloc().expect("a call that does not wait is not affected"));
    pool.close();
    assert_whole(&pool);
}

#[test]
fn a_waiter_that_was_served_before_keeps_its_block() {
    let pool = pool(1);
    let held = pool.alloc().unwrap();
    let (mut first, mut second) = (pool.alloc_async(), pool.alloc_async());
    assert!(poll_once(&mut first).is_pending() && poll_once(&mut second).is_pending());
    drop(held);
    pool.close();
    let Poll::Ready(Ok(block)) = poll_once(&mut first) else { panic!("it was served") };
    assert!(matches!(poll_once(&mut second), Poll::Ready(Err(AllocError::Closed))));
    drop(block);
    assert_whole(&pool);
}

#[test]
fn a_call_counts_once_however_often_it_looks() {
    let pool = pool(1);
    let held = pool.alloc().unwrap();
    assert_eq!((pool.stats().exhaustions, pool.stats().waits), (0, 0));
    assert!(pool.alloc().is_err());
    assert_eq!((pool.stats().exhaustions, pool.stats().waits), (1, 0));
    assert!(pool.alloc_bulk(&mut [const { None }; 2]).is_err());
    assert_eq!((pool.stats().exhaustions, pool.stats().waits), (2, 0));

    thread::scope(|scope| {
        let waiter = scope.spawn(|| drop(pool.alloc_wait().unwrap()));
        while pool.waiters() == 0 {
            thread::yield_now();
        }
        thread::sleep(Duration::from_millis(20));
        drop(held);
        waiter.join().unwrap();
    });
    let stats = pool.stats();
    assert_eq!((stats.exhaustions, stats.waits), (3, 1));
    assert!(stats.longest_wait >= Duration::from_millis(20), "{:?}", stats.longest_wait);
    assert_eq!(stats.time_waited, stats.longest_wait);

    // Two threads hand one block back and forth: each call waits at most once.
    let calls = 2 * 500;
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..calls / 2).for_each(|_| drop(pool.alloc_wait().unwrap())));
        }
    });
    let after = pool.stats();
    assert!(after.waits - stats.waits <= calls, "{after:?}");
    assert_eq!(after.exhaustions - stats.exhaustions, after.waits - stats.waits);
    assert!(after.time_waited >= after.longest_wait);
}

/// A writer that uses the pool, as a logger with a pool of buffers does.
struct Uses<'a>(&'a Waiting<Pool>, usize);

impl Write for Uses<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.1 += text.len();
        drop(self.0.alloc_wait().unwrap());
        Ok(())
    }
}

#[test]
fn a_formatter_may_use_the_pool_that_it_formats() {
    let pool = pool(1);
    let mut writer = Uses(&pool, 0);
    write!(writer, "{pool:?}").unwrap();
    assert!(writer.1 > 0);
    assert_whole(&pool);
}
