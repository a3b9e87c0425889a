//! A set of small numbers, one bit each. The lowest free number is allocated first.
//!
//! Everything that an owner did before it freed its number happens before the next owner allocates
//! it: a Release and an Acquire on one word. All other changes of the word are read-modify-writes,
//! so they do not end the release sequence.

use crate::sync::{Ordering, StaticUsize};

/// The number of bits in a word.
pub(crate) const WORD: usize = usize::BITS as usize;

/// Allocates the lowest free number.
pub(crate) fn allocate(taken: &[StaticUsize]) -> Option<usize> {
    for (position, word) in taken.iter().enumerate() {
        // Acquire: pairs with the Release in `free`.
        let before = word.fetch_update(Ordering::Acquire, Ordering::Relaxed, |taken| {
            (taken != usize::MAX).then(|| taken | (taken + 1))
        });
        if let Ok(taken) = before {
            return Some(position * WORD + taken.trailing_ones() as usize);
        }
    }
    None
}

/// Frees a number. The caller is its owner and does not use it any more.
pub(crate) fn free(taken: &[StaticUsize], number: usize) {
    // Release: pairs with the Acquire in `allocate`.
    taken[number / WORD].fetch_and(!(1 << (number % WORD)), Ordering::Release);
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use core::array;

    #[test]
    fn the_lowest_free_number_is_allocated_and_no_other_changes() {
        let taken: [StaticUsize; 3] = array::from_fn(|_| StaticUsize::new(0));
        for number in 0..3 * WORD {
            assert_eq!(allocate(&taken), Some(number));
        }
        assert_eq!(allocate(&taken), None);
        for pair in [[1, 4], [WORD, WORD + 1], [5, 2 * WORD + 3]] {
            pair.into_iter().rev().for_each(|number| free(&taken, number));
            assert_eq!(pair.map(|_| allocate(&taken)), pair.map(Some));
            assert_eq!(allocate(&taken), None);
        }
    }
}
