//! A block that the suite holds, and the three ways to hold one.

use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use std::vec;
use std::vec::Vec;

use super::random::Random;
use super::verdict::{Check, ensure};
use crate::{Block, BlockAlloc, BlockAllocExt};

/// How a block is held; see [`BlockAlloc`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Unchecked,
    Raw,
    Handle,
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Unchecked, Self::Raw, Self::Handle];
}

/// One held block. It goes back by [`give`](Self::give) alone; dropped, it stays held, so that a
/// property can stop at a violation without a further call into a pool that is broken.
pub(super) enum Held<'a, A: BlockAlloc + ?Sized> {
    Unchecked(NonNull<u8>),
    Raw(NonNull<u8>),
    Handle(ManuallyDrop<Block<&'a A>>),
}

// SAFETY: a held block is plain memory with one holder (invariant 1), whichever thread that is on;
// a handle with a shared pointer to a pool is `Send` by itself.
unsafe impl<A: BlockAlloc + ?Sized> Send for Held<'_, A> {}

impl<'a, A: BlockAlloc + ?Sized> Held<'a, A> {
    /// Takes one block; `None` if the pool says that it is exhausted.
    pub(super) fn take(pool: &'a A, way: Way) -> Option<Self> {
        match way {
            Way::Unchecked => pool.acquire().map(Self::Unchecked),
            Way::Raw => pool.alloc_raw().ok().map(Self::Raw),
            Way::Handle => pool.alloc().ok().map(ManuallyDrop::new).map(Self::Handle),
        }
    }

    /// Takes `count` blocks by one call (handles one by one), or none.
    pub(super) fn take_many(pool: &'a A, way: Way, count: usize) -> Check<Option<Vec<Self>>> {
        // What stood in the entries before is overwritten, the call promises.
        let mut blocks = vec![Some(NonNull::dangling()); count];
        let taken = match way {
            Way::Unchecked => pool.acquire_bulk(&mut blocks),
            Way::Raw => pool.alloc_bulk_raw(&mut blocks).is_ok(),
            Way::Handle => return Self::take_handles(pool, count),
        };
        let filled = blocks.iter().flatten().count();
        ensure!(
            Conserved,
            filled == if taken { count } else { 0 },
            "a bulk allocation ({way:?}) of {count} blocks {}, but {filled} entries have a block",
            if taken { "succeeded" } else { "failed" }
        );
        let wrap = if way == Way::Raw { Self::Raw } else { Self::Unchecked };
        Ok(taken.then(|| blocks.into_iter().flatten().map(wrap).collect()))
    }

    fn take_handles(pool: &'a A, count: usize) -> Check<Option<Vec<Self>>> {
        let mut taken: Vec<Self> = Vec::new();
        while taken.len() < count {
            let Some(held) = Self::take(pool, Way::Handle) else {
                for held in taken {
                    held.give(pool)?;
                }
                return Ok(None);
            };
            taken.push(held);
        }
        Ok(Some(taken))
    }

    pub(super) fn way(&self) -> Way {
        match self {
            Self::Unchecked(_) => Way::Unchecked,
            Self::Raw(_) => Way::Raw,
            Self::Handle(_) => Way::Handle,
        }
    }

    pub(super) fn pointer(&self) -> NonNull<u8> {
        match self {
            Self::Unchecked(block) | Self::Raw(block) => *block,
            Self::Handle(block) => NonNull::from(&***block).cast(),
        }
    }

    /// The number of the block, once invariant 4 is seen to hold for it.
    pub(super) fn located(&self, pool: &A) -> Check<usize> {
        let (block, region) = (self.pointer(), pool.region());
        let align = region.layout().align();
        let located = region.locate(block);
        ensure!(
            BoundedAndAligned,
            located.is_ok() && block.addr().get() % align == 0,
            "handed out {block:?} ({:?}): {located:?}; the alignment is {align}",
            self.way()
        );
        if let Self::Handle(handle) = self {
            ensure!(
                BoundedAndAligned,
                handle.len() == region.layout().block_size(),
                "a handle has {} bytes",
                handle.len()
            );
        }
        Ok(located.map_or(0, |index| index.get()))
    }

    /// The bytes; only of a block that is [`located`](Self::located).
    pub(super) fn bytes(&mut self, pool: &A) -> &mut [u8] {
        match self {
            Self::Unchecked(block) | Self::Raw(block) => {
                let block = core::hint::black_box(block.as_ptr());
                // SAFETY: the pool handed out this block of its region, as its pointer was seen to
                // be: valid for `block_size` bytes (invariant 4), initialised (6), and held by
                // `self` alone (1), which is borrowed mutably.
                unsafe {
                    core::slice::from_raw_parts_mut(block, pool.region().layout().block_size())
                }
            }
            Self::Handle(block) => core::hint::black_box(&mut block[..]),
        }
    }

    /// Gives the block back in the way that it is held. A pool that takes it is not thereby right.
    pub(super) fn give(self, pool: &A) -> Check {
        match self {
            // SAFETY: acquired from this pool and held by `self`, which ends here.
            Self::Unchecked(block) => unsafe { pool.release(block) },
            Self::Raw(block) => {
                // SAFETY: `self` ends here, and nothing else uses the block.
                let answer = unsafe { pool.free_raw(block) };
                ensure!(
                    CheckedFree,
                    answer.is_ok(),
                    "the free of a block that is out raw was refused: {answer:?}"
                );
            }
            Self::Handle(block) => drop(ManuallyDrop::into_inner(block)),
        }
        Ok(())
    }

    /// Gives blocks back, one bulk call for each way (handles one by one). The list of raw blocks
    /// has empty entries, none to three of four, so that runs of every length occur in it.
    pub(super) fn give_many(held: Vec<Self>, pool: &A, random: &mut Random) -> Check {
        let (mut unchecked, mut raw) = (Vec::new(), Vec::new());
        let gaps = random.below(4);
        for block in held {
            match block {
                Self::Unchecked(block) => unchecked.push(Some(block)),
                Self::Raw(block) => {
                    while random.below(4) < gaps {
                        raw.push(None);
                    }
                    raw.push(Some(block));
                }
                handle @ Self::Handle(_) => handle.give(pool)?,
            }
        }
        if !unchecked.is_empty() {
            // SAFETY: each was acquired from this pool, is held once, by a value that ended here.
            unsafe { pool.release_bulk(&mut unchecked) };
        }
        // SAFETY: nothing uses the blocks after this; the values that held them ended here.
        let answer = unsafe { pool.free_bulk_raw(&mut raw) };
        ensure!(
            CheckedFree,
            answer.is_ok(),
            "a bulk free of blocks that are out raw was refused: {answer:?}"
        );
        let left = unchecked.iter().chain(&raw).flatten().count();
        ensure!(Conserved, left == 0, "a bulk free succeeded, but {left} entries have a block");
        Ok(())
    }
}
