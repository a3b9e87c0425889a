//! The marks of raw blocks: one byte per block.
//!
//! A call that returns a block as a pointer marks it. A call that takes such a pointer clears the
//! mark first, and only the call that found the mark continues. Handles need no mark.
//!
//! # Memory orderings
//!
//! All accesses are Relaxed. If two threads free one block at the same time, both swap one byte,
//! and the total order of that byte makes exactly one of them see the mark. The free list orders a
//! mark and the previous user of the block: its Release and Acquire make the earlier swap happen
//! before the later store.
//!
//! [`spread`](crate::spread) says where a mark is in the table, and [`leaks`](crate::leaks), in
//! debug builds, which call set it.

use crate::leaks::Takers;
use crate::spread::Spread;
use crate::sync::{AtomicU8, Ordering, const_outside_models};
use crate::{BlockIndex, BlockLayout, RegionError, RegionOptions, SideTable};

/// The marks of raw blocks.
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
        /// Creates a ledger of a region's blocks over as many zeroed marks.
        pub(crate) fn over(marks: SideTable<AtomicU8>, layout: &BlockLayout) -> Self {
            Self { marks, spread: Spread::new(layout.capacity()), takers: Takers::unknown(layout) }
        }
    }

    #[inline]
    fn mark_of(&self, index: BlockIndex) -> &AtomicU8 {
        &self.marks[self.spread.place(index.get())]
    }

    /// Marks a block that only the caller has.
    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn mark(&self, index: BlockIndex) {
        // A store is enough: no other thread may write the mark of a block that the caller has.
        self.mark_of(index).store(Self::OUT_RAW, Ordering::Relaxed);
        self.takers.took(index);
    }

    /// Restores a mark that the caller has cleared.
    pub(crate) fn put_back(&self, index: BlockIndex) {
        self.mark_of(index).store(Self::OUT_RAW, Ordering::Relaxed);
        self.takers.took_back();
    }

    /// Returns whether the block is marked. May be stale. Use it only to reject a pointer: only
    /// [`take`](Self::take) proves anything.
    #[inline]
    pub(crate) fn is_marked(&self, index: BlockIndex) -> bool {
        self.mark_of(index).load(Ordering::Relaxed) == Self::OUT_RAW
    }

    /// Clears the mark and returns whether there was one. If several threads race, exactly one
    /// returns true.
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
