//! A block in somebody's hand.

use std::mem;
use std::ptr::NonNull;
use std::slice;

use block_core::{Block, BlockAllocExt};

use crate::calls::Way;
use crate::subject::Subject;

/// A block's pointer, which goes wherever its holder does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pointer(pub(super) NonNull<u8>);

// SAFETY: a held block is plain memory with one holder (invariant 1), whichever thread that is on.
unsafe impl Send for Pointer {}

/// A held block.
pub(super) enum Holding<'a, S: Subject> {
    /// Without a mark: acquired, or of a forgotten handle.
    Unchecked(Pointer),
    Raw(Pointer),
    Handle(Block<&'a S>),
}

impl<'a, S: Subject> Holding<'a, S> {
    pub(super) fn take(pool: &'a S, way: Way) -> Option<Self> {
        match way {
            Way::Unchecked => pool.acquire().map(Pointer).map(Self::Unchecked),
            Way::Raw => pool.alloc_raw().ok().map(Pointer).map(Self::Raw),
            Way::Handle => pool.alloc().ok().map(Self::Handle),
        }
    }

    /// Gives the block back.
    pub(super) fn give(self, pool: &S) {
        match self {
            // SAFETY: acquired from this pool and held by `self`, which ends here.
            Self::Unchecked(Pointer(block)) => unsafe { pool.release(block) },
            Self::Raw(Pointer(block)) => {
                // SAFETY: `self` ends here, and nothing else uses the block.
                let answer = unsafe { pool.free_raw(block) };
                assert_eq!(answer, Ok(()), "invariant 5: a right free");
            }
            Self::Handle(block) => pool.free(block),
        }
    }

    pub(super) fn pointer(&self) -> NonNull<u8> {
        match self {
            Self::Unchecked(Pointer(block)) | Self::Raw(Pointer(block)) => *block,
            Self::Handle(block) => NonNull::from(&**block).cast(),
        }
    }

    /// The block without its handle, and whether it is out raw. A handle's comes to be.
    pub(super) fn into_pointer(self) -> (bool, Pointer) {
        match self {
            Self::Unchecked(pointer) => (false, pointer),
            Self::Raw(pointer) => (true, pointer),
            Self::Handle(block) => (true, Pointer(block.into_raw())),
        }
    }

    /// The handle is forgotten.
    pub(super) fn forget(self) -> Self {
        let pointer = Pointer(self.pointer());
        match self {
            Self::Handle(block) => {
                mem::forget(block);
                Self::Unchecked(pointer)
            }
            other => other,
        }
    }

    pub(super) fn bytes(&mut self, pool: &S) -> &mut [u8] {
        match self {
            Self::Unchecked(Pointer(block)) | Self::Raw(Pointer(block)) => {
                // SAFETY: handed out by the pool, as a block of its region that is seen to be one:
                // valid for `block_size` bytes (invariant 4), initialised (6), and held by `self` alone
                // (1), which is borrowed mutably.
                unsafe { slice::from_raw_parts_mut(block.as_ptr(), pool.block_size()) }
            }
            Self::Handle(block) => block,
        }
    }
}
