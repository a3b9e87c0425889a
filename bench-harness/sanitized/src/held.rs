//! A block that a thread holds, taken in one of three ways, and what is written in it.

use std::ptr::NonNull;
use std::slice;

use block_core::{Block, BlockAlloc, BlockAllocExt};

use crate::pools::BLOCK_SIZE;

/// How a block is taken, and how it goes back.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Handle,
    Raw,
    Unchecked,
}

impl Way {
    pub const ALL: [Self; 3] = [Self::Handle, Self::Raw, Self::Unchecked];
}

/// A block, and the pool that it goes back to.
pub enum Held<'a> {
    Handle(Block<&'a dyn BlockAlloc>),
    Raw(&'a dyn BlockAlloc, NonNull<u8>),
    Unchecked(&'a dyn BlockAlloc, NonNull<u8>),
}

// SAFETY: who has this has the block, which is plain memory, alone (invariant 1); a pool is `Sync`.
unsafe impl Send for Held<'_> {}

impl<'a> Held<'a> {
    /// `None`: the pool says that it is exhausted.
    pub fn take(pool: &'a dyn BlockAlloc, way: Way) -> Option<Self> {
        match way {
            Way::Handle => pool.alloc().ok().map(Self::Handle),
            Way::Raw => pool.alloc_raw().ok().map(|block| Self::Raw(pool, block)),
            Way::Unchecked => pool.acquire().map(|block| Self::Unchecked(pool, block)),
        }
    }

    /// The block's bytes.
    pub fn bytes(&mut self) -> &mut [u8] {
        match self {
            Self::Handle(block) => block,
            // SAFETY: held alone until it is given back, valid for so many bytes, all initialised
            // (invariants 1, 4 and 6).
            Self::Raw(_, block) | Self::Unchecked(_, block) => unsafe {
                slice::from_raw_parts_mut(block.as_ptr(), BLOCK_SIZE)
            },
        }
    }

    /// Sees that the block is as this stamp left it, and gives it back.
    pub fn give_back(mut self, stamp: usize) {
        check(self.bytes(), stamp);
        match self {
            Self::Handle(block) => drop(block),
            // SAFETY: a block of this pool, out raw and held by the caller alone (invariant 1), who loses it
            // here.
            Self::Raw(pool, block) => unsafe { pool.free_raw(block) }.expect("a right free"),
            // SAFETY: a block of this pool, acquired and held by the caller alone (invariant 1), who loses it
            // here.
            Self::Unchecked(pool, block) => unsafe { pool.release(block) },
        }
    }
}

/// Takes a block and writes it whole.
pub fn take_and_fill(pool: &dyn BlockAlloc, way: Way, stamp: usize) -> Option<Held<'_>> {
    let mut held = Held::take(pool, way)?;
    fill(held.bytes(), stamp);
    Some(held)
}

/// Writes the stamp all over the block.
pub fn fill(bytes: &mut [u8], stamp: usize) {
    for word in bytes.chunks_exact_mut(size_of::<usize>()) {
        word.copy_from_slice(&stamp.to_ne_bytes());
    }
}

/// Panics unless the stamp is all over the block.
pub fn check(bytes: &[u8], stamp: usize) {
    for word in bytes.chunks_exact(size_of::<usize>()) {
        assert_eq!(word, stamp.to_ne_bytes(), "a block that somebody else has written to");
    }
}
