//! Cuts a region into slices of whole blocks that start on a page.
//!
//! ```text
//! offset 0             slice_bytes          2 * slice_bytes  region_bytes
//! |<------ slice 0 ----->|<------ slice 1 ----->|<- slice 2 ->|
//! | b | b | b | b |  ... | b | b | b | b |  ... | b | b | ... |
//! page                   page                   page
//! ```
//!
//! A cut is between two blocks and on a page, so at a common multiple of the stride and the page
//! size: one after every group of `page / gcd(stride, page)` blocks.

use super::FixedBuffersError;
use crate::BlockLayout;

/// The limits of a slice. The page size is a power of two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) page_size: usize,
    pub(super) slice_bytes: usize,
    pub(super) slices: usize,
}

/// The cuts of one region. All slices have the same length, except the last, which may be shorter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cuts {
    slice_bytes: usize,
    region_bytes: usize,
}

impl Cuts {
    /// Creates slices as long as the limits allow, for a region that starts on a page.
    pub(super) fn new(layout: &BlockLayout, limits: Limits) -> Result<Self, FixedBuffersError> {
        let (stride, region_bytes) = (layout.stride(), layout.region_bytes());
        let Limits { page_size, slice_bytes: limit, slices: most } = limits;
        if stride > limit {
            return Err(FixedBuffersError::BlockTooLarge { stride, limit });
        }
        let slice_bytes = if region_bytes <= limit {
            region_bytes // nothing to cut
        } else {
            // The greatest common divisor with a power of two is a power of two.
            let group = page_size >> (stride | page_size).trailing_zeros();
            let fitting = limit / stride;
            if group > fitting {
                return Err(FixedBuffersError::GroupTooLarge { group, stride, page_size, limit });
            }
            (fitting - fitting % group) * stride
        };
        let cuts = Self { slice_bytes, region_bytes };
        if cuts.len() > most {
            return Err(FixedBuffersError::TooMany { buffers: cuts.len(), limit: most });
        }
        Ok(cuts)
    }

    /// Returns the number of slices, which is never 0.
    pub(super) const fn len(self) -> usize {
        self.region_bytes.div_ceil(self.slice_bytes)
    }

    /// Returns the start of a slice, for a number below `len`.
    pub(super) const fn start(self, slice: usize) -> usize {
        slice * self.slice_bytes
    }

    /// Returns the number of bytes of a slice, for a number below `len`.
    pub(super) const fn bytes(self, slice: usize) -> usize {
        let rest = self.region_bytes - self.start(slice);
        if rest < self.slice_bytes { rest } else { self.slice_bytes }
    }

    /// Returns the slice of an offset of the region, and the offset in that slice.
    #[inline]
    pub(super) const fn at(self, offset: usize) -> (usize, usize) {
        (offset / self.slice_bytes, offset % self.slice_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cuts(
        stride: usize,
        capacity: usize,
        page_size: usize,
        slice_bytes: usize,
    ) -> Result<Cuts, FixedBuffersError> {
        let layout = BlockLayout::new(stride, capacity).unwrap().with_align(1).unwrap();
        assert_eq!(layout.stride(), stride);
        Cuts::new(&layout, Limits { page_size, slice_bytes, slices: 100 })
    }

    proptest! {
        #[test]
        fn slices_cover_the_region_in_order_and_no_block_straddles_two(
            stride in 1..200_usize,
            capacity in 1..600_usize,
            page_size in (0..8_u32).prop_map(|power| 1 << power),
            limit in 1..6000_usize,
        ) {
            let Ok(cuts) = cuts(stride, capacity, page_size, limit) else { return Ok(()) };
            let mut end = 0;
            for slice in 0..cuts.len() {
                prop_assert_eq!(cuts.start(slice), end, "slice {} follows the last", slice);
                prop_assert_eq!(end % page_size, 0, "slice {} starts on a page", slice);
                prop_assert!((1..=limit).contains(&cuts.bytes(slice)), "slice {}", slice);
                end += cuts.bytes(slice);
            }
            prop_assert_eq!(end, stride * capacity);
            for block in 0..capacity {
                let (slice, offset) = cuts.at(block * stride);
                prop_assert_eq!(cuts.start(slice) + offset, block * stride, "block {}", block);
                prop_assert!(offset + stride <= cuts.bytes(slice), "block {} straddles", block);
            }
        }

        #[test]
        fn slices_are_as_long_as_the_limit_and_the_pages_allow(
            stride in 1..200_usize,
            capacity in 1..600_usize,
            page_size in (0..8_u32).prop_map(|power| 1 << power),
            limit in 1..6000_usize,
        ) {
            let bytes = stride * capacity;
            let on_a_page = |&blocks: &usize| blocks * stride % page_size == 0;
            let longest = (1..=limit / stride).rev().find(on_a_page).map(|blocks| blocks * stride);
            match (cuts(stride, capacity, page_size, limit), longest) {
                (Ok(cuts), _) if bytes <= limit => prop_assert_eq!(cuts.bytes(0), bytes),
                (Ok(cuts), longest) => prop_assert_eq!(Some(cuts.bytes(0)), longest),
                (Err(FixedBuffersError::BlockTooLarge { .. }), _) => prop_assert!(stride > limit),
                (Err(FixedBuffersError::GroupTooLarge { group, .. }), None) => {
                    prop_assert!(bytes > limit && stride <= limit);
                    prop_assert_eq!((1..).find(on_a_page), Some(group));
                }
                (Err(FixedBuffersError::TooMany { buffers, .. }), Some(longest)) => {
                    prop_assert_eq!(buffers, bytes.div_ceil(longest));
                    prop_assert!(buffers > 100);
                }
                (other, _) => prop_assert!(false, "{:?}, longest: {:?}", other, longest),
            }
        }
    }

    #[test]
    fn the_limits_are_exact() {
        // A page of 4, blocks of 6: a cut after every 2 blocks, at most 4 in a slice.
        let shape = |capacity| cuts(6, capacity, 4, 30).map(|cuts| (cuts.len(), cuts.bytes(0)));
        assert_eq!(shape(5), Ok((1, 30)));
        assert_eq!(shape(6), Ok((2, 24)));
        assert_eq!(shape(400), Ok((100, 24)));
        assert_eq!(shape(401), Err(FixedBuffersError::TooMany { buffers: 101, limit: 100 }));
    }
}
