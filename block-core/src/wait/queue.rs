//! The queue of waiters and the blocks that were given to them: the protocol of the [module](super).
//!
//! # Invariants
//!
//! a. The next block goes to the oldest waiter that has none. `waiting` is the number of waiters that
//!    have none, or [`CLOSED`].
//! b. A block that was given to a waiter stays in the waiter's place until the waiter takes it out.
//! c. While a call waits and no call is in progress, every block is held.
//! d. Once the queue is closed, no call enters it and no waiter is given a block. When `close` returns,
//!    nobody waits: each waiter has a block that it was given before, or is refused.
//!
//! Whether a waiter is served or refused is decided under the lock. `close` sets the flag there first;
//! from then on `give` returns the block and `enter` fails, so the list of waiters only becomes shorter.
//! `close` then refuses the waiters one by one, each under the lock, until the list is empty. So it
//! needs no memory, and it finds each waiter that entered before.
//!
//! No foreign code runs under the lock: wakers are cloned before it is taken, and woken and dropped
//! after it is released. Nothing formats the queue, since a formatter is foreign code.

use core::mem;
use core::task::Waker;

use super::line::{Line, Place};
use super::wake::wake;
use crate::sync::{
    AtomicUsize, Mutex, MutexGuard, Ordering, PoisonError, const_outside_models, fence,
};

pub(crate) use super::line::{Counts, Ticket};

/// The number of waiters in a closed queue.
const CLOSED: usize = usize::MAX;

/// The error of a closed queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed;

/// Where blocks are that nobody holds. `B` is a block held by a call: it cannot be copied.
pub(crate) trait Stock<B> {
    /// A block; `None` if every block was held at some instant during the call.
    fn take(&self) -> Option<B>;

    /// Puts a block back.
    fn put(&self, block: B);

    /// Does to a block what must be done between two holders.
    fn clean(&self, block: &B);
}

/// The waiters, and the blocks that were given to them.
pub(crate) struct Queue<B> {
    /// Written under the lock.
    waiting: AtomicUsize,
    line: Mutex<Line<B>>,
}

impl<B> Queue<B> {
    const_outside_models! {
        pub(crate) fn new() -> Self {
            Self { waiting: AtomicUsize::new(0), line: Mutex::new(Line::new()) }
        }
    }

    /// Returns the number of waiters. After a fence this includes every waiter that entered before it.
    #[inline]
    pub(crate) fn waiters(&self) -> usize {
        // Relaxed: the fence in `settle` orders it. Without one it is a hint.
        match self.waiting.load(Ordering::Relaxed) {
            CLOSED => 0,
            waiting => waiting,
        }
    }

    #[inline]
    pub(crate) fn has_waiters(&self) -> bool {
        self.waiters() != 0
    }

    /// Returns whether a waiter must enter the queue, or find that it is closed, although a block may
    /// be free.
    #[inline]
    pub(crate) fn is_busy(&self) -> bool {
        // Relaxed: as in `waiters`. `CLOSED` is not 0 either.
        self.waiting.load(Ordering::Relaxed) != 0
    }

