//! What one of many threads holds of a pool, stamped with its own marks.
//!
//! A block that goes back is stamped as given back first. So a block that comes must have that
//! stamp or zeros: anything else was written by another holder.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::vec::Vec;

use super::bytes::Contents;
use super::held::{Held, Way};
use super::random::Random;
use super::verdict::{Check, ensure, violation};
use crate::BlockAlloc;

const GIVEN_BACK: Contents = Contents::Stamp(u64::MAX - 7);

/// A held block and the stamp in it; may move to another thread.
pub(super) struct Stamped<'a, A: BlockAlloc + ?Sized> {
    held: Held<'a, A>,
    contents: Contents,
}

/// What one thread holds.
pub(super) struct Bag<'a, A: BlockAlloc + ?Sized> {
    pool: &'a A,
    held: Vec<Stamped<'a, A>>,
    pub(super) random: Random,
}

impl<'a, A: BlockAlloc + ?Sized> Bag<'a, A> {
    pub(super) fn new(pool: &'a A, id: usize) -> Self {
        Self { pool, held: Vec::new(), random: Random::new(id) }
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Takes a block in some way; false if the pool says that it is exhausted.
    pub(super) fn take(&mut self) -> Check<bool> {
        let way = self.random.pick(&Way::ALL);
        match Held::take(self.pool, way) {
            Some(held) => self.admit(held).map(|()| true),
            None => Ok(false),
        }
    }

    /// Takes `count` blocks by one call, or none.
    pub(super) fn take_many(&mut self, count: usize) -> Check<bool> {
        let way = self.random.pick(&Way::ALL);
        let Some(taken) = Held::take_many(self.pool, way, count)? else {
            return Ok(false);
        };
        for held in taken {
            self.admit(held)?;
        }
        Ok(true)
    }

    fn admit(&mut self, mut held: Held<'a, A>) -> Check {
        /// Every stamp of a run is another one: no run is so long that it comes to 2^32.
        static STAMPS: AtomicUsize = AtomicUsize::new(0);

        let index = held.located(self.pool)?;
        let bytes = held.bytes(self.pool);
        ensure!(
            Exclusive,
            Contents::Zero.are_in(bytes) || GIVEN_BACK.are_in(bytes),
            "block {index} was handed out with the bytes of another holder: {:02x?} ...",
            &bytes[..bytes.len().min(16)]
        );
        // Relaxed: a number that nobody else gets; it orders nothing.
        let contents = Contents::Stamp(STAMPS.fetch_add(1, Ordering::Relaxed) as u64);
        contents.write(bytes);
        self.held.push(Stamped { held, contents });
        Ok(())
    }

    /// Checks a block that is about to go back.
    fn dismiss(&self, mut stamped: Stamped<'a, A>) -> Check<Held<'a, A>> {
        let index = stamped.held.located(self.pool)?;
        let bytes = stamped.held.bytes(self.pool);
        if let Some(difference) = stamped.contents.difference(bytes) {
            return Err(violation!(
                Exclusive,
                "block {index} changed while this thread held it: {difference}"
            ));
        }
        GIVEN_BACK.write(bytes);
        Ok(stamped.held)
    }

    /// One of the blocks, for another thread.
    pub(super) fn pull(&mut self) -> Option<Stamped<'a, A>> {
        let held = self.held.len();
        (held > 0).then(|| self.held.swap_remove(self.random.below(held)))
    }

    /// A block from another thread.
    pub(super) fn push(&mut self, stamped: Stamped<'a, A>) {
        self.held.push(stamped);
    }

    /// Gives one of the blocks back, if there is one.
    pub(super) fn give(&mut self) -> Check {
        match self.pull() {
            Some(stamped) => self.dismiss(stamped)?.give(self.pool),
            None => Ok(()),
        }
    }

    /// Gives `count` of the blocks back, by bulk calls.
    pub(super) fn give_many(&mut self, count: usize) -> Check {
        let going = self.held.split_off(self.held.len() - count);
        let going: Check<Vec<_>> = going.into_iter().map(|block| self.dismiss(block)).collect();
        Held::give_many(going?, self.pool, &mut self.random)
    }

    /// Gives all of them back, one by one or by bulk calls.
    pub(super) fn empty(&mut self) -> Check {
        if self.random.below(2) == 0 {
            return self.give_many(self.len());
        }
        while self.len() > 0 {
            self.give()?;
        }
        Ok(())
    }
}

/// After all threads have given everything back: every block is free, and can be had once.
pub(super) fn all_are_back<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    let (counted, capacity) = (pool.available(), pool.capacity());
    ensure!(
        Conserved,
        counted == capacity,
        "every thread gave back what it held, but available() is {counted} of {capacity}"
    );
    let mut bag = Bag::new(pool, 0);
    for taken in 0..capacity {
        if !bag.take()? {
            // A lost block does not come at the second try.
            ensure!(ExactExhaustion, !bag.take()?, "an allocation failed for no reason");
            return Err(violation!(
                Conserved,
                "every thread gave back what it held, but only {taken} of {capacity} blocks can \
                 be had again"
            ));
        }
    }
    ensure!(Exclusive, !bag.take()?, "{} blocks of {capacity} were handed out", capacity + 1);
    bag.empty()
}
