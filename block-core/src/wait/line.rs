//! The places of those who wait, and of those who were given a block.
//!
//! ```text
//!   ticket     1       2       3       4       5
//!          +-------+-------+-------+-------+-------+
//!          | waits | given | waits | vacant| waits |
//!          +-------+-------+-------+-------+-------+
//!
//!   who waits, oldest first: 3, 5, 1
//! ```
//!
//! A vector, in which a place keeps its number whoever else comes and goes, and a list through it, so
//! that anybody may go from anywhere: every step takes the same time, however many wait. To be given a
//! block takes no memory, and to come does only if more are there than at any time since nobody was.

use core::mem;
use core::task::Waker;
use std::vec::Vec;

/// Whose place it is: the number of the place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket(usize);

/// Who waits, and what they were given.
#[derive(Debug)]
pub(super) struct Line<B> {
    entries: Vec<Entry<B>>,
    /// What is beyond both ends of the list: its `newer` is the oldest of those who wait.
    ends: Links,
    /// A vacant place, from which `newer` leads to the next one.
    vacant: usize,
    occupied: usize,
    waiting: usize,
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
}

/// Numbers of the places of those who came just before and just after.
#[derive(Clone, Copy, Debug)]
struct Links {
    older: usize,
    newer: usize,
}

/// No place's number.
const END: usize = 0;

impl<B> Line<B> {
    /// Room for so many stays when the last one goes: a burst is not kept in memory.
    const KEPT: usize = 64;

    pub(super) const fn new() -> Self {
        let ends = Links { older: END, newer: END };
        Self { entries: Vec::new(), ends, vacant: END, occupied: 0, waiting: 0 }
    }

    /// How many wait, and were not given a block yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// A place behind all others.
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
        Ticket(number)
    }

    /// The waker of somebody who waits; `None` if it was given a block.
    pub(super) fn waker(&mut self, Ticket(number): Ticket) -> Option<&mut Option<Waker>> {
        match &mut self.entries.get_mut(number - 1)?.place {
            Place::Waits(waker) => Some(waker),
            _ => None,
        }
    }

    /// Gives a block to the oldest of those who wait, and says whom to wake. It comes back if nobody waits.
    pub(super) fn give(&mut self, block: B) -> Result<Option<Waker>, B> {
        let oldest = self.ends.newer;
        if oldest == END {
            return Err(block);
        }
        self.unlink(oldest);
        match mem::replace(&mut self.entries[oldest - 1].place, Place::Given(block)) {
            Place::Waits(waker) => Ok(waker),
            _ => unreachable!("those on the list wait"),
        }
    }

    /// Ends a place, and returns what was in it. The ticket is one of this line.
    #[must_use = "a block would be lost"]
    pub(super) fn leave(&mut self, Ticket(number): Ticket) -> Place<B> {
        let Some(entry) = self.entries.get_mut(number - 1) else { return Place::Vacant };
        let place = mem::replace(&mut entry.place, Place::Vacant);
        match place {
            Place::Vacant => return place,
            Place::Waits(_) => self.unlink(number),
            Place::Given(_) => {}
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

    /// The blocks that were given and not taken, of places that nobody comes back to.
    pub(super) fn into_given(self) -> impl Iterator<Item = B> {
        self.entries.into_iter().filter_map(|entry| match entry.place {
            Place::Given(block) => Some(block),
            _ => None,
        })
    }

    /// Takes somebody who waits out of the list.
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

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeSet, VecDeque};

    proptest! {
        /// Beside a list of names: whoever leaves from anywhere, the oldest is next, and nobody is lost.
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

    /// What a burst took, and what is reused by who comes later.
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