    /// Returns whether the queue is closed.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        // Relaxed: a call that happens after `close` sees its store. Others may come before or after.
        self.waiting.load(Ordering::Relaxed) == CLOSED
    }

    /// Closes the queue: refuses every waiter and wakes it.
    pub(crate) fn close(&self) {
        {
            let mut line = self.lock();
            line.close();
            self.count(&line);
        }
        loop {
            // A statement of its own, so that the lock is free when the waker is called.
            let refused = self.lock().refuse();
            let Some(waker) = refused else { break };
            if let Some(waker) = waker {
                wake(waker);
            }
        }
    }

    /// Enters the queue behind all other waiters. The caller may have been given a block already when
    /// this returns.
    pub(crate) fn enter(&self, stock: &impl Stock<B>) -> Result<Ticket, Closed> {
        let ticket = {
            let mut line = self.lock();
            if line.is_closed() {
                return Err(Closed);
            }
            let ticket = line.enter();
            self.count(&line);
            ticket
        };
        // Register, then look again: a block that came back before may have found nobody waiting.
        self.settle(stock);
        Ok(ticket)
    }

    /// Returns the result of a wait and ends the waiter's place. Returns `None` while the caller must
    /// go on waiting; `waker` is then called when there is a result.
    pub(crate) fn poll(&self, ticket: Ticket, waker: &Waker) -> Option<Result<B, Closed>> {
        let mut line = self.lock();
        let Some(known) = line.waker(ticket) else { return self.remove(line, ticket) };
        if known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            return None;
        }
        drop(line);
        let mut other = Some(waker.clone());
        let mut line = self.lock();
        let place = line.waker(ticket);
        let is_over = place.is_none();
        if let Some(known) = place {
            mem::swap(known, &mut other);
        }
        drop(line);
        // Before the block is taken out: this may unwind, and nobody would have it.
        drop(other);
        if is_over { self.leave(ticket) } else { None }
    }

    /// Ends a waiter's place. Returns the result of the wait, or `None` if there was none yet. A block
    /// in the result is the caller's, to use or to pass on.
    #[must_use = "the block would be lost"]
    pub(crate) fn leave(&self, ticket: Ticket) -> Option<Result<B, Closed>> {
        self.remove(self.lock(), ticket)
    }

    /// The end of the queue: blocks that were given to those who cannot come for them any more go back.
    pub(crate) fn dissolve(self, stock: &impl Stock<B>) {
        let line = self.line.into_inner().unwrap_or_else(PoisonError::into_inner);
        line.into_given().for_each(|block| stock.put(block));
    }

    /// Gives a block to the oldest waiter, or back to the stock.
    #[inline]
    pub(crate) fn give_back(&self, stock: &impl Stock<B>, block: B) {
        if let Err(block) = self.hand_over(stock, block) {
            stock.put(block);
            self.settle(stock);
        }
    }

    /// Gives a block to the oldest waiter, if somebody is seen to wait.
    #[inline]
    pub(crate) fn hand_over(&self, stock: &impl Stock<B>, block: B) -> Result<(), B> {
        if !self.has_waiters() {
            return Err(block);
        }
        stock.clean(&block);
        self.offer(block)
    }

    /// Returns what has happened in the queue so far.
    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// Gives blocks of the stock to waiters until there is no block or no waiter left. Must be called
    /// after blocks were put into the stock, and after a waiter entered. Returns false if somebody
    /// waits, and at some instant during the call there was no block.
    #[inline]
    pub(crate) fn settle(&self, stock: &impl Stock<B>) -> bool {
        loop {
            // Pairs with itself on the other side: between "put" and "does anybody wait?" here, between
            // "I wait" and "is there a block?" there. One of the two sees the other. With anything
            // weaker both can miss, and the waiter sleeps beside a free block.
            fence(Ordering::SeqCst);
            if !self.has_waiters() {
                return true;
            }
            if !self.serve(stock) {
                return false;
            }
        }
    }

    /// One block of the stock goes to the oldest waiter, or back if nobody waits any more. False: there
    /// is none.
    #[cold]
    fn serve(&self, stock: &impl Stock<B>) -> bool {
        let Some(block) = stock.take() else { return false };
        if let Err(block) = self.offer(block) {
            stock.put(block);
        }
        true
    }

    /// Gives a clean block to the oldest waiter, and wakes it; the block comes back if nobody waits.
    #[cold]
    fn offer(&self, block: B) -> Result<(), B> {
        let waker = {
            let mut line = self.lock();
            let waker = line.give(block)?;
            self.count(&line);
            waker
        };
        if let Some(waker) = waker {
            wake(waker);
        }
        Ok(())
    }

    /// Takes a place out. Its waker, if it has one, is dropped after the lock.
    fn remove(
        &self,
        mut line: MutexGuard<'_, Line<B>>,
        ticket: Ticket,
    ) -> Option<Result<B, Closed>> {
        let place = line.leave(ticket);
        self.count(&line);
        drop(line);
        match place {
            Place::Given(block) => Some(Ok(block)),
            Place::Refused => Some(Err(Closed)),
            Place::Waits(_) | Place::Vacant => None,
        }
    }

    fn count(&self, line: &Line<B>) {
        let waiting = if line.is_closed() { CLOSED } else { line.waiting() };
        // Relaxed: a reader that must see it is behind a fence, see `settle`.
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    /// Under the lock each step leaves the line whole, and none panics.
    fn lock(&self) -> MutexGuard<'_, Line<B>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
