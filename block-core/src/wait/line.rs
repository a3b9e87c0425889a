//! The places of waiters, and of waiters that were given a block.
//!
//! ```text
//!   ticket     1       2       3       4       5
//!          +-------+-------+-------+-------+-------+
//!          | waits | given | waits | vacant| waits |
//!          +-------+-------+-------+-------+-------+
//!
//!   waiters, oldest first: 3, 5, 1
//! ```
//!
//! The places are in a vector, in which a place keeps its number, and the waiters are in a linked
//! list through it, so every operation is O(1). Giving a block allocates no memory. Entering
//! allocates only if there are more places than at any time since the line was last empty.

use core::mem;
use core::task::Waker;
use core::time::Duration;
use std::time::Instant;
use std::vec::Vec;

/// The place of one waiter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    number: usize,
    /// When the waiter entered, where the target has a clock.
    since: Option<Instant>,
}

/// What has happened in a queue so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Calls that entered the queue.
    pub(crate) waits: u64,
    /// Time that calls spent in the queue. Calls that still wait are not included.
    pub(crate) waited: Duration,
    /// The longest time that one call spent in the queue.
    pub(crate) longest: Duration,
}

/// The waiters, and the blocks that they were given.
#[derive(Debug)]
pub(super) struct Line<B> {
    entries: Vec<Entry<B>>,
    /// The sentinel of the list. Its `newer` is the oldest waiter.
    ends: Links,
    /// A vacant place, from which `newer` leads to the next one.
    vacant: usize,
    occupied: usize,
    waiting: usize,
    is_closed: bool,
    pub(super) counts: Counts,
}

#[derive(Debug)]
struct Entry<B> {
    place: Place<B>,
    links: Links,
}

/// What is in a place.
#[derive(Debug)]
pub(super) enum Place<B> {
    Vacant,
    Waits(Option<Waker>),
    Given(B),
    /// The queue was closed before the waiter was served.
    Refused,
}

/// The numbers of the places that were entered just before and just after.
#[derive(Clone, Copy, Debug)]
struct Links {
    older: usize,
    newer: usize,
}

/// A number that no place has.
const END: usize = 0;

impl<B> Line<B> {
    /// Places for which memory is kept when the line is empty.
    const KEPT: usize = 64;

    pub(super) const fn new() -> Self {
        let ends = Links { older: END, newer: END };
        Self {
            entries: Vec::new(),
            ends,
            vacant: END,
            occupied: 0,
            waiting: 0,
            is_closed: false,
            counts: Counts { waits: 0, waited: Duration::ZERO, longest: Duration::ZERO },
        }
    }

    /// Closes the line: from now on no waiter enters or is given a block.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Returns the number of waiters that have no block yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Takes a place behind all others. The line must not be closed.
    pub(super) fn enter(&mut self) -> Ticket {
        let older = self.ends.older;
        let entry = Entry { place: Place::Waits(None), links: Links { older, newer: END } };
        let number = if self.vacant == END {
            self.entries.push(entry);
            self.entries.len()
        } else {
            let number = self.vacant;
            self.vacant = mem::replace(&mut self.entries[number - 1], entry).links.newer;
            number
        };
        self.links(older).newer = number;
        self.ends.older = number;
        self.occupied += 1;
        self.waiting += 1;
        self.counts.waits += 1;
        Ticket { number, since: now() }
    }

    /// Returns the waker of a waiter; `None` if it was given a block or refused one.
    pub(super) fn waker(&mut self, ticket: Ticket) -> Option<&mut Option<Waker>> {
        match &mut self.entries.get_mut(ticket.number - 1)?.place {
            Place::Waits(waker) => Some(waker),
            _ => None,
        }
    }

    /// Gives a block to the oldest waiter and returns the waker to call. Returns the block if there
    /// is no waiter or the line is closed.
    pub(super) fn give(&mut self, block: B) -> Result<Option<Waker>, B> {
        if self.ends.newer == END || self.is_closed {
            return Err(block);
        }
        Ok(self.end_oldest(Place::Given(block)))
    }

    /// Ends the wait of the oldest waiter without a block and returns the waker to call. Returns
    /// `None` if there is no waiter.
    pub(super) fn refuse(&mut self) -> Option<Option<Waker>> {
        (self.ends.newer != END).then(|| self.end_oldest(Place::Refused))
    }

    fn end_oldest(&mut self, place: Place<B>) -> Option<Waker> {
        let oldest = self.ends.newer;
        self.unlink(oldest);
        match mem::replace(&mut self.entries[oldest - 1].place, place) {
            Place::Waits(waker) => waker,
            _ => unreachable!("those on the list wait"),
        }
    }

