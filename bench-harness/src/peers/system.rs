//! The system's `malloc` and `free`, without a bound and without an alignment beyond `malloc`'s
//! own: it is spared what the pools do.

use std::ptr::NonNull;

use block_core::{BuildError, FreeError};

use crate::contender::{Bare, Contender, Hand, Shape};
use crate::lineup::{Entry, Subjects};

/// How many live blocks the checks compare with each other.
const CHECKED_AT_ONCE: usize = 1_000;

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "system",
    paths: &["malloc"],
    description: "the system's malloc and free; has no bound, so only overlap is checked",
    build,
};

fn build(shape: Shape) -> Result<Subjects, BuildError> {
    Ok(vec![Box::new(Malloc { block_size: shape.block_size })])
}

/// `malloc` of one size, and `free`.
#[derive(Debug)]
pub struct Malloc {
    block_size: usize,
}

/// The size, in a register.
#[derive(Debug)]
pub struct MallocHand(usize);

impl Contender for Malloc {
    type Hand<'a> = MallocHand;

    fn hand(&self, _thread: usize) -> MallocHand {
        MallocHand(self.block_size)
    }

    fn supply(&self) -> usize {
        CHECKED_AT_ONCE
    }
}

impl Hand for MallocHand {
    type Held = Bare;

    #[inline(always)]
    fn take(&mut self) -> Option<Bare> {
        // SAFETY: `malloc` may be called with any size.
        NonNull::new(unsafe { libc::malloc(self.0) }.cast()).map(Bare)
    }

    #[inline(always)]
    fn bytes(held: &mut Bare) -> *mut u8 {
        held.0.as_ptr()
    }

    #[inline(always)]
    fn give(&mut self, held: Bare) -> Result<(), FreeError> {
        // SAFETY: the token came from `take`, and is used up.
        unsafe { libc::free(held.0.as_ptr().cast()) };
        Ok(())
    }
}
