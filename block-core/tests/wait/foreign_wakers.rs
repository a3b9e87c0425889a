//! Wakers that do what they please: they run inside the call that gives a block back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use block_core::wait::Waiting;
use block_core::{Block, BlockAllocExt};

use crate::tasks::{must_end, poll_once};
use crate::{assert_whole, pool, support::Pool};

type Blocks = Arc<Waiting<Pool>>;

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("a waker's own fault");
    }
}

/// The contract of the trait: no call unwinds.
#[test]
fn a_waker_that_panics_does_not_unwind_out_of_the_pool() {
    let pool = pool(2);
    let mut blocks = [const { None }; 2];
    pool.alloc_bulk(&mut blocks).unwrap();
    let waker = Waker::from(Arc::new(Panics));
    let mut waiters = [(); 2].map(|()| pool.alloc_async());
    for waiter in &mut waiters {
        let polled = std::pin::Pin::new(waiter).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    let given_back = catch_unwind(AssertUnwindSafe(|| pool.free_bulk(&mut blocks)));
    assert!(given_back.is_ok(), "unwound");
    assert!(waiters.iter_mut().all(|waiter| poll_once(waiter).is_ready()));
    assert_whole(&pool);
}

/// Gives another block back, and polls nothing: a task that is ended by being woken.
struct GivesBack(Mutex<Option<Block<Blocks>>>);

impl Wake for GivesBack {
    fn wake(self: Arc<Self>) {
        drop(self.0.lock().unwrap().take());
    }
}

/// No code of others runs under the queue's lock.
#[test]
fn a_waker_may_give_a_block_back_itself() {
    let _end = must_end("a waker that gives a block back");
    let pool: Blocks = Arc::new(pool(2));
    let (one, other) =
        (Block::alloc_wait_in(Arc::clone(&pool)), Block::alloc_wait_in(Arc::clone(&pool)));
    let waker = Waker::from(Arc::new(GivesBack(Mutex::new(Some(other)))));
    let (mut first, mut second) = (pool.alloc_async(), pool.alloc_async());
    let polled = std::pin::Pin::new(&mut first).poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending() && poll_once(&mut second).is_pending());
    drop(one);
    assert!(poll_once(&mut first).is_ready() && poll_once(&mut second).is_ready());
    drop((first, second));
    assert_whole(&*pool);
}

/// Holds a future of the same pool, whose drop passes a block on.
#[test]
fn a_waker_may_own_another_waiter() {
    let _end = must_end("a waker that owns a waiter");
    let pool: Blocks = Arc::new(pool(1));
    let held = Block::alloc_wait_in(Arc::clone(&pool));
    let mut owned = Block::alloc_async_in(Arc::clone(&pool));
    assert!(poll_once(&mut owned).is_pending());
    struct Owns<T>(T);
    impl<T> Wake for Owns<T> {
        fn wake(self: Arc<Self>) {}
    }
    let mut last = pool.alloc_async();
    let waker = Waker::from(Arc::new(Owns(owned)));
    assert!(std::pin::Pin::new(&mut last).poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker); // the queue has the only one now
    drop(held); // given to `owned`
    assert!(poll_once(&mut last).is_pending(), "the new waker drops the old, and that `owned`");
    assert!(poll_once(&mut last).is_ready());
    drop(last);
    assert_whole(&*pool);
}
