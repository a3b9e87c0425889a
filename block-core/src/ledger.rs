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
//! # Where a mark lies
//!
//! Threads take blocks in runs of neighbours, so marks in the order of the blocks would make every
//! line of marks belong to two threads or more, and each call would wait for the line: ten times
//! the cost of the call. So the marks of neighbours lie on different lines, up to 64 of them, one
//! page:
//!
//! ```text
//! block      0    1    2  ..  63   64   65  ..       with 64 lines of 64 marks
//! line       0    1    2  ..  63    0    1  ..
//! in it      0    0    0  ..   0    1    1  ..
//! ```

use core::sync::atomic::{AtomicU8, Ordering};

use crate::{BlockIndex, RegionError, RegionOptions, SideTable};

/// Marks of the blocks that are out raw.
#[derive(Debug)]
pub(crate) struct Ledger {
    marks: SideTable<AtomicU8>,
    /// Neighbours are spread over `1 << spread` lines, in groups of as many lines of marks.
    spread: u32,
    /// Whole groups end here; the marks beyond lie in the order of the blocks.
    spread_end: usize,
}

impl Ledger {
    const OUT_RAW: u8 = 1;
    /// Marks of a cache line, as a power of two.
    const LINE: u32 = 6;
    /// Lines of a page, as a power of two: spreading further would commit pages early.
    const WIDEST: u32 = 6;

    pub(crate) fn new(capacity: usize, options: &RegionOptions) -> Result<Self, RegionError> {
        SideTable::new(capacity, options).map(Self::over)
    }

    pub(crate) fn over(marks: SideTable<AtomicU8>) -> Self {
        let capacity = marks.len();
        let spread = capacity.ilog2().saturating_sub(Self::LINE).min(Self::WIDEST);
        let spread_end = capacity & !(Self::group(spread) - 1);
        Self { marks, spread, spread_end }
    }

    const fn group(spread: u32) -> usize {
        1 << (Self::LINE + spread)
    }

    #[inline]
    fn mark_of(&self, index: BlockIndex) -> &AtomicU8 {
        let index = index.get();
        if index >= self.spread_end {
            return &self.marks[index];
        }
        let within = index & (Self::group(self.spread) - 1);
        let line = within & ((1 << self.spread) - 1);
        &self.marks[(index - within) | line << Self::LINE | within >> self.spread]
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
        self.mark_of(index).swap(0, Ordering::Relaxed) == Self::OUT_RAW
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::vec::Vec;

    #[test]
    fn every_block_has_a_mark_of_its_own_and_neighbours_lie_apart() {
        for capacity in [1, 63, 64, 127, 128, 1000, 4095, 4096, 4097, 10_000] {
            let ledger = Ledger::new(capacity, &RegionOptions::default()).unwrap();
            let base = ledger.marks.as_ptr().addr();
            let place =
                |index| core::ptr::from_ref(ledger.mark_of(BlockIndex::new(index))).addr() - base;
            let places: Vec<_> = (0..capacity).map(place).collect();
            assert!(places.iter().all(|&place| place < capacity));
            assert_eq!(places.iter().collect::<HashSet<_>>().len(), capacity);
            let lines = 1 << ledger.spread;
            for run in places[..ledger.spread_end].chunks_exact(lines) {
                let distinct: HashSet<_> = run.iter().map(|place| place / 64).collect();
                assert_eq!(distinct.len(), lines, "{capacity} blocks");
            }
        }
    }
}
