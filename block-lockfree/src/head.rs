//! The head word of the stack: the index of the block on top, and a tag.
//!
//! ```text
//! 63                         index_bits                       0
//! |            tag            |             index             |
//! ```
//!
//! The split depends on the capacity: the index has the `ceil(log2(capacity + 2))` bits that it
//! needs, and the tag has all others. The index `capacity` means that the stack is empty, and
//! `capacity + 1` that it is retired.
//!
//! # Why there is a tag
//!
//! Without a tag, a pop that is interrupted between reading the link of the top block and its
//! compare-and-swap can go wrong (the ABA problem):
//!
//! | thread 1 | thread 2 | stack |
//! |---|---|---|
//! | pop: A is on top, its link is B | | A → B → C |
//! | | pops A, pops B | C |
//! | | pushes A | A → C |
//! | compares the top with A: equal; swaps in B | | B, which thread 2 has |
//!
//! The pops of thread 2 change the tag, so the comparison fails. The tag is computed from the word
//! that the compare-and-swap expects, never from a copy read earlier (invariant 7).
//!
//! # How long the tag lasts
//!
//! The tag wraps around after `2^(64 - index_bits)` popped blocks. To go wrong, a thread must be
//! stopped between its read and its compare-and-swap for exactly that many pops, and then find the
//! same block on top:
//!
//! | blocks | index bits | tag bits | wraps around at 10^8 pops per second after |
//! |---|---|---|---|
//! | 1,000 | 10 | 54 | 5.7 years |
//! | 10^6 | 20 | 44 | 2.0 days |
//! | 10^9 | 30 | 34 | 2.9 minutes |
//! | 2^33 | 34 | 30 | 10.7 seconds |

/// The split of the head words of one pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadFormat {
    index_bits: u32,
}

/// One head word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head(u64);

// The word of one compare-and-swap.
const _: () = assert!(size_of::<Head>() == 8);

impl HeadFormat {
    /// Returns the format for indices from 0 to `capacity + 1`. The last one means that the pool
    /// has retired.
    pub(crate) const fn new(capacity: usize) -> Self {
        let index_bits = u64::BITS - (capacity as u64 + 1).leading_zeros();
        // The tag has at least one bit. No address space holds a region of isize::MAX blocks.
        Self { index_bits: if index_bits < u64::BITS { index_bits } else { u64::BITS - 1 } }
    }

    const fn index_mask(self) -> u64 {
        (1 << self.index_bits) - 1
    }

    /// Returns a word with tag zero.
    #[inline]
    pub(crate) const fn first(self, index: usize) -> Head {
        Head(index as u64)
    }

    /// Returns the index in a word. It came from a `usize`, so it fits.
    #[inline]
    pub(crate) const fn index(self, head: Head) -> usize {
        (head.0 & self.index_mask()) as usize
    }

    /// Returns the word after a push that puts `index` on top. The tag stays.
    #[inline]
    pub(crate) const fn pushed(self, head: Head, index: usize) -> Head {
        Head(head.0 & !self.index_mask() | index as u64)
    }

    /// Returns the word after a pop of `count` blocks that leaves `index` on top. The tag increases
    /// by `count`, so it counts all popped blocks, and it always changes.
    #[inline]
    pub(crate) const fn popped(self, head: Head, index: usize, count: usize) -> Head {
        let step = (count as u64) << self.index_bits;
        // A multiple of the tag's range would not change the tag.
        let step = if step == 0 { 1 << self.index_bits } else { step };
        self.pushed(Head(head.0.wrapping_add(step)), index)
    }

    /// Returns the number of blocks popped between two words, modulo the range of the tag.
    #[cfg(any(feature = "std", test))]
    pub(crate) const fn popped_between(self, earlier: Head, later: Head) -> u64 {
        ((later.0 >> self.index_bits).wrapping_sub(earlier.0 >> self.index_bits) << self.index_bits)
            >> self.index_bits
    }
}

impl Head {
    #[inline]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) const fn bits(self) -> u64 {
        self.0
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn index_gets_the_bits_it_needs_and_the_tag_all_others() {
        let bits = |capacity| HeadFormat::new(capacity).index_bits;
        assert_eq!([1, 2, 3, 4, 1000, 1022, 1023, 1024].map(bits), [2, 2, 3, 3, 10, 10, 11, 11]);
        // The index isize::MAX + 1 needs every bit of a usize; the tag keeps one.
        assert_eq!(bits(isize::MAX as usize), usize::BITS.min(u64::BITS - 1));
    }

    proptest! {
        #[test]
        fn round_trip(capacity in 1..=isize::MAX as usize, a: usize, b: usize, word: u64) {
            let format = HeadFormat::new(capacity);
            let (a, b) = (a % (capacity + 1), b % (capacity + 1));
            let head = format.pushed(Head::from_bits(word), a);
            prop_assert_eq!(format.index(head), a);
            let after = format.popped(head, b, 1);
            prop_assert_eq!(format.index(after), b);
            prop_assert_eq!(format.index(format.first(a)), a);
        }

        /// Invariant 7: pops change the tag, pushes do not, and the tag has all other bits.
        #[test]
        fn tag_counts_popped_blocks(
            capacity in 1..=(isize::MAX as usize) >> 8,
            word: u64,
            counts in proptest::collection::vec(1..50_usize, 1..5),
        ) {
            let format = HeadFormat::new(capacity);
            let start = Head::from_bits(word);
            let mut head = start;
            for &count in &counts {
                head = format.pushed(format.popped(head, 0, count), capacity);
            }
            let total = counts.iter().sum::<usize>() as u64;
            let range = 1_u64 << (u64::BITS - format.index_bits);
            prop_assert_eq!(format.popped_between(start, head), total % range);
        }

        #[test]
        fn tag_always_moves(capacity in 1..=isize::MAX as usize, word: u64, count in 1..=usize::MAX) {
            let format = HeadFormat::new(capacity);
            let head = Head::from_bits(word);
            prop_assert_ne!(format.popped_between(head, format.popped(head, 0, count)), 0);
        }
    }
}
