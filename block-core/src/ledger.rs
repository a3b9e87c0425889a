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
//! Where a mark lies among the others is the business of [`spread`](crate::spread), which call left it,
//! in debug builds, that of [`leaks`](crate::leaks).

use crate::leaks::Takers;
use crate::spread::Spread;
use crate::sync::{AtomicU8, Ordering, const_outside_models};
use crate::{BlockIndex, BlockLayout, RegionError, RegionOptions, SideTable};

/// Marks of the blocks that are out raw.
#[derive(Debug)]
pub(crate) struct Ledger {
    marks: SideTable<AtomicU8>,
    /// 64 marks fill a cache line.
    spread: Spread<64>,
    takers: Takers,
}

impl Ledger {
    const OUT_RAW: u8 = 1;

    pub(crate) fn new(layout: &BlockLayout, options: &RegionOptions) -> Result<Self, RegionError> {
        let marks = SideTable::new(layout.capacity(), options)?;
        Ok(Self { marks, spread: Spread::new(layout.capacity()), takers: Takers::new(layout) })
    }

    const_outside_models! {
        /// A ledger of a region's blocks over as many marks, all zero.
        pub(crate) fn over(marks: SideTable<AtomicU8>, layout: &BlockLayout) -> Self {
            Self { marks, spread: Spread::new(layout.capacity()), takers: Takers::unknown(layout) }
        }
    }

    #[inline]
    fn mark_of(&self, index: BlockIndex) -> &AtomicU8 {
        &self.marks[self.spread.place(index.get())]
    }

    /// Records that the block is out raw, taken by the caller. The caller is its only holder.
    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn mark(&self, index: BlockIndex) {
        // A store is enough: nobody else may write the mark of a block that the caller holds.
        self.mark_of(index).store(Self::OUT_RAW, Ordering::Relaxed);
        self.takers.took(index);
    }

    /// Puts back a mark that this caller took out.
    pub(crate) fn put_back(&self, index: BlockIndex) {
        self.mark_of(index).store(Self::OUT_RAW, Ordering::Relaxed);
        self.takers.took_back();
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
        let mark = self.mark_of(index);
        let was_marked = mark.swap(0, Ordering::Relaxed) == Self::OUT_RAW;
        if was_marked {
            self.takers.gave();
        }
        was_marked
    }
}

#[cfg(all(debug_assertions, feature = "std"))]
impl Drop for Ledger {
    fn drop(&mut self) {
        let Self { marks, spread, takers } = self;
        let is_out = |mark: &AtomicU8| mark.load(Ordering::Relaxed) == Self::OUT_RAW;
        let places = marks.iter().enumerate().filter(|(_, mark)| is_out(mark));
        takers.report(places.map(|(place, _)| BlockIndex::new(spread.block(place))));
    }
}
