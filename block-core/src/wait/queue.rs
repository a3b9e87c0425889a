//! The queue of waiters and the blocks that were given to them: the protocol of the
//! [module](super).
//!
//! # Invariants
//!
//! a. The next block goes to the oldest waiter that has none. `waiting` is the number of waiters
//!    that have none, or [`CLOSED`].
//! b. A block that was given to a waiter stays in the waiter's place until the waiter takes it out.
//! c. While there are waiters and no call is in progress, every block is allocated.
//! d. Once the queue is closed, no call enters it and no waiter is given a block. When `close`
//!    returns, there are no waiters: each was given a block before, or gets an error.
//!
//! The lock decides whether a waiter gets a block or an error. `close` sets the flag there first;
//! from then on `give` returns the block and `enter` fails, so the list of waiters only becomes
//! shorter. `close` then gives each waiter an error, one by one under the lock, until the list is
//! empty. So it needs no memory, and it finds every waiter that entered before.
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

/// The source of free blocks. `B` is a block that belongs to a call: it cannot be copied.
pub(crate) trait Stock<B> {
    /// Returns a block, or `None` if every block was allocated at some instant during the call.
    fn take(&self) -> Option<B>;

    /// Puts a block back.
    fn put(&self, block: B);

    /// Prepares a block for the next user.
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

    /// Returns the number of waiters. After a fence this includes every waiter that entered before
    /// it.
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

    /// Returns whether a waiter must enter the queue, or find that it is closed, although a block
    /// may be free.
    #[inline]
    pub(crate) fn is_busy(&self) -> bool {
        // Relaxed: as in `waiters`. `CLOSED` is not 0 either.
        self.waiting.load(Ordering::Relaxed) != 0
    }

    /// Returns whether the queue is closed.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        // Relaxed: a call that happens after `close` sees its store. Others may come before or
        // after.
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

    /// Enters the queue behind all other waiters. The caller may have been given a block already
    /// when this returns.
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
        // Register, then check again: a block that was freed before may have found no waiter.
        self.settle(stock);
        Ok(ticket)
    }

    /// Returns the result of a wait and ends the waiter's place. Returns `None` while the caller
    /// must continue to wait; `waker` is then called when there is a result.
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
        // Before the block is taken out: this may unwind, and the block would be lost.
        drop(other);
        if is_over { self.leave(ticket) } else { None }
    }

    /// Ends a waiter's place. Returns the result of the wait, or `None` if there was none yet. A
    /// block in the result is the caller's, to use or to pass on.
    #[must_use = "the block would be lost"]
    pub(crate) fn leave(&self, ticket: Ticket) -> Option<Result<B, Closed>> {
        self.remove(self.lock(), ticket)
    }

    /// Consumes the queue. Blocks that were given to waiters which do not exist any more go back.
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

    /// Gives a block to the oldest waiter if there seem to be waiters.
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

    /// Gives blocks of the stock to waiters until there is no block or no waiter left. Must be
    /// called after blocks were put into the stock, and after a waiter entered. Returns false if
    /// there is a waiter, and at some instant during the call there was no block.
    #[inline]
    pub(crate) fn settle(&self, stock: &impl Stock<B>) -> bool {
        loop {
            // Pairs with itself: a free puts a block before the fence and reads the number of
            // waiters after it; a waiter enters the queue before the fence and looks for a block
            // after it. One of the two sees the other. With anything weaker both can miss, and the
            // waiter sleeps although a block is free.
            fence(Ordering::SeqCst);
            if !self.has_waiters() {
                return true;
            }
            if !self.serve(stock) {
                return false;
            }
        }
    }

    /// Gives one block of the stock to the oldest waiter, or back if there is none any more.
    /// Returns false if there is no block.
    #[cold]
    fn serve(&self, stock: &impl Stock<B>) -> bool {
        let Some(block) = stock.take() else { return false };
        if let Err(block) = self.offer(block) {
            stock.put(block);
        }
        true
    }

    /// Gives a clean block to the oldest waiter and wakes it. Returns the block if there is no
    /// waiter.
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

    /// Removes a place. Its waker, if it has one, is dropped after the lock is released.
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
        // Relaxed: a reader that must see it has passed a fence, see `settle`.
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    /// Ignores poisoning: each step under the lock leaves the line consistent, and none panics.
    fn lock(&self) -> MutexGuard<'_, Line<B>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
