//! The queue of waiters.
//!
//! Each model ends at rest and asks for invariant c there: whoever waits has a block, as one is free.
//! No thread sleeps in the models; to be woken is to be given a block, and then the waker is called. The
//! queue's end is not modelled: it has one thread.
//!
//! Two threads, one block, one call each, exhaustive, but where it says otherwise; three threads within three
//! preemptions.

use std::sync::atomic::{AtomicUsize as Counter, Ordering::SeqCst};
use std::task::{Wake, Waker};

#[cfg(block_shuttle)]
use block_core::models::Bound::Random;
use block_core::models::Bound::{Exhaustive, Within};
use block_core::models::check;
use block_core::models::sync::Arc;
#[cfg(block_shuttle)]
use block_core::models::thread;

use crate::blocks::Blocks;
use crate::on_another_thread;
use crate::queue::{Closed, Queue, Stock, Ticket};

/// A held block, by number.
#[derive(Debug)]
struct Held(usize);

/// A pool of so many blocks.
struct Pool<const BLOCKS: usize> {
    queue: Queue<Held>,
    blocks: Blocks<BLOCKS>,
}

impl<const BLOCKS: usize> Stock<Held> for Pool<BLOCKS> {
    fn take(&self) -> Option<Held> {
        self.blocks.take().map(Held)
    }

    fn put(&self, Held(block): Held) {
        self.blocks.put(block);
    }

    fn clean(&self, &Held(block): &Held) {
        self.blocks.write(block);
    }
}

impl<const BLOCKS: usize> Pool<BLOCKS> {
    /// A pool all of whose blocks are held.
    fn held() -> (Arc<Self>, [Held; BLOCKS]) {
        let pool = Self { queue: Queue::new(), blocks: Blocks::held() };
        (Arc::new(pool), std::array::from_fn(Held))
    }

    fn enter(&self) -> Ticket {
        self.queue.enter(self).expect("the queue is open")
    }

    fn give_back(&self, held: Held) {
        self.blocks.write(held.0);
        self.queue.give_back(self, held);
    }

    /// As a dropped future does.
    fn leave(&self, ticket: Ticket) {
        if let Some(Ok(held)) = self.queue.leave(ticket) {
            self.give_back(held);
        }
    }

    /// The block of one who waits, at rest; then it is given back.
    fn served(&self, ticket: Ticket) {
        let result =
            self.queue.poll(ticket, Waker::noop()).expect("invariant c: a wakeup was lost");
        self.give_back(result.expect("the queue is open"));
    }

    /// At rest, with nobody waiting, so many blocks are free.
    fn free(&self, blocks: usize) {
        let taken = std::iter::from_fn(|| self.take()).count();
        assert_eq!(taken, blocks, "invariant 2: conserved");
        assert!(!self.queue.has_waiters());
    }
}

