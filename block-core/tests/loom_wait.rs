//! The queue of waiters under loom: the crate's own file, with loom's atomics and lock in place of the
//! standard library's. Two threads are explored exhaustively, three within three preemptions;
//! `LOOM_MAX_PREEMPTIONS` overrides the latter.
//!
//! Each model ends at rest and asks for invariant c there: whoever waits has a block, as one is free.
//! No thread sleeps in the models; to be woken is to be given a block, and then the waker is called.
//!
//! The backend is a stand-in, as weak as the contract of `acquire` and `release` lets it be: a word for
//! each block, that is looked at before it is exchanged, so that `take` fails on what it saw and orders
//! nothing then. A block's contents are a loom cell: two holders at once, or not ordered, fail the model.

#![cfg(loom)]

// For `seeded!` in the crate's own files below.
#[macro_use]
extern crate block_core;

use std::sync::atomic::{AtomicUsize as Counter, Ordering::SeqCst};
use std::task::{Wake, Waker};

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicUsize, Ordering, fence};
    pub(crate) use loom::sync::{Mutex, MutexGuard};
    pub(crate) use std::sync::PoisonError;

    macro_rules! const_outside_models {
        ($visibility:vis fn $($rest:tt)*) => { $visibility fn $($rest)* };
    }
    pub(crate) use const_outside_models;
}

// The queue's end is not modelled: it has one thread.
#[allow(dead_code, reason = "what the models do not call")]
#[path = "../src/wait/line.rs"]
mod line;
#[allow(dead_code, reason = "what the models do not call")]
#[path = "../src/wait/queue.rs"]
mod queue;
#[path = "../src/wait/wake.rs"]
mod wake;

use queue::{Queue, Stock, Ticket};
use sync::{AtomicUsize, Ordering};

/// A held block, by number.
#[derive(Debug)]
struct Held(usize);

/// A pool of so many blocks, each with its word: 1 if it is free.
struct Pool<const BLOCKS: usize> {
    queue: Queue<Held>,
    free: [AtomicUsize; BLOCKS],
    contents: [UnsafeCell<u8>; BLOCKS],
}

impl<const BLOCKS: usize> Stock<Held> for Pool<BLOCKS> {
    fn take(&self) -> Option<Held> {
        let free = |block: &usize| {
            self.free[*block].load(Ordering::Relaxed) == 1
                && self.free[*block]
                    .compare_exchange(1, 0, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
        };
        let held = (0..BLOCKS).find(free).map(Held)?;
        self.write(&held);
        Some(held)
    }

    fn put(&self, held: Held) {
        self.write(&held);
        self.free[held.0].store(1, Ordering::Release);
    }

    fn clean(&self, held: &Held) {
        self.write(held);
    }
}

impl<const BLOCKS: usize> Pool<BLOCKS> {
    /// A pool all of whose blocks are held.
    fn held() -> (Arc<Self>, [Held; BLOCKS]) {
        let free = std::array::from_fn(|_| AtomicUsize::new(0));
        let contents = std::array::from_fn(|_| UnsafeCell::new(0));
        let pool = Self { queue: Queue::new(), free, contents };
        (Arc::new(pool), std::array::from_fn(Held))
    }

    fn write(&self, held: &Held) {
        // SAFETY: what the models are for: loom checks that nobody else is here.
        self.contents[held.0].with_mut(|bytes| unsafe { *bytes = 1 });
    }

    fn enter(&self) -> Ticket {
        self.queue.enter(self)
    }

    fn give_back(&self, held: Held) {
        self.write(&held);
        self.queue.give_back(self, held);
    }

    /// As a dropped future does.
    fn leave(&self, ticket: Ticket) {
        if let Some(held) = self.queue.leave(ticket) {
            self.give_back(held);
        }
    }

    /// The block of one who waits, at rest; then it is given back.
    fn served(&self, ticket: Ticket) {
        let held = self.queue.poll(ticket, Waker::noop()).expect("invariant c: a wakeup was lost");
        self.give_back(held);
    }

    /// At rest, with nobody waiting, so many blocks are free.
    fn free(&self, blocks: usize) {
        let taken: Vec<_> = std::iter::from_fn(|| self.take()).collect();
        assert_eq!(taken.len(), blocks, "free blocks");
        assert!(!self.queue.has_waiters());
    }
}

/// A model of three threads: too long to be explored exhaustively.
fn three_threads(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.check(model);
}

fn on_another_thread<const BLOCKS: usize, T: 'static>(
    pool: &Arc<Pool<BLOCKS>>,
    work: impl FnOnce(&Pool<BLOCKS>) -> T + 'static,
) -> thread::JoinHandle<T> {
    let pool = Arc::clone(pool);
    thread::spawn(move || work(&pool))
}

#[test]
fn a_waiter_that_registers_while_the_block_comes_back_gets_it() {
    loom::model(|| {
        let (pool, [held]) = Pool::held();
        let giver = on_another_thread(&pool, |pool| pool.give_back(held));
        let ticket = pool.enter();
        giver.join().unwrap();
        pool.served(ticket);
        pool.free(1);
    });
}

/// Counts in a real atomic, so that no other thread of the model runs inside a waker: those that are due
/// lie in a thread-local, and the model's threads are all on one thread of the system's.
#[derive(Debug, Default)]
struct Woken(Counter);

