//! Who waits for a block, in order, and what each was given: the protocol of the [module](super).
//!
//! ```text
//!   ticket     7       9      10      12      13
//!          +-------+-------+-------+-------+-------+
//!          | given | given | waits | waits | waits |  <- who comes next
//!          +-------+-------+-------+-------+-------+
//!                              ^ gets the next block
//! ```
//!
//! # Invariants
//!
//! a. Entries stand in the order of their tickets, and those that were given a block stand before those
//!    that wait: the next block is the oldest waiter's. `waiting` is the number of the latter.
//! b. A block that an entry was given is nobody else's until its waiter takes it out.
//! c. While somebody waits and no call is in progress, every block is held.
//!
//! No code of others runs under the lock: wakers are cloned before, woken and dropped after.

use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

use crate::sync::{AtomicUsize, Mutex, MutexGuard, Ordering, PoisonError, fence};

/// Where blocks are that nobody holds. `B` is a block held by a call: it cannot be copied.
pub(crate) trait Stock<B> {
    /// A block; `None` if every block was held at some instant during the call.
    fn take(&self) -> Option<B>;

    /// Puts a block back.
    fn put(&self, block: B);

    /// Does to a block what must be done between two holders.
    fn clean(&self, block: &B);
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// Who waits, and what they were given.
#[derive(Debug)]
pub(crate) struct Queue<B> {
    /// Written under the lock.
    waiting: AtomicUsize,
    line: Mutex<Line<B>>,
}

#[derive(Debug)]
struct Line<B> {
    entries: VecDeque<Entry<B>>,
    next: Ticket,
}

#[derive(Debug)]
struct Entry<B> {
    ticket: Ticket,
    place: Place<B>,
}

#[derive(Debug)]
enum Place<B> {
    Waits(Option<Waker>),
    Given(B),
}

impl<B> Queue<B> {
    pub(crate) fn new() -> Self {
        let line = Line { entries: VecDeque::new(), next: Ticket(0) };
        Self { waiting: AtomicUsize::new(0), line: Mutex::new(line) }
    }

    /// Whether somebody waits; after a fence, a sure answer for who entered before another one.
    #[inline]
    pub(crate) fn has_waiters(&self) -> bool {
        // Relaxed: the fence in `settle` makes it sure. Without one it is a hint.
        self.waiting.load(Ordering::Relaxed) != 0
    }

    /// The caller's place at the end of the queue; it may have been given a block already.
    pub(crate) fn enter(&self, stock: &impl Stock<B>) -> Ticket {
        let ticket = {
            let mut line = self.lock();
            let ticket = line.next;
            line.next.0 += 1;
            line.entries.push_back(Entry { ticket, place: Place::Waits(None) });
            self.count(&line);
            ticket
        };
        // Register, then look again: a block that came back before may have found nobody waiting.
        self.settle(stock);
        ticket
    }

    /// The block that the ticket's holder was given, whose place ends then; otherwise the waker is
    /// woken when there is one.
    pub(crate) fn poll(&self, ticket: Ticket, waker: &Waker) -> Option<B> {
        let waker = waker.clone();
        let mut line = self.lock();
        let position = line.position(ticket)?;
        let place = &mut line.entries[position].place;
        let before = match place {
            Place::Waits(before) => before.replace(waker),
            Place::Given(_) => return self.remove(line, position),
        };
        drop(line);
        drop(before);
        None
    }

    /// Ends the place of a ticket whose holder waits no more. A block that it was given meanwhile is the
    /// caller's, to use or to pass on.
    #[must_use = "the block would be lost"]
    pub(crate) fn leave(&self, ticket: Ticket) -> Option<B> {
        let line = self.lock();
        let position = line.position(ticket)?;
        self.remove(line, position)
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

    /// Gives blocks of the stock to waiters until there are no more of one or the other. To be called
    /// after blocks were put into the stock, and after somebody entered.
    #[inline]
    pub(crate) fn settle(&self, stock: &impl Stock<B>) {
        loop {
            // Pairs with itself on the other side: between "put" and "does anybody wait?" here, between
            // "I wait" and "is there a block?" there. One of the two sees the other. With anything
            // weaker both can miss, and the waiter sleeps beside a free block.
            fence(Ordering::SeqCst);
            if !self.has_waiters() || !self.serve(stock) {
                return;
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
            let oldest = line.oldest();
            let Some(entry) = line.entries.get_mut(oldest) else { return Err(block) };
            let before = mem::replace(&mut entry.place, Place::Given(block));
            self.count(&line);
            before
        };
        if let Place::Waits(Some(waker)) = waker {
            wake(waker);
        }
        Ok(())
    }

    /// Takes an entry out. Its waker, if it has one, is dropped after the lock.
    fn remove(&self, mut line: MutexGuard<'_, Line<B>>, position: usize) -> Option<B> {
        let entry = line.entries.remove(position);
        self.count(&line);
        drop(line);
        match entry?.place {
            Place::Given(block) => Some(block),
            Place::Waits(_) => None,
        }
    }

    fn count(&self, line: &Line<B>) {
        // Relaxed: who must see it is behind a fence, see `settle`.
        self.waiting.store(line.entries.len() - line.oldest(), Ordering::Relaxed);
    }

    /// Under the lock each step leaves the line whole, and none panics.
    fn lock(&self) -> MutexGuard<'_, Line<B>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> Line<B> {
    fn position(&self, ticket: Ticket) -> Option<usize> {
        self.entries.binary_search_by_key(&ticket, |entry| entry.ticket).ok()
    }

    /// Where the oldest waiter stands, past the entries that were given a block (invariant a).
    fn oldest(&self) -> usize {
        self.entries.partition_point(|entry| matches!(entry.place, Place::Given(_)))
    }
}

/// Wakes a waiter. A pool's calls do not unwind, whatever a waker does.
fn wake(waker: Waker) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
        // The hook has reported it. To drop what was thrown might throw again.
        mem::forget(panic);
    }
}
