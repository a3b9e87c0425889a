//! The length of an allocation.

use core::alloc::Layout;
use core::ptr::{self, NonNull};

/// Returns the length of an allocation of `asked` bytes in a block: all of the block, or up to 8
/// bytes less.
///
/// hashbrown (at least 0.17.2) places the control bytes of a table at a multiple of 16 behind its
/// entries, and ignores the gap between them when the allocation is longer than requested. With
/// entries of an odd size it then writes 8 bytes past the end of `16 * n` to `16 * n + 7` bytes. So
/// this never returns such a length, unless it was requested.
#[inline]
pub(super) fn offered(block_size: usize, asked: usize) -> usize {
    let told = if block_size % 16 < 8 { (block_size & !15).saturating_sub(1) } else { block_size };
    told.max(asked)
}

/// Returns an allocation of no bytes: an aligned address without a block.
#[inline]
pub(super) fn nothing(layout: Layout) -> NonNull<[u8]> {
    let address = ptr::without_provenance_mut(layout.align());
    // SAFETY: an alignment is not zero.
    NonNull::slice_from_raw_parts(unsafe { NonNull::new_unchecked(address) }, 0)
}

#[cfg(test)]
mod tests {
    use super::offered;

    /// Invariant 4, for a map that uses the whole length.
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
