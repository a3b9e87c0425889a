//! Sizes, counts and alignments that no layout has: each is refused by its own error, which names it.

use block_core::{BlockLayout, LayoutError};

const LIMIT: usize = isize::MAX as usize;
/// Half of the bits of an address: the product of two such numbers is one too many for a word.
const HALF: usize = 1 << (usize::BITS / 2);

#[track_caller]
fn is_too_large(block_size: usize, capacity: usize) {
    let error = BlockLayout::new(block_size, capacity).unwrap_err();
    assert!(
        matches!(error, LayoutError::TooLarge { block_size: size, capacity: count, .. }
            if (size, count) == (block_size, capacity)),
        "{error:?}"
    );
}

#[track_caller]
fn is_no_alignment(align: usize) {
    for layout in [BlockLayout::new(1, 1), BlockLayout::new(24, 1000)].map(Result::unwrap) {
        assert_eq!(layout.with_align(align), Err(LayoutError::BadAlign { align }));
    }
}

#[test]
fn zero_blocks_are_refused() {
    for block_size in [1, 64, LIMIT] {
        assert_eq!(BlockLayout::new(block_size, 0), Err(LayoutError::ZeroCapacity));
    }
}

#[test]
fn a_block_size_of_zero_is_refused() {
    for capacity in [0, 1, LIMIT] {
        assert_eq!(BlockLayout::new(0, capacity), Err(LayoutError::ZeroBlockSize));
    }
}

#[test]
fn size_times_capacity_beyond_usize_is_refused() {
    for (block_size, capacity) in
        [(HALF, HALF), (usize::MAX, usize::MAX), (usize::MAX, 1), (LIMIT, 3), (3, usize::MAX / 2)]
    {
        is_too_large(block_size, capacity);
    }
}

#[test]
fn size_times_capacity_beyond_u32_is_kept_whole_or_refused() {
    for (block_size, capacity) in [(1 << 16, 1 << 16), (1 << 20, (1 << 12) + 1), (1, 1 << 32)]
        .map(|(size, capacity): (u64, u64)| (size as usize, usize::try_from(capacity)))
    {
        // In 32 bits such a capacity cannot even be asked for.
        let Ok(capacity) = capacity else { continue };
        if cfg!(target_pointer_width = "32") {
            is_too_large(block_size, capacity);
            continue;
        }
        let layout = BlockLayout::new(block_size, capacity).unwrap();
        assert_eq!((layout.stride(), layout.capacity()), (block_size, capacity));
        assert_eq!(layout.region_bytes(), block_size * capacity);
        assert!(layout.region_bytes() > u32::MAX as usize);
    }
}

#[test]
fn size_times_capacity_beyond_isize_max_is_refused() {
    assert!(BlockLayout::new(1, LIMIT).is_ok());
    is_too_large(1, LIMIT + 1);
    is_too_large(2, LIMIT / 2 + 1);
    is_too_large(LIMIT, 1); // rounded up to 64
    is_too_large(LIMIT - 63, 2);
}

#[test]
fn an_alignment_of_zero_is_refused() {
    is_no_alignment(0);
}

#[test]
fn an_alignment_that_is_no_power_of_two_is_refused() {
    [3, 6, 24, 4095, 4097, LIMIT, usize::MAX].into_iter().for_each(is_no_alignment);
}

#[test]
#[cfg(feature = "alloc")]
fn an_alignment_above_a_page_is_kept_by_every_block() {
    use block_core::{BlockIndex, Region};
    // Pages have 4 to 64 KiB.
    for align in [1 << 13, 1 << 17, 1 << 21] {
        let layout = BlockLayout::new(100, 5).unwrap().with_align(align).unwrap();
        assert_eq!((layout.align(), layout.stride()), (align, align));
        for region in [Region::map(layout), Region::heap(layout)].map(Result::unwrap) {
            for index in 0..5 {
                let block = region.block(BlockIndex::new(index));
                assert_eq!(block.addr().get() % align, 0, "block {index} of {layout:?}");
            }
        }
    }
}

#[test]
fn each_refusal_says_what_is_wrong_also_where_nothing_can_be_formatted() {
    for (layout, part) in [
        (BlockLayout::new(0, 1), "block size is 0"),
        (BlockLayout::new(1, 0), "capacity is 0"),
        (BlockLayout::new(1, 1).and_then(|layout| layout.with_align(3)), "not a power of two"),
        (BlockLayout::new(LIMIT, 2), "isize::MAX"),
    ] {
        let error = layout.unwrap_err();
        assert!(error.message().contains(part), "{:?} of {error:?}", error.message());
        assert!(error.to_string().contains(part), "{error}");
    }
}
