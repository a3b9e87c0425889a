//! `Region::locate` against division: for every stride and address, the answer that `/` and `%`
//! give (invariants 4 and 5).

#![cfg(feature = "std")]

#[path = "support/seeds.rs"]
mod seeds;

use std::ptr::NonNull;

use block_core::{BlockIndex, BlockLayout, FreeError, Region};
use proptest::prelude::*;
use seeds::config;

/// A size of half as many bits as an address has.
const HALF_WORD: usize = 1 << (usize::BITS / 2 - 2);
/// What a region of these tests may reserve: 256 GiB of a 64-bit address space.
const MOST: usize = 1 << (usize::BITS / 2 + 6);

/// Strides of every kind: 1, odd, even, powers of two, with and without padding, huge.
fn layouts() -> impl Strategy<Value = BlockLayout> {
    let sizes = prop_oneof![
        Just(1_usize),
        1..100_usize,
        (0..24_u32).prop_map(|shift| 1 << shift),
        (1..50_000_usize).prop_map(|half| 2 * half),
        (1..50_000_usize).prop_map(|half| 2 * half + 1),
        HALF_WORD - 100..HALF_WORD,
    ];
    let aligns = prop_oneof![Just(1_usize), Just(1), (0..14_u32).prop_map(|shift| 1 << shift)];
    let capacities = prop_oneof![Just(1_usize), 1..5_usize, 1..2000_usize];
    (sizes, aligns, capacities).prop_map(|(size, align, capacity)| {
        let capacity = capacity.min(MOST / size.max(align)).max(1);
        BlockLayout::new(size, capacity).unwrap().with_align(align).unwrap()
    })
}

/// An address relative to a region: `block` strides from its base, and `off` bytes from there.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Near the start or the end of a block of the region, or of one beyond either end of it.
    Near { block: prop::sample::Index, off: isize },
    /// Anywhere in the region.
    Inside(prop::sample::Index),
    /// Near the ends of the region.
    Ends { last: bool, off: isize },
    /// Anywhere at all.
    Anywhere(usize),
    /// Anywhere at all, but a multiple of the stride from the base.
    AnyMultiple(usize),
}

fn places() -> impl Strategy<Value = Place> {
    let off = || -3..=3_isize;
    prop_oneof![
        (any::<prop::sample::Index>(), off()).prop_map(|(block, off)| Place::Near { block, off }),
        any::<prop::sample::Index>().prop_map(Place::Inside),
        (any::<bool>(), off()).prop_map(|(last, off)| Place::Ends { last, off }),
        any::<usize>().prop_map(Place::Anywhere),
        any::<usize>().prop_map(Place::AnyMultiple),
    ]
}

impl Place {
    fn address(self, base: usize, layout: &BlockLayout) -> usize {
        let stride = layout.stride();
        match self {
            // Two blocks more at each end than there are.
            Self::Near { block, off } => base
                .wrapping_add(block.index(layout.capacity() + 4).wrapping_mul(stride))
                .wrapping_sub(2 * stride)
                .wrapping_add_signed(off),
            Self::Inside(byte) => base + byte.index(layout.region_bytes()),
            Self::Ends { last, off } => {
                let end = if last { layout.region_bytes() } else { 0 };
                (base + end).wrapping_add_signed(off)
            }
            Self::Anywhere(address) => address,
            Self::AnyMultiple(factor) => base.wrapping_add(factor.wrapping_mul(stride)),
        }
    }
}

/// What the documentation of `locate` says, in the words of school arithmetic.
fn by_division(base: usize, layout: &BlockLayout, address: usize) -> Result<usize, FreeError> {
    match address.checked_sub(base) {
        None => Err(FreeError::Foreign),
        Some(offset) if offset >= layout.region_bytes() => Err(FreeError::Foreign),
        Some(offset) if offset % layout.stride() != 0 => Err(FreeError::NotBlockStart),
        Some(offset) => Ok(offset / layout.stride()),
    }
}

fn pointer(address: usize) -> Option<NonNull<u8>> {
    NonNull::new(std::ptr::without_provenance_mut(address))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn locate_agrees_with_division(
        layout in layouts(),
        places in prop::collection::vec(places(), 1..200),
    ) {
        let region = Region::map(layout).unwrap();
        let base = region.block(BlockIndex::new(0)).addr().get();
        for place in places {
            let address = place.address(base, &layout);
            if let Some(pointer) = pointer(address) {
                let expected = by_division(base, &layout, address).map(BlockIndex::new);
                prop_assert_eq!(region.locate(pointer), expected, "{:?} {:#x}", place, address);
            }
        }
    }

    #[test]
    fn blocks_and_numbers_are_one_to_one(
        layout in layouts(),
        numbers in prop::collection::vec(any::<prop::sample::Index>(), 1..200),
    ) {
        let region = Region::map(layout).unwrap();
        let base = region.block(BlockIndex::new(0)).addr().get();
        for index in numbers.into_iter().map(|number| number.index(layout.capacity())) {
            let index = BlockIndex::new(index);
            let block = region.block(index);
            prop_assert_eq!(block.addr().get(), base + index.get() * layout.stride());
            prop_assert_eq!(block.addr().get() % layout.align(), 0);
            prop_assert_eq!(region.locate(block), Ok(index));
            // SAFETY: a block of this region.
            prop_assert_eq!(unsafe { region.index_of(block) }, index);
        }
    }
}

#[test]
fn every_byte_of_a_small_region_and_around_it_is_told_apart() {
    for (size, align, capacity) in [(1, 1, 7), (3, 1, 5), (3, 4, 5), (12, 4, 6), (24, 16, 3)] {
        let layout = BlockLayout::new(size, capacity).unwrap().with_align(align).unwrap();
        let region = Region::map(layout).unwrap();
        let base = region.block(BlockIndex::new(0)).addr().get();
        for address in base - 200..base + layout.region_bytes() + 200 {
            let expected = by_division(base, &layout, address).map(BlockIndex::new);
            let found = region.locate(pointer(address).unwrap());
            assert_eq!(found, expected, "{layout:?} at {}", address.wrapping_sub(base) as isize);
        }
    }
}
