//! The record of blocks that are out raw: one byte for each block.
//!
//! Whoever gives a block out as a bare pointer marks it; whoever takes a bare pointer back takes
//! the mark out first, and only the one that found it goes on. Safe handles need no mark, the
//! type is the proof, so their path never comes here.
//!
//! # Memory orderings
//!
//! All accesses are Relaxed. Two threads that free one block at once meet in one atomic swap,
//! whose total order on the byte makes exactly one of them see the mark. The order between a mark
//! and the holder before it is the free list's: its release and acquire carry the earlier swap of
//! the mark before the later store.
//!
//! Where a mark lies among the others is the business of [`spread`](crate::spread).

use core::sync::atomic::{AtomicU8, Ordering};

use crate::spread::Spread;
use crate::{BlockIndex, RegionError, RegionOptions, SideTable};

/// Marks of the blocks that are out raw.
#[derive(Debug)]
pub(crate) struct Ledger {
    marks: SideTable<AtomicU8>,
    /// 64 marks fill a cache line.
    spread: Spread<64>,
}

impl Ledger {
    const OUT_RAW: u8 = 1;

    pub(crate) fn new(capacity: usize, options: &RegionOptions) -> Result<Self, RegionError> {
        Ok(Self::over(SideTable::new(capacity, options)?, capacity))
    }

    /// A ledger of so many blocks over as many marks, all zero.
    pub(crate) const fn over(marks: SideTable<AtomicU8>, capacity: usize) -> Self {
        Self { marks, spread: Spread::new(capacity) }
    }

    #[inline]
    fn mark_of(&self, index: BlockIndex) -> &AtomicU8 {
        &self.marks[self.spread.place(index.get())]
    }

    /// Records that the block is out raw. The caller is its only holder.
    #[inline]
    pub(crate) fn mark(&self, index: BlockIndex) {
        // A store is enough: nobody else may write the mark of a block that the caller holds.
        self.mark_of(index).store(Self::OUT_RAW, Ordering::Relaxed);
    }

    /// Whether the block is out raw, at this instant. An answer for a refusal alone: only
    /// [`take`](Self::take) proves anything.
    #[inline]
    pub(crate) fn is_marked(&self, index: BlockIndex) -> bool {
        self.mark_of(index).load(Ordering::Relaxed) == Self::OUT_RAW
    }

    /// Takes the mark out; false if there was none. Of several callers at once one gets it.
    #[inline]
    #[must_use]
    pub(crate) fn take(&self, index: BlockIndex) -> bool {
        #[cfg(block_counting)]
        crate::counting::mark();
        self.mark_of(index).swap(0, Ordering::Relaxed) == Self::OUT_RAW
    }
}
