//! What an allocation is answered with, beside the address of its block.

use core::alloc::Layout;
use core::ptr::{self, NonNull};

/// The length to tell of for a block when `asked` bytes of it were asked for: all of it, or up to 8
/// bytes less.
///
/// hashbrown, 0.17.2 at least, places the control bytes of a table at a multiple of 16 behind its
/// entries, and forgets the gap between them when it is told of more than it asked for. With
/// entries of an odd size it then writes 8 bytes past the end of `16 * n` to `16 * n + 7` bytes. So
/// no such length is told of, unless it is the very one that was asked for.
#[inline]
pub(super) fn offered(block_size: usize, asked: usize) -> usize {
    let told = if block_size % 16 < 8 { (block_size & !15).saturating_sub(1) } else { block_size };
    told.max(asked)
}

/// What an allocation of no bytes gets: an aligned address, and no block.
#[inline]
pub(super) fn nothing(layout: Layout) -> NonNull<[u8]> {
    let address = ptr::without_provenance_mut(layout.align());
    // SAFETY: an alignment is not zero.
    NonNull::slice_from_raw_parts(unsafe { NonNull::new_unchecked(address) }, 0)
}

#[cfg(test)]
mod tests {
    use super::offered;

    /// Invariant 4, through a map that believes the length.
    #[test]
    fn no_length_that_a_map_takes_for_more_is_offered_unasked() {
        for block_size in 1..500 {
            for asked in 1..=block_size {
                let told = offered(block_size, asked);
                assert!((asked..=block_size).contains(&told), "{told} of {block_size}");
                assert!(told + 8 >= block_size, "{told} of {block_size} wastes too much");
                assert!(told == asked || told % 16 >= 8, "{told} of {block_size} for {asked}");
            }
        }
    }
}
