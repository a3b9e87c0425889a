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
//! the cost of the call. So the marks of neighbours lie on different lines of a page:
//!
//! ```text
//! block      0    1    2  ..  63   64   65  ..       with 64 lines of 64 marks
//! line       0    1    2  ..  63    0    1  ..
//! in it      0    0    0  ..   0    1    1  ..
//! ```
//!
//! Whole pages have 64 lines, the rest of the table as many as it fills. Dividing by that number is
//! a multiplication (Granlund & Montgomery 1994): exact for numbers below a page, since the error
//! of the reciprocal is below 64, and 64 times 4,096 is [`Ledger::ONE`]. The last blocks, fewer than
//! a line, have their marks in order.

use core::sync::atomic::{AtomicU8, Ordering};

use crate::{BlockIndex, RegionError, RegionOptions, SideTable};

/// Marks of the blocks that are out raw.
#[derive(Debug)]
pub(crate) struct Ledger {
    marks: SideTable<AtomicU8>,
    /// Whole pages end here.
    pages_end: usize,
    /// Whole lines behind that, fewer than 64.
    lines: usize,
    /// Whole lines end here.
    lines_end: usize,
    /// [`Self::ONE`] divided by `lines`, rounded up.
    reciprocal: usize,
}

impl Ledger {
    const OUT_RAW: u8 = 1;
    /// Marks of a cache line, and lines of a page.
    const LINE: usize = 64;
    const PAGE: usize = Self::LINE * Self::LINE;
    const ONE: usize = Self::LINE * Self::PAGE;

    pub(crate) fn new(capacity: usize, options: &RegionOptions) -> Result<Self, RegionError> {
        SideTable::new(capacity, options).map(Self::over)
    }

    pub(crate) fn over(marks: SideTable<AtomicU8>) -> Self {
        let pages_end = marks.len() & !(Self::PAGE - 1);
        let lines_end = marks.len() & !(Self::LINE - 1);
        let lines = (lines_end - pages_end) / Self::LINE;
        Self { marks, pages_end, lines, lines_end, reciprocal: Self::ONE.div_ceil(lines.max(1)) }
    }

    #[inline]
    fn mark_of(&self, index: BlockIndex) -> &AtomicU8 {
        let index = index.get();
        let (line, place, page) = if index < self.pages_end {
            let within = index % Self::PAGE;
            (within % Self::LINE, within / Self::LINE, index - within)
        } else if index >= self.lines_end {
            return &self.marks[index];
        } else {
            let within = index - self.pages_end;
            let place = within.wrapping_mul(self.reciprocal) / Self::ONE;
            (within - place * self.lines, place, self.pages_end)
        };
        &self.marks[page + line * Self::LINE + place]
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

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::vec::Vec;

    #[test]
    fn every_block_has_a_mark_of_its_own_and_neighbours_lie_apart() {
        let small = 1..=4200;
        for capacity in small.chain([8000, 8191, 8192, 10_000]) {
            let ledger = Ledger::new(capacity, &RegionOptions::default()).unwrap();
            let base = ledger.marks.as_ptr().addr();
            let place =
                |index| core::ptr::from_ref(ledger.mark_of(BlockIndex::new(index))).addr() - base;
            let places: Vec<_> = (0..capacity).map(place).collect();
            let mut taken = std::vec![false; ledger.marks.len()];
            for &place in &places {
                assert!(!core::mem::replace(&mut taken[place], true), "{capacity} blocks");
            }
            let apart = |lines: usize, places: &[usize]| {
                for run in places.chunks(lines) {
                    let distinct: HashSet<_> = run.iter().map(|place| place / 64).collect();
                    assert_eq!(distinct.len(), run.len(), "{capacity} blocks");
                }
            };
            let (pages, rest) = places[..ledger.lines_end].split_at(ledger.pages_end);
            apart(64, pages);
            apart(ledger.lines.max(1), rest);
        }
    }
}
