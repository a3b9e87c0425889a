//! The model of a pool with one user: which blocks are held, and what stands in every block.
//!
//! Every step of a sequential property goes through here, so each of them checks each invariant.

use std::vec;
use std::vec::Vec;

use core::cell::Cell;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::bytes::Contents;
use super::held::{Held, Way};
use super::random::Random;
use super::verdict::{Check, ensure, violation};
use crate::{Block, BlockAlloc, BlockIndex, Stats};

/// A held block and the number of the stamp in it.
struct Entry<'a, A: BlockAlloc + ?Sized> {
    held: Held<'a, A>,
    index: usize,
    contents: Contents,
}

/// The only user of a pool.
pub(super) struct Keeper<'a, A: BlockAlloc + ?Sized> {
    pub(super) pool: &'a A,
    held: Vec<Entry<'a, A>>,
    /// By block: is it held?
    out: Vec<bool>,
    /// By block: what it had when it was given back.
    left: Vec<Contents>,
    stamps: u64,
    /// How many were held at most.
    most_held: usize,
    /// How many allocations were refused.
    refusals: Cell<u64>,
    /// For the choices that no property makes: where empty entries stand.
    random: Random,
    /// Whether each block must have been lent.
    wants_loans: bool,
}

impl<'a, A: BlockAlloc + ?Sized> Keeper<'a, A> {
    /// The user of a pool of which no block was ever handed out.
    pub(super) fn new(pool: &'a A) -> Self {
        let capacity = pool.capacity();
        Self {
            pool,
            held: Vec::new(),
            out: vec![false; capacity],
            left: vec![Contents::Zero; capacity],
            stamps: 0,
            most_held: 0,
            refusals: Cell::new(0),
            random: Random::new(5),
            wants_loans: false,
        }
    }

    /// One that looks whether each block was lent.
    pub(super) fn that_wants_loans(pool: &'a A) -> Self {
        Self { wants_loans: true, ..Self::new(pool) }
    }

    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    pub(super) fn free(&self) -> usize {
        self.out.len() - self.held.len()
    }

    /// Takes a block; false if the pool is exhausted, which must be so.
    pub(super) fn take(&mut self, way: Way) -> Check<bool> {
        let Some(held) = Held::take(self.pool, way) else {
            return self.exhausted(way, 1);
        };
        self.admit(held)
    }

    /// Takes `count` blocks by one call; false if too few are free, which must be so.
    pub(super) fn take_many(&mut self, way: Way, count: usize) -> Check<bool> {
        let Some(held) = Held::take_many(self.pool, way, count)? else {
            return self.exhausted(way, count);
        };
        for block in held {
            self.admit(block)?;
        }
        Ok(true)
    }

    fn exhausted(&self, way: Way, count: usize) -> Check<bool> {
        self.refusals.set(self.refusals.get() + 1);
        ensure!(
            ExactExhaustion,
            count > self.free(),
            "an allocation ({way:?}) of {count} failed while {} of {} blocks were free",
            self.free(),
            self.out.len()
        );
        Ok(false)
    }

    /// Checks a block that was just handed out, and stamps it.
    fn admit(&mut self, mut held: Held<'a, A>) -> Check<bool> {
        let index = held.located(self.pool)?;
        ensure!(
            Exclusive,
            !self.out[index],
            "block {index} was handed out ({:?}) while it was held",
            held.way()
        );
        ensure!(
            Initialised,
            // SAFETY: located just now, and held by `held` alone.
            !self.wants_loans || unsafe { self.pool.region().has_whole_guard(held.pointer()) },
            "block {index} was handed out ({:?}) without `Region::on_acquire`: its guard is not written",
            held.way()
        );
        let bytes = held.bytes(self.pool);
        if let Some(difference) = self.left[index].difference(bytes) {
            return Err(violation!(
                Initialised,
                "block {index} is not as it was left: {difference}"
            ));
        }
        self.stamps += 1;
        let contents = Contents::Stamp(self.stamps);
        contents.write(bytes);
        self.out[index] = true;
        self.held.push(Entry { held, index, contents });
        self.most_held = self.most_held.max(self.held.len());
        Ok(true)
    }

