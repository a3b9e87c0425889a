//! Regions in the caller's memory: how many bytes they need, and what they refuse.
//!
//! Needs no feature: neither a heap nor an operating system is behind these regions.

use std::mem::MaybeUninit;

use block_core::{BlockIndex, BlockLayout, HugePages, Region, RegionError};

/// `bytes` bytes, not zero, that start `offset` bytes after a multiple of `align`.
fn memory_at(align: usize, offset: usize, bytes: usize) -> &'static mut [MaybeUninit<u8>] {
    let memory = vec![MaybeUninit::new(0xff); align + offset + bytes];
    let memory = Box::leak(memory.into_boxed_slice());
    let ahead = memory.as_ptr().addr().wrapping_neg() & (align - 1);
    &mut memory[ahead + offset..][..bytes]
}

fn layouts() -> impl Iterator<Item = BlockLayout> {
    [(1, 1, 1), (1, 7, 1), (3, 5, 1), (12, 4, 4), (64, 4, 64), (100, 3, 128), (1, 2, 4096)]
        .into_iter()
        .map(|(size, count, align)| {
            BlockLayout::new(size, count).unwrap().with_align(align).unwrap()
        })
}

/// What the blocks' memory is aligned to: with words for shared blocks, at least as they are.
fn align_of(layout: &BlockLayout) -> usize {
    if cfg!(feature = "bytes") { layout.align().max(size_of::<usize>()) } else { layout.align() }
}

/// Bytes of the blocks and of what is known of each, without those to align them.
fn least_bytes(layout: &BlockLayout) -> usize {
    let (blocks, capacity, word) = (layout.region_bytes(), layout.capacity(), size_of::<usize>());
    let words = if cfg!(feature = "bytes") {
        blocks.next_multiple_of(word) - blocks + capacity * word
    } else {
        0
    };
    blocks + words + capacity
}

#[test]
fn static_bytes_suffice_at_every_misalignment() {
    for layout in layouts() {
        for offset in 0..align_of(&layout) {
            let memory = memory_at(align_of(&layout), offset, Region::static_bytes(&layout));
            let within = memory.as_ptr_range();
            let region = Region::from_static(layout, memory).unwrap();
            let base = region.block(BlockIndex::new(0)).as_ptr().cast_const();
            assert_eq!(base.addr() % layout.align(), 0, "{layout:?} at {offset}");
            // The metadata follows the blocks.
            let end = base.addr() + least_bytes(&layout);
            assert!(within.start.addr() <= base.addr() && end <= within.end.addr(), "{layout:?}");
        }
    }
}

#[test]
fn one_byte_less_is_too_small_at_the_worst_misalignment_and_the_error_says_by_how_much() {
    for layout in layouts() {
        let needed = Region::static_bytes(&layout);
        let worst = 1 % align_of(&layout);
        let error = Region::from_static(layout, memory_at(align_of(&layout), worst, needed - 1));
        let error = error.unwrap_err();
        assert_eq!(error, RegionError::MemoryTooSmall { needed, given: needed - 1 });
        let message = error.to_string();
        assert!(message.contains(&needed.to_string()), "{message}");
        assert!(message.contains(&(needed - 1).to_string()), "{message}");
    }
}

#[test]
fn aligned_memory_needs_the_blocks_and_their_metadata_and_no_more() {
    for layout in layouts() {
        let (least, align) = (least_bytes(&layout), align_of(&layout));
        assert!(Region::from_static(layout, memory_at(align, 0, least)).is_ok());
        let needed = Region::static_bytes(&layout);
        for given in [0, 1, layout.region_bytes() - 1, layout.region_bytes(), least - 1] {
            if given < least {
                let error = Region::from_static(layout, memory_at(align, 0, given));
                let expected = RegionError::MemoryTooSmall { needed, given };
                assert_eq!(error.unwrap_err(), expected, "{layout:?}");
            }
        }
    }
}

#[test]
fn static_bytes_of_a_layout_near_the_limit_saturate_and_never_wrap() {
    let limit = isize::MAX as usize;
    for (size, capacity, align) in
        [(1, limit, 1), (limit - 63, 1, 64), (1, 1, 1 << (usize::BITS - 2))]
    {
        let layout = BlockLayout::new(size, capacity).unwrap().with_align(align).unwrap();
        let needed = Region::static_bytes(&layout);
        assert!(needed >= layout.region_bytes(), "{layout:?}");
        let error = Region::from_static(layout, memory_at(64, 0, 100)).unwrap_err();
        assert_eq!(error, RegionError::MemoryTooSmall { needed, given: 100 });
    }
}

#[test]
fn an_option_that_needs_a_mapping_is_refused_by_name() {
    let layout = BlockLayout::new(64, 4).unwrap();
    let table = [
        (Region::options().huge_pages(HugePages::Transparent), "huge pages"),
        (Region::options().huge_pages(HugePages::Explicit(2 << 20)), "huge pages"),
        (Region::options().prefault(true), "prefault"),
        (Region::options().lock_in_memory(true), "lock"),
    ];
    for (options, what) in table {
        let memory = memory_at(64, 0, Region::static_bytes(&layout));
        let refusals = [
            options.from_static(layout, memory).unwrap_err(),
            #[cfg(feature = "alloc")]
            options.heap(layout).unwrap_err(),
        ];
        for error in refusals {
            assert!(matches!(error, RegionError::Unsupported { .. }), "{error:?}");
            assert!(error.to_string().contains(what), "{error}");
            assert!(error.to_string().contains("not supported"), "{error}");
        }
    }
}

#[test]
fn zero_on_release_needs_no_mapping() {
    let layout = BlockLayout::new(64, 4).unwrap();
    let memory = memory_at(64, 0, Region::static_bytes(&layout));
    let options = Region::options().zero_on_release(true);
    assert!(options.from_static(layout, memory).unwrap().zeroes_on_release());
    #[cfg(feature = "alloc")]
    assert!(options.heap(layout).unwrap().zeroes_on_release());
}