impl Wake for Woken {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_waiter_that_found_nothing_is_woken() {
    loom::model(|| {
        let (pool, [held]) = Pool::held();
        let giver = on_another_thread(&pool, |pool| pool.give_back(held));
        let ticket = pool.enter();
        let woken = std::sync::Arc::new(Woken::default());
        let got = pool.queue.poll(ticket, &Waker::from(std::sync::Arc::clone(&woken)));
        giver.join().unwrap();
        match got {
            Some(held) => pool.give_back(held),
            None => {
                assert_eq!(woken.0.load(SeqCst), 1, "woken");
                pool.served(ticket);
            }
        }
        pool.free(1);
    });
}

/// Whichever waker was known last when the block came is woken, and the other one need not be.
#[test]
fn a_waiter_that_changes_its_waker_while_the_block_comes_is_not_left_asleep() {
    loom::model(|| {
        let (pool, [held]) = Pool::held();
        let ticket = pool.enter();
        let [before, after] = [(); 2].map(|()| std::sync::Arc::new(Woken::default()));
        let poll = |pool: &Pool<1>, woken: &std::sync::Arc<Woken>| {
            pool.queue.poll(ticket, &Waker::from(std::sync::Arc::clone(woken)))
        };
        assert!(poll(&pool, &before).is_none());
        let giver = on_another_thread(&pool, |pool| pool.give_back(held));
        let got = poll(&pool, &after);
        giver.join().unwrap();
        match got {
            Some(held) => pool.give_back(held),
            None => {
                assert_eq!(after.0.load(SeqCst), 1, "woken");
                pool.served(ticket);
            }
        }
        pool.free(1);
    });
}

/// What a bulk does that does not get all its blocks: it holds some for a moment, past the queue, and then
/// looks for waiters.
#[test]
fn a_bulk_that_fails_leaves_nobody_asleep() {
    loom::model(|| {
        let (pool, [held]) = Pool::held();
        pool.give_back(held);
        let bulk = on_another_thread(&pool, |pool| {
            if let Some(held) = pool.take() {
                pool.put(held);
            }
            pool.queue.settle(pool);
        });
        let ticket = pool.enter();
        bulk.join().unwrap();
        pool.served(ticket);
        pool.free(1);
    });
}

/// The oldest waiter leaves while it is given the block, which must go to the next.
#[test]
fn a_block_given_to_a_waiter_that_leaves_goes_to_the_next() {
    loom::model(|| {
        let (pool, [held]) = Pool::held();
        let (first, second) = (pool.enter(), pool.enter());
        let giver = on_another_thread(&pool, |pool| pool.give_back(held));
        pool.leave(first);
        giver.join().unwrap();
        pool.served(second);
        pool.free(1);
    });
}

#[test]
fn a_waiter_that_comes_and_goes_while_the_block_comes_back_loses_nothing() {
    loom::model(|| {
        let (pool, [held]) = Pool::held();
        let giver = on_another_thread(&pool, |pool| pool.give_back(held));
        let ticket = pool.enter();
        pool.leave(ticket);
        giver.join().unwrap();
        pool.free(1);
    });
}

/// Three threads.
#[test]
fn two_waiters_that_register_while_two_blocks_come_back_get_one_each() {
    three_threads(|| {
        let (pool, [one, other]) = Pool::held();
        let giver = on_another_thread(&pool, |pool| {
            pool.give_back(one);
            pool.give_back(other);
        });
        let waiter = on_another_thread(&pool, Pool::enter);
        let mine = pool.enter();
        giver.join().unwrap();
        let theirs = waiter.join().unwrap();
        let (mine, theirs) = (
            pool.queue.poll(mine, Waker::noop()).expect("invariant c: two blocks, two waiters"),
            pool.queue.poll(theirs, Waker::noop()).expect("invariant c: two blocks, two waiters"),
        );
        pool.give_back(mine);
        pool.give_back(theirs);
        pool.free(2);
    });
}

/// Three threads: one that leaves, one that stays, and the block.
#[test]
fn a_waiter_stays_served_while_another_one_comes_and_goes() {
    three_threads(|| {
        let (pool, [held]) = Pool::held();
        let giver = on_another_thread(&pool, |pool| pool.give_back(held));
        let passer = on_another_thread(&pool, |pool| {
            let ticket = pool.enter();
            pool.leave(ticket);
        });
        let ticket = pool.enter();
        giver.join().unwrap();
        passer.join().unwrap();
        pool.served(ticket);
        pool.free(1);
    });
}

/// Three threads: a call that does not wait takes the block if it can, and gives it back.
#[test]
fn a_call_that_does_not_wait_takes_no_block_away_for_good() {
    three_threads(|| {
        let (pool, [held]) = Pool::held();
        let giver = on_another_thread(&pool, |pool| pool.give_back(held));
        let newcomer = on_another_thread(&pool, |pool| {
            if let Some(held) = pool.take() {
                pool.give_back(held);
            }
        });
        let ticket = pool.enter();
        giver.join().unwrap();
        newcomer.join().unwrap();
        pool.served(ticket);
        pool.free(1);
    });
}