    /// Checks a block that is about to go back.
    fn dismiss(&mut self, mut entry: Entry<'a, A>) -> Check<Held<'a, A>> {
        if let Some(difference) = entry.contents.difference(entry.held.bytes(self.pool)) {
            let index = entry.index;
            return Err(violation!(Exclusive, "block {index} changed while held: {difference}"));
        }
        self.out[entry.index] = false;
        let zeroed = self.pool.region().zeroes_on_release();
        self.left[entry.index] = if zeroed { Contents::Zero } else { entry.contents };
        Ok(entry.held)
    }

    /// Gives the block at this position of the held ones back.
    pub(super) fn give(&mut self, position: usize) -> Check {
        let entry = self.held.swap_remove(position);
        self.dismiss(entry)?.give(self.pool)
    }

    /// Gives `count` blocks from this position on back, by bulk calls.
    pub(super) fn give_many(&mut self, position: usize, count: usize) -> Check {
        let going: Vec<_> = self.held.drain(position..position + count).collect();
        let going: Check<Vec<_>> = going.into_iter().map(|entry| self.dismiss(entry)).collect();
        Held::give_many(going?, self.pool, &mut self.random)
    }

    /// Gives up a handle for a raw block or a slice, makes a handle of a raw block; leaves a block
    /// that is held unchecked as it is.
    pub(super) fn convert(&mut self, position: usize, by_slice: bool) -> Check {
        let entry = self.held.swap_remove(position);
        let held = match entry.held {
            Held::Handle(handle) if by_slice => {
                let bytes = ManuallyDrop::into_inner(handle).leak();
                Held::Raw(NonNull::from(bytes).cast())
            }
            Held::Handle(handle) => Held::Raw(ManuallyDrop::into_inner(handle).into_raw()),
            Held::Raw(block) => {
                // SAFETY: the block goes on in the handle alone.
                let handle = unsafe { Block::from_raw(block, self.pool) };
                Held::Handle(ManuallyDrop::new(handle.map_err(|error| {
                    violation!(CheckedFree, "a block that is out raw makes no handle: {error}")
                })?))
            }
            unchecked @ Held::Unchecked(_) => unchecked,
        };
        self.held.push(Entry { held, ..entry });
        Ok(())
    }

    /// A block that is held in this way, if there is one: the `pick`-th, counted round.
    pub(super) fn one_held(&self, way: Way, pick: usize) -> Option<NonNull<u8>> {
        let held: Vec<_> = self.held.iter().filter(|entry| entry.held.way() == way).collect();
        Some(held.get(pick % held.len().max(1))?.held.pointer())
    }

    /// The blocks that are out raw.
    pub(super) fn raws(&self) -> Vec<NonNull<u8>> {
        let raw = self.held.iter().filter(|entry| entry.held.way() == Way::Raw);
        raw.map(|entry| entry.held.pointer()).collect()
    }

    /// A block that is free, if there is one: the `pick`-th, counted round.
    pub(super) fn one_free(&self, pick: usize) -> Option<NonNull<u8>> {
        let free: Vec<_> = (0..self.out.len()).filter(|&index| !self.out[index]).collect();
        let index = *free.get(pick % free.len().max(1))?;
        Some(self.pool.region().block(BlockIndex::new(index)))
    }

    /// The pool must count as many free blocks as there are.
    pub(super) fn account(&self) -> Check {
        let (counted, free) = (self.pool.available(), self.free());
        ensure!(
            Conserved,
            counted == free,
            "available() is {counted}, but {} of {} blocks are held, so {free} are free",
            self.held.len(),
            self.out.len()
        );
        self.believe(&self.pool.stats())
    }

    /// What the pool says of itself must be so, as far as this user knows.
    fn believe(&self, stats: &Stats) -> Check {
        let free = stats.cached.saturating_add(stats.never_used);
        ensure!(
            Conserved,
            stats.capacity == self.out.len()
                && stats.in_use == self.held.len()
                && free <= self.free()
                && (self.most_held..=stats.capacity).contains(&stats.high_water)
                && stats.exhaustions <= self.refusals.get(),
            "{} of {} blocks are held, at most {} were, and {} allocations failed; but stats() are {stats:?}",
            self.held.len(),
            self.out.len(),
            self.most_held,
            self.refusals.get()
        );
        Ok(())
    }

    /// After a refused free: as many free blocks as before, and every block that is out raw still
    /// has its mark (which giving them back will show).
    pub(super) fn unchanged_by(&self, what: &str) -> Check {
        let (counted, free) = (self.pool.available(), self.free());
        ensure!(
            CheckedFree,
            counted == free,
            "after {what} available() is {counted}, but {free} blocks are free"
        );
        Ok(())
    }

    /// Gives everything back; then every block must be there to be had, once.
    pub(super) fn finish(mut self) -> Check {
        while self.held() > 0 {
            self.give(self.held() - 1)?;
        }
        self.account()?;
        for taken in 0..self.out.len() {
            let Some(held) = Held::take(self.pool, Way::Unchecked) else {
                // A lost block does not come at the second try.
                let again = Held::take(self.pool, Way::Unchecked);
                ensure!(ExactExhaustion, again.is_none(), "an allocation failed for no reason");
                return Err(violation!(
                    Conserved,
                    "every block was given back, but only {taken} of {} can be had again",
                    self.out.len()
                ));
            };
            self.admit(held)?;
        }
        self.take(Way::Unchecked)?;
        self.account()?;
        self.give_many(0, self.held())?;
        self.account()
    }
}
