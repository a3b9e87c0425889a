//! Futures that are dropped.

use std::sync::Arc;

use block_core::{Block, BlockAlloc, BlockAllocExt};

use crate::tasks::{Woken, poll_once, poll_with};
use crate::{assert_whole, pool};

/// The moment at which a wakeup gets lost: given a block, and gone before it was taken.
#[test]
fn the_block_of_a_future_dropped_after_it_was_woken_goes_to_the_next() {
    let pool = pool(1);
    let held = pool.alloc_wait().unwrap();
    let (mut first, mut next) = (pool.alloc_async(), pool.alloc_async());
    let (woken_first, woken_next) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
    assert!(poll_with(&mut first, &woken_first).is_pending());
    assert!(poll_with(&mut next, &woken_next).is_pending());
    drop(held);
    assert_eq!((woken_first.count(), woken_next.count()), (1, 0));
    drop(first);
    assert_eq!((woken_first.count(), woken_next.count()), (1, 1));
    assert!(poll_once(&mut next).is_ready());
    assert_whole(&pool);
}

#[test]
fn the_block_of_the_last_future_dropped_after_it_was_woken_is_free() {
    let pool = pool(1);
    let held = pool.alloc_wait().unwrap();
    let mut only = pool.alloc_async();
    assert!(poll_once(&mut only).is_pending());
    drop(held);
    assert_eq!(pool.available(), 0, "given");
    drop(only);
    assert_whole(&pool);
}

#[test]
fn a_future_dropped_while_it_waits_is_passed_over() {
    let pool = pool(1);
    let held = pool.alloc_wait().unwrap();
    let mut waiters = [(); 3].map(|()| Some(pool.alloc_async()));
    waiters.iter_mut().flatten().for_each(|waiter| assert!(poll_once(waiter).is_pending()));
    waiters[0] = None;
    waiters[1] = None;
    drop(held);
    assert!(poll_once(waiters[2].as_mut().unwrap()).is_ready());
    assert_whole(&pool);
}

#[test]
fn a_future_that_was_never_polled_has_no_place_and_no_block() {
    let pool = Arc::new(pool(1));
    let (unpolled, mut waiter) = (pool.alloc_async(), pool.alloc_async());
    let owning = Block::alloc_async_in(Arc::clone(&pool));
    let held = pool.alloc().expect("nobody has taken it");
    assert!(poll_once(&mut waiter).is_pending());
    drop(held);
    assert!(poll_once(&mut waiter).is_ready());
    drop(unpolled);
    drop(owning);
    assert_whole(&*pool);
    assert_eq!(Arc::strong_count(&pool), 1);
}

#[test]
#[should_panic = "polled after it was ready"]
fn a_future_that_was_ready_must_not_be_polled() {
    let pool = pool(1);
    let mut future = pool.alloc_async();
    drop(poll_once(&mut future));
    drop(poll_once(&mut future));
}

#[test]
fn the_waker_of_the_last_poll_is_woken() {
    let pool = pool(1);
    let held = pool.alloc_wait().unwrap();
    let mut future = pool.alloc_async();
    let (before, last) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
    assert!(poll_with(&mut future, &before).is_pending());
    assert!(poll_with(&mut future, &last).is_pending());
    drop(held);
    assert_eq!((before.count(), last.count()), (0, 1));
    assert_eq!(Arc::strong_count(&before), 1, "an old waker is let go of");
    assert!(poll_once(&mut future).is_ready());
    assert_whole(&pool);
}

/// A forgotten future keeps what it was given, and no more.
#[test]
fn a_forgotten_future_costs_one_block() {
    let pool = pool(2);
    let (one, other) = (pool.alloc_wait().unwrap(), pool.alloc_wait().unwrap());
    let mut future = pool.alloc_async();
    assert!(poll_once(&mut future).is_pending());
    std::mem::forget(future);
    drop((one, other));
    assert_eq!(pool.available(), 1);
    assert!(pool.alloc().is_ok());
}