#[test]
fn a_waiter_that_registers_while_the_block_comes_back_gets_it() {
    check(Exhaustive, || {
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
    check(Exhaustive, || {
        let (pool, [held]) = Pool::held();
        let giver = on_another_thread(&pool, |pool| pool.give_back(held));
        let ticket = pool.enter();
        let woken = std::sync::Arc::new(Woken::default());
        let got = pool.queue.poll(ticket, &Waker::from(std::sync::Arc::clone(&woken)));
        giver.join().unwrap();
        match got {
            Some(result) => pool.give_back(result.expect("the queue is open")),
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
    check(Exhaustive, || {
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
            Some(result) => pool.give_back(result.expect("the queue is open")),
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
    check(Exhaustive, || {
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
    check(Exhaustive, || {
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
    check(Exhaustive, || {
        let (pool, [held]) = Pool::held();
        let giver = on_another_thread(&pool, |pool| pool.give_back(held));
        let ticket = pool.enter();
        pool.leave(ticket);
        giver.join().unwrap();
        pool.free(1);
    });
}

/// Three threads, two blocks.
#[test]
fn two_waiters_that_register_while_two_blocks_come_back_get_one_each() {
    check(Within(3), || {
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
        pool.give_back(mine.expect("the queue is open"));
        pool.give_back(theirs.expect("the queue is open"));
        pool.free(2);
    });
}

/// Three threads: one that leaves, one that stays, and the block.
#[test]
fn a_waiter_stays_served_while_another_one_comes_and_goes() {
    check(Within(3), || {
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
    check(Within(3), || {
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

/// Invariant d: a waiter that enters while the queue is closed is refused and woken, or was not let in.
#[test]
fn a_waiter_that_registers_while_the_queue_is_closed_does_not_sleep() {
    check(Exhaustive, || {
        let (pool, [held]) = Pool::held();
        let closer = on_another_thread(&pool, |pool| pool.queue.close());
        let woken = std::sync::Arc::new(Woken::default());
        let waker = Waker::from(std::sync::Arc::clone(&woken));
        let ticket = pool.queue.enter(&*pool);
        let early = ticket.ok().and_then(|ticket| pool.queue.poll(ticket, &waker));
        closer.join().unwrap();
        match (ticket, early) {
            (Err(Closed), _) => {}
            (Ok(_), Some(result)) => assert!(result.is_err(), "no block came back"),
            (Ok(ticket), None) => {
                assert_eq!(woken.0.load(SeqCst), 1, "woken");
                let result = pool.queue.poll(ticket, &waker).expect("closed");
                assert!(result.is_err(), "no block came back");
            }
        }
        assert!(pool.queue.is_closed() && !pool.queue.has_waiters());
        pool.give_back(held);
        pool.free(1);
    });
}

/// Invariant d: none is forgotten, whichever entered while the queue is closed.
#[test]
fn every_waiter_of_a_queue_that_is_closed_is_refused() {
    check(Exhaustive, || {
        let (pool, [held]) = Pool::held();
        let first = pool.enter();
        let closer = on_another_thread(&pool, |pool| pool.queue.close());
        let second = pool.queue.enter(&*pool);
        closer.join().unwrap();
        for ticket in [Ok(first), second].into_iter().flatten() {
            let result = pool.queue.poll(ticket, Waker::noop()).expect("a waiter was forgotten");
            assert!(result.is_err(), "no block came back");
        }
        pool.give_back(held);
        pool.free(1);
    });
}

/// Invariant d: a waiter has the block or is refused, and the block is not lost. Three threads.
#[test]
fn a_block_that_comes_back_while_the_queue_is_closed_is_the_waiters_or_free() {
    check(Within(3), || {
        let (pool, [held]) = Pool::held();
        let ticket = pool.enter();
        let giver = on_another_thread(&pool, |pool| pool.give_back(held));
        let closer = on_another_thread(&pool, |pool| pool.queue.close());
        giver.join().unwrap();
        closer.join().unwrap();
        let result = pool.queue.poll(ticket, Waker::noop()).expect("served or refused");
        if let Ok(held) = result {
            pool.give_back(held);
        }
        pool.free(1);
    });
}

/// Lost wake-ups, cancelled waits and conservation: four threads, two blocks, four rounds each. A round takes
/// a block past the queue or waits for one; who waits gives up at any moment, or never does.
#[test]
#[cfg(block_shuttle)]
fn nobody_sleeps_beside_a_free_block_whoever_gives_up() {
    use shuttle::rand::{Rng, thread_rng};

    /// Waits; `None` if it has given up. A lost wake-up never ends, which shuttle reports as too many steps.
    fn wait(pool: &Pool<2>, may_give_up: bool) -> Option<Held> {
        let ticket = pool.enter();
        loop {
            if may_give_up && thread_rng().gen_ratio(1, 4) {
                return pool.queue.leave(ticket).and_then(Result::ok);
            }
            let woken = std::sync::Arc::new(Woken::default());
            let waker = Waker::from(std::sync::Arc::clone(&woken));
            if let Some(result) = pool.queue.poll(ticket, &waker) {
                return result.ok();
            }
            while woken.0.load(SeqCst) == 0 && !may_give_up {
                thread::yield_now();
            }
            thread::yield_now();
        }
    }

    check(Random, || {
        let (pool, held) = Pool::held();
        held.into_iter().for_each(|held| pool.give_back(held));
        let threads = [false, false, true, true].map(|may_give_up| {
            on_another_thread(&pool, move |pool| {
                for _ in 0..4 {
                    let past_the_queue = thread_rng().gen_ratio(1, 4);
                    let held = if past_the_queue { pool.take() } else { wait(pool, may_give_up) };
                    assert!(held.is_some() || past_the_queue || may_give_up);
                    if let Some(held) = held {
                        thread::yield_now();
                        pool.give_back(held);
                    }
                }
            })
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        pool.free(2);
    });
}
