//! Pools whose blocks are guards: what a crate hands out is given back by dropping it.
//!
//! # What do they hold?
//!
//! A pool of objects holds a [`Vec<u8>`] whose capacity is the block size, the object that the
//! documentation of such crates shows first. Its bytes are those of the program's allocator: they
//! have a lower alignment than the blocks of the workspace's pools, and neither the pool nor its
//! buffers are filled or zeroed.
//!
//! # Is it fair?
//!
//! The guards come from the borrowing calls where those can be sent to another thread: they are
//! cheaper than those that count references to the pool, and the harness needs no more. Which calls
//! are meant is said by each contender. Buffers are made before the time is taken in a pool with a
//! bound; the others make them as they are first needed, mostly in the uncounted runs.

use std::fmt::Debug;

use block_core::FreeError;

use crate::contender::{Contender, Hand};

/// The most bytes that the checks hold at once.
const CHECKED_BYTES: usize = 64 << 20;
/// The most guards that the checks hold at once.
const CHECKED_GUARDS: usize = 1_000;

/// How many blocks of a contender without a bound the checks compare with each other.
#[must_use]
pub fn checked_at_once(block_size: usize) -> usize {
    (CHECKED_BYTES / block_size).clamp(1, CHECKED_GUARDS)
}

/// A pool, or whatever makes buffers, and its guards.
pub trait Guards: Debug + Send + Sync + 'static {
    /// The proof that a block is held; most give it back when they are dropped.
    type Guard<'a>: Send
    where
        Self: 'a;

    /// As [`Contender::rotates`].
    const ROTATES: bool = false;

    /// Bytes of a block.
    fn block_size(&self) -> usize;

    /// Takes a block.
    fn get(&self) -> Option<Self::Guard<'_>>;

    /// Where it lies.
    fn bytes(guard: &mut Self::Guard<'_>) -> *mut u8;

    /// Gives a block back.
    #[inline(always)]
    fn put(&self, guard: Self::Guard<'_>) {
        drop(guard);
    }

    /// As [`Contender::bound`].
    fn bound(&self) -> Option<usize> {
        None
    }

    /// As [`Contender::available`].
    fn available(&self) -> Option<usize> {
        None
    }
}

/// The contender that such a pool is.
#[derive(Debug)]
pub struct Guarded<G>(pub G);

/// A hand that takes guards.
#[derive(Debug)]
pub struct GuardHand<'a, G>(&'a G);

impl<G: Guards> Contender for Guarded<G> {
    type Hand<'a> = GuardHand<'a, G>;

    fn hand(&self, _thread: usize) -> GuardHand<'_, G> {
        GuardHand(&self.0)
    }

    fn bound(&self) -> Option<usize> {
        self.0.bound()
    }

    fn available(&self) -> Option<usize> {
        self.0.available()
    }

    fn supply(&self) -> usize {
        checked_at_once(self.0.block_size())
    }

    fn rotates(&self) -> bool {
        G::ROTATES
    }
}

impl<'a, G: Guards> Hand for GuardHand<'a, G> {
    type Held = G::Guard<'a>;

    #[inline(always)]
    fn take(&mut self) -> Option<G::Guard<'a>> {
        self.0.get()
    }

    #[inline(always)]
    fn bytes(held: &mut G::Guard<'a>) -> *mut u8 {
        G::bytes(held)
    }

    #[inline(always)]
    fn give(&mut self, held: G::Guard<'a>) -> Result<(), FreeError> {
        self.0.put(held);
        Ok(())
    }
}
