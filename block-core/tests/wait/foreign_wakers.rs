//! Wakers that do what they please: they run inside the call that gives a block back.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Context, RawWaker, RawWakerVTable, Wake, Waker};

use block_core::wait::{AllocFuture, Waiting};
use block_core::{Block, BlockAlloc, BlockAllocExt};

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

thread_local! {
    /// What the next clone of [`hostile`] gives back.
    static KEPT: RefCell<Option<Block<Blocks>>> = const { RefCell::new(None) };
}

/// Gives a block back when it is cloned; and such clones panic when they are dropped.
fn hostile() -> Waker {
    fn clone(_: *const ()) -> RawWaker {
        drop(KEPT.take());
        const TABLE: RawWakerVTable =
            RawWakerVTable::new(clone, |_| (), |_| (), |_| panic!("a waker's own fault"));
        RawWaker::new(std::ptr::null(), &TABLE)
    }
    const TABLE: RawWakerVTable = RawWakerVTable::new(clone, |_| (), |_| (), |_| ());
    // SAFETY: the functions use no data, and may be called from any thread.
    unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &TABLE)) }
}

/// It unwinds out of the poll that it gave a block to, and the block is still there.
#[test]
fn a_waker_that_panics_when_it_is_dropped_loses_no_block() {
    let pool: Blocks = Arc::new(pool(1));
    let waker = hostile();
    KEPT.set(Some(Block::alloc_wait_in(Arc::clone(&pool)).unwrap()));
    let mut waiter = pool.alloc_async();
    let mut poll =
        || std::pin::Pin::new(&mut waiter).poll(&mut Context::from_waker(&waker)).is_ready();
    assert!(catch_unwind(AssertUnwindSafe(&mut poll)).is_err(), "unwound");
    assert_eq!((pool.available(), pool.waiters()), (0, 0), "the waiter has it");
    assert!(poll(), "or its drop would pass it on");
    drop(waiter);
    assert_whole(&*pool);
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
    let (one, other) = (
        Block::alloc_wait_in(Arc::clone(&pool)).unwrap(),
        Block::alloc_wait_in(Arc::clone(&pool)).unwrap(),
    );
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
    let held = Block::alloc_wait_in(Arc::clone(&pool)).unwrap();
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

/// A waker that ends its own task, whose future holds what it was woken for.
#[test]
fn a_waker_may_drop_its_own_future() {
    struct Ends(Mutex<Option<AllocFuture<Blocks, Pool>>>);
    impl Wake for Ends {
        fn wake(self: Arc<Self>) {
            drop(self.0.lock().unwrap().take());
        }
    }
    let _end = must_end("a waker that drops its own future");
    let pool: Blocks = Arc::new(pool(1));
    let held = Block::alloc_wait_in(Arc::clone(&pool)).unwrap();
    let mut future = Block::alloc_async_in(Arc::clone(&pool));
    let task = Arc::new(Ends(Mutex::new(None)));
    let waker = Waker::from(Arc::clone(&task));
    assert!(std::pin::Pin::new(&mut future).poll(&mut Context::from_waker(&waker)).is_pending());
    *task.0.lock().unwrap() = Some(future);
    let mut next = pool.alloc_async();
    assert!(poll_once(&mut next).is_pending());
    drop(held);
    assert!(task.0.lock().unwrap().is_none(), "ended");
    assert!(poll_once(&mut next).is_ready());
    drop(next);
    assert_whole(&*pool);
}

/// A task that runs where it is woken: takes its block, and gives it back at once, to the next one.
struct Inline(Mutex<Option<AllocFuture<Blocks, Pool>>>);

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        let future = self.0.lock().unwrap().take();
        assert!(poll_once(&mut future.unwrap()).is_ready());
    }
}

/// Nested, they would take all of the stack.
#[test]
fn any_number_of_tasks_that_run_where_they_are_woken_pass_a_block_on() {
    const TASKS: usize = if cfg!(miri) { 100 } else { 100_000 };
    let pool: Blocks = Arc::new(pool(1));
    let held = Block::alloc_wait_in(Arc::clone(&pool)).unwrap();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let mut future = Block::alloc_async_in(Arc::clone(&pool));
            let task = Arc::new(Inline(Mutex::new(None)));
            let waker = Waker::from(Arc::clone(&task));
            let polled = std::pin::Pin::new(&mut future).poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
            *task.0.lock().unwrap() = Some(future);
            task
        })
        .collect();
    drop(held);
    assert!(tasks.iter().all(|task| task.0.lock().unwrap().is_none()), "all had it");
    assert_whole(&*pool);
}
