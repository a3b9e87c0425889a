//! Where blocks lie, for every source of memory and every alignment (invariants 4 and 6).

#![cfg(feature = "alloc")]

use std::mem::MaybeUninit;
use std::ptr::NonNull;

#[cfg(feature = "std")]
use block_core::HugePages;
use block_core::{BlockIndex, BlockLayout, Region};

const BLOCK_SIZES: [usize; 5] = [1, 3, 64, 1500, 4096];
const ALIGNMENTS: [usize; 4] = [1, 4096, 64 << 10, 2 << 20];
const CAPACITY: usize = 5;

/// Every layout of the tests: each size at its default alignment and at each given one.
fn layouts() -> impl Iterator<Item = BlockLayout> {
    BLOCK_SIZES.into_iter().flat_map(|size| {
        let default = BlockLayout::new(size, CAPACITY).unwrap();
        let aligned = ALIGNMENTS.map(|align| default.with_align(align).unwrap());
        [default].into_iter().chain(aligned)
    })
}

/// Memory for a region that is as far off the alignment as memory can be, and not zero.
fn static_memory(layout: &BlockLayout) -> &'static mut [MaybeUninit<u8>] {
    let needed = Region::static_bytes(layout);
    let memory =
        Box::leak(vec![MaybeUninit::new(0xff); needed + layout.align()].into_boxed_slice());
    let ahead = memory.as_ptr().addr().wrapping_neg() & (layout.align() - 1);
    &mut memory[(ahead + 1) % layout.align()..][..needed]
}

/// The bytes of a block.
fn bytes(region: &mut Region, index: usize) -> &mut [u8] {
    let block = region.block(BlockIndex::new(index));
    // SAFETY: a block is valid for its size and initialised (invariants 4 and 6); the test is its
    // only holder, and the slice borrows the region.
    unsafe { NonNull::slice_from_raw_parts(block, region.layout().block_size()).as_mut() }
}

fn blocks_are_where_the_layout_says(region: &mut Region) {
    let layout = *region.layout();
    let base = region.block(BlockIndex::new(0)).addr().get();
    assert_eq!(layout.stride(), layout.block_size().next_multiple_of(layout.align()));
    for index in 0..layout.capacity() {
        let block = region.block(BlockIndex::new(index));
        let address = block.addr().get();
        assert_eq!(address % layout.align(), 0, "{layout:?}: block {index} at {address:#x}");
        assert_eq!(address - base, index * layout.stride(), "{layout:?}: block {index}");
        assert_eq!(region.locate(block), Ok(BlockIndex::new(index)), "{layout:?}");
        assert!(bytes(region, index).iter().all(|&byte| byte == 0), "{layout:?}: block {index}");
    }
}

fn blocks_are_writable_to_the_last_byte_and_apart(region: &mut Region) {
    let layout = *region.layout();
    for index in 0..layout.capacity() {
        bytes(region, index).fill(index as u8 + 1);
    }
    for index in 0..layout.capacity() {
        let expected = index as u8 + 1;
        assert!(bytes(region, index).iter().all(|&byte| byte == expected), "{layout:?}: {index}");
    }
}

#[test]
fn blocks_of_a_mapping_are_bounded_aligned_zero_and_apart() {
    for layout in layouts() {
        let mut region = Region::map(layout).unwrap();
        blocks_are_where_the_layout_says(&mut region);
        blocks_are_writable_to_the_last_byte_and_apart(&mut region);
    }
}

#[test]
fn blocks_of_the_heap_are_bounded_aligned_zero_and_apart() {
    // Memory that the heap used before must come back as zeros.
    drop(vec![0xff_u8; 1 << 16]);
    for layout in layouts() {
        let mut region = Region::heap(layout).unwrap();
        blocks_are_where_the_layout_says(&mut region);
        blocks_are_writable_to_the_last_byte_and_apart(&mut region);
    }
}

#[test]
fn blocks_of_static_memory_are_bounded_aligned_zero_and_apart() {
    for layout in layouts() {
        let memory = static_memory(&layout);
        let within = memory.as_ptr_range();
        let mut region = Region::from_static(layout, memory).unwrap();
        let first = region.block(BlockIndex::new(0)).as_ptr().cast_const().cast();
        let last = bytes(&mut region, CAPACITY - 1).as_ptr_range().end.cast();
        assert!(within.start <= first && last <= within.end, "{layout:?}");
        blocks_are_where_the_layout_says(&mut region);
        blocks_are_writable_to_the_last_byte_and_apart(&mut region);
    }
}

#[test]
#[cfg(feature = "std")]
fn every_option_keeps_blocks_bounded_aligned_zero_and_apart() {
    for layout in layouts() {
        for options in [
            Region::options().prefault(true),
            Region::options().huge_pages(HugePages::Transparent),
            Region::options().huge_pages(HugePages::Transparent).prefault(true),
            Region::options().zero_on_release(true),
        ] {
            let mut region = options.map(layout).unwrap();
            blocks_are_where_the_layout_says(&mut region);
            blocks_are_writable_to_the_last_byte_and_apart(&mut region);
        }
    }
}

#[test]
#[cfg(feature = "std")]
fn transparent_huge_pages_start_at_a_huge_page() {
    // Systems align mappings of whole huge pages by themselves, and others by chance.
    for bytes in [2 << 20, (5 << 20) + 4096] {
        let layout = BlockLayout::new(4096, bytes / 4096).unwrap();
        let map = |()| Region::options().huge_pages(HugePages::Transparent).map(layout).unwrap();
        for region in [(); 8].map(map) {
            assert_eq!(region.block(BlockIndex::new(0)).addr().get() % (2 << 20), 0);
        }
    }
}

#[test]
fn a_region_is_printed_with_its_layout() {
    let text = format!("{:?}", Region::map(BlockLayout::new(1500, 7).unwrap()).unwrap());
    for part in ["Region", "block_size: 1500", "capacity: 7", "zero_on_release: false"] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}

#[test]
fn a_region_can_move_and_keeps_its_blocks() {
    let region = Region::map(BlockLayout::new(64, 4).unwrap()).unwrap();
    let before = region.block(BlockIndex::new(3));
    let moved = Box::new(region);
    assert_eq!(moved.block(BlockIndex::new(3)), before);
    let region = std::thread::spawn(move || *moved).join().unwrap();
    assert_eq!(region.block(BlockIndex::new(3)), before);
}

#[test]
#[should_panic(expected = "there is no block 16: the region has 16 blocks")]
fn the_block_one_past_the_last_is_refused_by_number() {
    let region = Region::map(BlockLayout::new(64, 16).unwrap()).unwrap();
    let _ = region.block(BlockIndex::new(16));
}

#[test]
#[should_panic(expected = "the region has 16 blocks")]
fn a_number_whose_offset_wraps_is_refused() {
    let region = Region::map(BlockLayout::new(64, 16).unwrap()).unwrap();
    // Times the stride, this is 2^BITS: block 0 again, were the number not compared.
    let _ = region.block(BlockIndex::new(1 << (usize::BITS - 6)));
}
