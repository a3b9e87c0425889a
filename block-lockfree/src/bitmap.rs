//! A set of small numbers, a bit each: the lowest free one is claimed, and is free again when its owner
//! gives it back.
//!
//! What an owner did before it gave its number back happens before its next owner gets it: that is a
//! Release, and the claim an Acquire, on one word whose other changes are read-modify-writes, too, so
//! that a claim or a return of another number between them does not break the chain.

use crate::sync::{Ordering, StaticUsize};

/// Numbers of a word.
pub(crate) const WORD: usize = usize::BITS as usize;

/// The lowest number that nobody has.
pub(crate) fn claim(taken: &[StaticUsize]) -> Option<usize> {
    for (position, word) in taken.iter().enumerate() {
        // Acquire: pairs with the Release in which the last owner gave the number up.
        let claimed = word.fetch_update(Ordering::Acquire, Ordering::Relaxed, |taken| {
            (taken != usize::MAX).then(|| taken | (taken + 1))
        });
        if let Ok(taken) = claimed {
            return Some(position * WORD + taken.trailing_ones() as usize);
        }
    }
    None
}

/// Frees a number. The caller is its owner, and does not use it any more.
pub(crate) fn give_back(taken: &[StaticUsize], number: usize) {
    // Release: pairs with the Acquire of the next claim.
    taken[number / WORD].fetch_and(!(1 << (number % WORD)), Ordering::Release);
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use core::array;

    #[test]
    fn the_lowest_free_number_is_claimed_and_no_other_one_moves() {
        let taken: [StaticUsize; 3] = array::from_fn(|_| StaticUsize::new(0));
        for number in 0..3 * WORD {
            assert_eq!(claim(&taken), Some(number));
        }
        assert_eq!(claim(&taken), None);
        for pair in [[1, 4], [WORD, WORD + 1], [5, 2 * WORD + 3]] {
            pair.into_iter().rev().for_each(|number| give_back(&taken, number));
            assert_eq!(pair.map(|_| claim(&taken)), pair.map(Some));
            assert_eq!(claim(&taken), None);
        }
    }
}
