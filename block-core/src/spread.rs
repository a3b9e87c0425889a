//! Interleaves the entries of a table, so that those of neighbouring blocks are on different cache
//! lines.
//!
//! Threads allocate runs of neighbouring blocks. With entries in the order of the blocks, every
//! cache line would belong to two threads or more, and each call that writes an entry would wait
//! for the line: ten times the cost of the call. So the entries of neighbours are on different
//! lines of a page:
//!
//! ```text
//! block           0    1    2  ..  63   64   65  ..       with 64 lines in a page
//! line            0    1    2  ..  63    0    1  ..
//! entry in it     0    0    0  ..   0    1    1  ..
//! ```
//!
//! Whole pages have 64 lines, and the rest of the table as many as it fills. Division by that
//! number is a multiplication (Granlund and Montgomery 1994), which is exact for numbers below a
//! page: the error of the reciprocal is below 64, and 64 times a page is [`Spread::ONE`]. The last
//! blocks, fewer than a line, have their entries in order.

/// The positions of entries in a table with `LINE` entries per cache line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread<const LINE: usize> {
    /// The end of the whole pages.
    pages_end: usize,
    /// The number of whole lines behind them, fewer than 64.
    lines: usize,
    /// The end of the whole lines.
    lines_end: usize,
    /// [`Self::ONE`] divided by `lines`, rounded up.
    reciprocal: usize,
}

/// The number of cache lines in a page, both of the usual size.
const LINES: usize = 4096 / 64;

impl<const LINE: usize> Spread<LINE> {
    /// The number of entries in a page.
    const PAGE: usize = LINES * LINE;
    const ONE: usize = LINES * Self::PAGE;

    /// Creates the positions for tables of `len` entries.
    pub(crate) const fn new(len: usize) -> Self {
        const { assert!(LINE.is_power_of_two() && LINE > 1) };
        let pages_end = len & !(Self::PAGE - 1);
        let lines_end = len & !(LINE - 1);
        let lines = (lines_end - pages_end) / LINE;
        let divisor = if lines == 0 { 1 } else { lines };
        Self { pages_end, lines, lines_end, reciprocal: Self::ONE.div_ceil(divisor) }
    }

    /// Returns the position of a block's entry.
    #[inline]
    pub(crate) fn place(&self, block: usize) -> usize {
        let (line, at, page) = if block < self.pages_end {
            let within = block % Self::PAGE;
            (within % LINES, within / LINES, block - within)
        } else if block >= self.lines_end {
            return block;
        } else {
            let within = block - self.pages_end;
            let at = within.wrapping_mul(self.reciprocal) / Self::ONE;
            (within - at * self.lines, at, self.pages_end)
        };
        page + line * LINE + at
    }

    /// Returns the block whose entry is at this position.
    #[cfg_attr(
        not(any(feature = "bytes", all(debug_assertions, feature = "std"))),
        allow(dead_code, reason = "the marks are asked in debug builds alone")
    )]
    #[inline]
    pub(crate) fn block(&self, place: usize) -> usize {
        let (page, lines) = if place < self.pages_end {
            (place - place % Self::PAGE, LINES)
        } else if place >= self.lines_end {
            return place;
        } else {
            (self.pages_end, self.lines)
        };
        let (line, at) = ((place - page) / LINE, place % LINE);
        page + at * lines + line
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::vec::Vec;

    fn a_place_for_each_and_neighbours_lie_apart<const LINE: usize>(len: usize) {
        let spread = Spread::<LINE>::new(len);
        let places: Vec<_> = (0..len).map(|block| spread.place(block)).collect();
        let mut taken = std::vec![false; len];
        for (block, &place) in places.iter().enumerate() {
            assert!(!core::mem::replace(&mut taken[place], true), "{len} blocks");
            assert_eq!(spread.block(place), block, "{len} blocks");
        }
        let apart = |lines: usize, places: &[usize]| {
            for run in places.chunks(lines) {
                let distinct: HashSet<_> = run.iter().map(|place| place / LINE).collect();
                assert_eq!(distinct.len(), run.len(), "{len} blocks");
            }
        };
        let (pages, rest) = places[..spread.lines_end].split_at(spread.pages_end);
        apart(LINES, pages);
        apart(spread.lines.max(1), rest);
    }

    #[test]
    fn every_block_has_a_place_of_its_own_and_neighbours_lie_apart() {
        let small = 1..=4200;
        for len in small.chain([8000, 8191, 8192, 10_000]) {
            a_place_for_each_and_neighbours_lie_apart::<64>(len);
            a_place_for_each_and_neighbours_lie_apart::<16>(len);
        }
    }
}
