//! Who waits for a block, in order, and what each was given: the protocol of the [module](super).
//!
//! # Invariants
//!
//! a. The next block is the oldest waiter's, of those who were not given one yet. `waiting` is their
//!    number.
//! b. A block that a waiter was given is nobody else's until it takes it out of its place.
//! c. While somebody waits and no call is in progress, every block is held.
//!
//! No code of others runs under the lock: wakers are cloned before, woken and dropped after.

use core::mem;
use core::task::Waker;

use super::line::{Line, Place};
use super::wake::wake;
use crate::sync::{
    AtomicUsize, Mutex, MutexGuard, Ordering, PoisonError, const_outside_models, fence,
};

pub(crate) use super::line::Ticket;

/// Where blocks are that nobody holds. `B` is a block held by a call: it cannot be copied.
pub(crate) trait Stock<B> {
    /// A block; `None` if every block was held at some instant during the call.
    fn take(&self) -> Option<B>;

    /// Puts a block back.
    fn put(&self, block: B);

    /// Does to a block what must be done between two holders.
    fn clean(&self, block: &B);
}

/// Who waits, and what they were given.
#[derive(Debug)]
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

    /// How many wait; after a fence, a sure answer for who entered before another one.
    #[inline]
    pub(crate) fn waiters(&self) -> usize {
        // Relaxed: the fence in `settle` makes it sure. Without one it is a hint.
        self.waiting.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn has_waiters(&self) -> bool {
        self.waiters() != 0
    }

    /// The caller's place at the end of the queue; it may have been given a block already.
    pub(crate) fn enter(&self, stock: &impl Stock<B>) -> Ticket {
        let ticket = {
            let mut line = self.lock();
            let ticket = line.enter();
            self.count(&line);
            ticket
        };
        // Register, then look again: a block that came back before may have found nobody waiting.
        seeded!(_ = self.settle(stock), "no-second-look-after-queueing" => ());
        ticket
    }

    /// The block that the ticket's holder was given, whose place ends then; otherwise the waker is
    /// woken when there is one.
    pub(crate) fn poll(&self, ticket: Ticket, waker: &Waker) -> Option<B> {
        let mut line = self.lock();
        let Some(known) = line.waker(ticket) else { return self.remove(line, ticket) };
        if known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            return None;
        }
        drop(line);
        let mut other = Some(waker.clone());
        let mut line = self.lock();
        let place = line.waker(ticket);
        let is_given = place.is_none();
        if let Some(known) = place {
            mem::swap(known, &mut other);
        }
        drop(line);
        // Before the block is taken out: this may unwind, and nobody would have it.
        drop(other);
        if is_given { self.leave(ticket) } else { None }
    }

    /// Ends the place of a ticket whose holder waits no more. A block that it was given meanwhile is the
    /// caller's, to use or to pass on.
    #[must_use = "the block would be lost"]
    pub(crate) fn leave(&self, ticket: Ticket) -> Option<B> {
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
        seeded!(stock.clean(&block), "handed-over-unscrubbed" => ());
        self.offer(block)
    }

    /// Gives blocks of the stock to waiters until there are no more of one or the other. To be called
    /// after blocks were put into the stock, and after somebody entered. False: somebody waits, and at
    /// some instant during the call there was no block.
    #[inline]
    pub(crate) fn settle(&self, stock: &impl Stock<B>) -> bool {
        loop {
            // Pairs with itself on the other side: between "put" and "does anybody wait?" here, between
            // "I wait" and "is there a block?" there. One of the two sees the other. With anything
            // weaker both can miss, and the waiter sleeps beside a free block.
            seeded!(fence(Ordering::SeqCst), "settle-without-a-fence" => ());
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
    fn remove(&self, mut line: MutexGuard<'_, Line<B>>, ticket: Ticket) -> Option<B> {
        let place = line.leave(ticket);
        self.count(&line);
        drop(line);
        match place {
            Place::Given(block) => Some(block),
            Place::Waits(_) | Place::Vacant => None,
        }
    }

    fn count(&self, line: &Line<B>) {
        // Relaxed: who must see it is behind a fence, see `settle`.
        self.waiting.store(line.waiting(), Ordering::Relaxed);
    }

    /// Under the lock each step leaves the line whole, and none panics.
    fn lock(&self) -> MutexGuard<'_, Line<B>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
