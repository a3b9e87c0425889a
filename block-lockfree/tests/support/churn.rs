//! Allocations and frees in random order.

use block_lockfree::LockFreeAlloc;

use crate::support::Stamped;

/// A small generator of pseudorandom numbers (splitmix64).
pub struct Random(pub u64);

impl Random {
    /// Returns a number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}

/// Allocates and frees blocks in random order, in `calls` steps. Holds at most `most` blocks, and
/// requires that every allocation succeeds. Leaves the allocated blocks in `held`.
pub fn churn<'a>(
    pool: &'a LockFreeAlloc,
    held: &mut Vec<Stamped<'a>>,
    (most, calls, seed): (usize, usize, usize),
    mut between: impl FnMut(&mut Random),
) {
    let mut random = Random(seed as u64);
    let mut wanted = most; // allocates `most` blocks first
    for _ in 0..calls {
        between(&mut random);
        if held.len() < wanted {
            held.push(Stamped::must(pool));
        } else if held.len() > wanted {
            let chosen = random.below(held.len());
            drop(held.swap_remove(chosen));
        } else {
            wanted = random.below(most + 1);
        }
    }
}
