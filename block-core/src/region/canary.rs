//! The pattern in the guard behind a block.
//!
//! The pattern depends on the address of the block. So it needs no memory, and it also shows if a
//! block was copied over its neighbour together with its guard. None of its bytes is zero, so a
//! terminating zero of a string always shows.

use core::ptr::NonNull;

/// The word that fills the guard of one block, truncated at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Canary([u8; 8]);

impl Canary {
    /// Returns the canary of the block at this address.
    pub(super) fn of(block: NonNull<u8>) -> Self {
        // The odd factor of Fibonacci hashing (Knuth), with the upper half of the product folded
        // over the lower one: every part of the word depends on at least the lower 40 bits of the
        // address.
        let product = (block.addr().get() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(((product ^ product >> 32) | 0x0101_0101_0101_0101).to_ne_bytes())
    }

    /// Returns the byte at a distance from the end of the block.
    pub(super) fn byte(self, at: usize) -> u8 {
        self.0[at % self.0.len()]
    }

    pub(super) fn write(self, guard: &mut [u8]) {
        let mut words = guard.chunks_exact_mut(self.0.len());
        words.by_ref().for_each(|word| word.copy_from_slice(&self.0));
        let rest = words.into_remainder();
        rest.copy_from_slice(&self.0[..rest.len()]);
    }

    pub(super) fn is_in(self, guard: &[u8]) -> bool {
        let words = guard.chunks_exact(self.0.len());
        let rest = words.remainder();
        rest == &self.0[..rest.len()] && { words }.all(|word| word == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::vec;

    fn at(address: usize) -> Canary {
        Canary::of(NonNull::dangling().with_addr(address.try_into().unwrap()))
    }

    #[test]
    fn no_byte_is_zero_and_neighbours_differ() {
        let base = 0x7f12_3450 << (usize::BITS / 4);
        for stride in [1, 16, 80, 1536, 4160] {
            let all: vec::Vec<_> = (0..1000).map(|index| at(base + index * stride)).collect();
            assert!(all.iter().all(|canary| canary.0.iter().all(|&byte| byte != 0)));
            let differing: HashSet<_> = all.iter().map(|canary| canary.0).collect();
            assert_eq!(differing.len(), all.len(), "stride {stride}");
        }
    }

    #[test]
    fn a_change_of_any_byte_is_found() {
        for len in 1..40 {
            let canary = at(4096 + len);
            let mut guard = vec![0; len];
            canary.write(&mut guard);
            assert!(canary.is_in(&guard));
            for position in 0..len {
                assert_eq!(guard[position], canary.byte(position));
                for wrong in [0, !canary.byte(position)] {
                    guard[position] = wrong;
                    assert!(!canary.is_in(&guard), "byte {position} of {len}");
                }
                guard[position] = canary.byte(position);
            }
        }
    }
}