    /// Ends a place and returns its content. The ticket is one of this line.
    #[must_use = "a block would be lost"]
    pub(super) fn leave(&mut self, ticket: Ticket) -> Place<B> {
        let number = ticket.number;
        let Some(entry) = self.entries.get_mut(number - 1) else { return Place::Vacant };
        let place = mem::replace(&mut entry.place, Place::Vacant);
        match place {
            Place::Vacant => return place,
            Place::Waits(_) => self.unlink(number),
            Place::Given(_) | Place::Refused => {}
        }
        if let (Some(since), Some(now)) = (ticket.since, now()) {
            let waited = now.saturating_duration_since(since);
            self.counts.waited = self.counts.waited.saturating_add(waited);
            self.counts.longest = self.counts.longest.max(waited);
        }
        self.links(number).newer = mem::replace(&mut self.vacant, number);
        self.occupied -= 1;
        if self.occupied == 0 {
            self.entries.clear();
            self.entries.shrink_to(Self::KEPT);
            self.vacant = END;
        }
        place
    }

    /// Returns the blocks that were given and not taken out.
    pub(super) fn into_given(self) -> impl Iterator<Item = B> {
        self.entries.into_iter().filter_map(|entry| match entry.place {
            Place::Given(block) => Some(block),
            _ => None,
        })
    }

    /// Removes a waiter from the list.
    fn unlink(&mut self, number: usize) {
        let Links { older, newer } = *self.links(number);
        self.links(older).newer = newer;
        self.links(newer).older = older;
        self.waiting -= 1;
    }

    fn links(&mut self, number: usize) -> &mut Links {
        if number == END { &mut self.ends } else { &mut self.entries[number - 1].links }
    }
}

/// Returns the time, or `None` where [`Instant::now`] would panic because the target has no clock.
fn now() -> Option<Instant> {
    let has_clock = !cfg!(all(target_family = "wasm", target_os = "unknown"));
    has_clock.then(Instant::now)
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeSet, VecDeque};

    proptest! {
        /// Compares with a list of names: the oldest waiter is always next, and none is lost,
        /// whichever leaves.
        #[test]
        fn blocks_go_to_the_oldest_whoever_leaves(steps in prop::collection::vec(any::<(u8, usize)>(), 1..200)) {
            let mut line = Line::new();
            let (mut waiting, mut given) = (VecDeque::new(), Vec::new());
            for (block, (what, which)) in steps.into_iter().enumerate() {
                match what % 4 {
                    0 | 1 => waiting.push_back(line.enter()),
                    2 => match line.give(block) {
                        Ok(_) => given.push((waiting.pop_front().expect("somebody waited"), block)),
                        Err(same) => assert!(waiting.is_empty() && same == block),
                    },
                    _ if !waiting.is_empty() && which % 2 == 0 => {
                        let ticket = waiting.remove(which / 2 % waiting.len()).unwrap();
                        assert!(line.waker(ticket).is_some());
                        assert!(matches!(line.leave(ticket), Place::Waits(None)));
                    }
                    _ if !given.is_empty() => {
                        let (ticket, block) = given.swap_remove(which % given.len());
                        assert!(line.waker(ticket).is_none());
                        assert!(matches!(line.leave(ticket), Place::Given(same) if same == block));
                    }
                    _ => {}
                }
                assert_eq!(line.waiting(), waiting.len());
            }
            let left: BTreeSet<_> = line.into_given().collect();
            assert_eq!(left, given.iter().map(|&(_, block)| block).collect());
        }
    }

    /// The memory after a burst, which later waiters reuse.
    #[test]
    fn memory_follows_the_number_of_those_who_wait() {
        let mut line = Line::<u8>::new();
        for _ in 0..3 {
            let tickets: Vec<_> = (0..10_000).map(|_| line.enter()).collect();
            let room = line.entries.capacity();
            assert!((10_000..40_000).contains(&room), "{room}");
            let (kept, others) = tickets.split_first().unwrap();
            others.iter().for_each(|&ticket| _ = line.leave(ticket));
            for _ in 0..100_000 {
                let ticket = line.enter();
                _ = line.leave(ticket);
            }
            assert_eq!(line.entries.capacity(), room, "vacant places are taken again");
            _ = line.leave(*kept);
            assert!(line.entries.capacity() <= Line::<u8>::KEPT);
        }
    }
}
