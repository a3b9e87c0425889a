//! The crate [`bytes`](https://crates.io/crates/bytes): each thread has one [`BytesMut`], reserves
//! a block's bytes in it and splits them off; dropping the part gives the bytes back.
//!
//! That is how a codec reads frames. The documentation of [`BytesMut::reserve`] promises to take up
//! the old memory again once no part of it is left; until then it allocates new memory. So a single
//! held block keeps the whole of its chunk, and a workload that holds some at random keeps most of
//! all chunks it ever filled.
//!
//! A chunk has the 8 KiB that the codecs of `tokio-util` start with, or a block if that has more.
//! The block is split off as capacity, with nothing in it, so that nothing needs to be zeroed.

use std::mem;

use block_core::{BuildError, FreeError};
use bytes::BytesMut;

use super::guarded;
use crate::contender::{Contender, Hand};
use crate::grid::Case;
use crate::lineup::{Entry, Kind, Subjects};

/// Bytes of a thread's first chunk; `BytesMut` makes later ones as large.
const CHUNK: usize = 8 << 10;

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "bytes-mut",
    kind: Kind::Growing,
    usual: false,
    touches_all: false,
    paths: &["split"],
    description: "the crate bytes: one BytesMut a thread, reserved from and split",
    build,
};

fn build(case: &Case) -> Result<Subjects, BuildError> {
    Ok(vec![Box::new(Splits { block_size: case.shape.block_size })])
}

/// A `BytesMut` for each thread.
#[derive(Debug)]
pub struct Splits {
    block_size: usize,
}

/// What is left of the thread's chunk.
#[derive(Debug)]
pub struct SplitHand {
    rest: BytesMut,
    block_size: usize,
}

impl Contender for Splits {
    type Hand<'a> = SplitHand;

    fn hand(&self, _thread: usize) -> SplitHand {
        let rest = BytesMut::with_capacity(CHUNK.max(self.block_size));
        SplitHand { rest, block_size: self.block_size }
    }

    fn supply(&self) -> usize {
        guarded::checked_at_once(self.block_size)
    }
}

impl Hand for SplitHand {
    type Held = BytesMut;

    #[inline(always)]
    fn take(&mut self) -> Option<BytesMut> {
        self.rest.reserve(self.block_size);
        let rest = self.rest.split_off(self.block_size);
        Some(mem::replace(&mut self.rest, rest))
    }

    #[inline(always)]
    fn bytes(held: &mut BytesMut) -> *mut u8 {
        held.as_mut_ptr()
    }

    #[inline(always)]
    fn give(&mut self, held: BytesMut) -> Result<(), FreeError> {
        drop(held);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the documentation of `reserve` says.
    #[test]
    fn memory_is_used_again_once_no_part_of_it_is_left() {
        let mut hand = Splits { block_size: CHUNK / 2 }.hand(0);
        let mut taken = || hand.take().unwrap();
        let (mut first, second) = (taken(), taken());
        let bytes = SplitHand::bytes(&mut first);
        let third = taken();
        assert_ne!(third.as_ptr(), bytes.cast_const(), "held");
        drop((first, second, third));
        let mut hand = Splits { block_size: CHUNK }.hand(0);
        let addresses: Vec<_> = (0..4).map(|_| hand.take().unwrap().as_ptr()).collect();
        assert!(addresses.windows(2).all(|two| two[0] == two[1]), "{addresses:?}");
    }
}
