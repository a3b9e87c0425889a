//! The end of waiting: a pool that is taken out again, and what is seen of one before.

use std::mem;
use std::sync::Arc;

use block_core::wait::Waiting;
use block_core::{BlockAlloc, BlockAllocExt};

use crate::tasks::{Woken, poll_once, poll_with};
use crate::{assert_whole, pool, support::Pool};

#[test]
fn blocks_given_to_forgotten_futures_are_free_in_the_pool_that_is_taken_out() {
    let pool = pool(3);
    let mut blocks = [const { None }; 3];
    pool.alloc_bulk(&mut blocks).unwrap();
    let woken = Arc::new(Woken::default());
    for _ in 0..3 {
        let mut future = pool.alloc_async();
        assert!(poll_with(&mut future, &woken).is_pending());
        mem::forget(future);
    }
    pool.free_bulk(&mut blocks[..2]);
    drop(blocks);
    assert_eq!((pool.available(), pool.waiters()), (0, 0), "each was given one");
    assert_eq!(woken.count(), 3);
    assert_whole(&pool.into_inner());
}

#[test]
fn who_waits_for_ever_is_let_go_of_and_raw_blocks_stay_out() {
    let pool = pool(2);
    let (raw, bare) = (pool.alloc_raw().unwrap(), pool.acquire().unwrap());
    let woken = Arc::new(Woken::default());
    let mut future = pool.alloc_async();
    assert!(poll_with(&mut future, &woken).is_pending());
    mem::forget(future);
    let inner = pool.into_inner();
    assert_eq!((Arc::strong_count(&woken), woken.count()), (1, 0), "its waker is gone");
    assert_eq!(inner.available(), 0);
    // SAFETY: both came from this pool, and are not used afterwards.
    unsafe {
        inner.free_raw(raw).unwrap();
        inner.release(bare);
    }
    assert_whole(&inner);
}

#[test]
fn the_number_of_those_who_wait_counts_no_one_twice_and_no_one_who_was_served() {
    let pool = pool(1);
    let held = pool.alloc_wait().unwrap();
    let mut waiters = [(); 3].map(|()| pool.alloc_async());
    assert_eq!(pool.waiters(), 0, "none was polled");
    for count in 1..=3 {
        assert!(poll_once(&mut waiters[count - 1]).is_pending());
        assert!(poll_once(&mut waiters[0]).is_pending(), "again");
        assert_eq!(pool.waiters(), count);
    }
    drop(held);
    assert_eq!(pool.waiters(), 2, "the oldest has a block, polled or not");
    let [first, second, third] = waiters;
    drop(second);
    assert_eq!(pool.waiters(), 1);
    drop(first);
    assert_eq!(pool.waiters(), 0, "the block went on to the last one");
    drop(third);
    assert_whole(&pool);
}

/// The line counts calls, as `stats` does: a backend's own text would count looks.
#[test]
fn the_text_of_a_pool_is_its_statistics_and_how_many_wait() {
    let pool = Waiting::new(Pool::new(64, 1));
    assert_eq!(pool.to_string(), format!("{}, 0 waiting", pool.stats()));
    let _held = pool.alloc_wait().unwrap();
    let mut waiter = pool.alloc_async();
    assert!(poll_once(&mut waiter).is_pending());
    let stats = pool.stats();
    assert_eq!((stats.exhaustions, stats.waits), (1, 1));
    assert_eq!(pool.to_string(), format!("{stats}, 1 waiting"));
    assert_eq!(format!("{waiter:?}"), "AllocFuture { is_ready: false, is_queued: true }");
}
