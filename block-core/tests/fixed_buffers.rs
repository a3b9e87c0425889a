//! Regions as registered buffers: whole blocks on whole pages, within the kernel's limits, and each
//! block found where it lies (invariant 4).

#![cfg(all(feature = "std", unix))]

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use block_core::{
    BlockAlloc, BlockAllocExt, BlockIndex, BlockLayout, FixedBuffers, FixedBuffersError, FreeError,
    Region,
};

#[path = "support/page.rs"]
mod page;
mod support;

use page::page_size;
use support::Pool;

const GIB: usize = 1 << 30;

/// Or a run that is for pages of another size could take place with the usual ones, unnoticed.
#[test]
fn pages_have_the_size_that_this_run_is_for() {
    match std::env::var("BLOCK_CORE_TEST_PAGE_SIZE") {
        Ok(expected) => assert_eq!(page_size().to_string(), expected),
        Err(_) => println!("skipped: BLOCK_CORE_TEST_PAGE_SIZE names no size"),
    }
}

fn layout(block_size: usize, capacity: usize) -> BlockLayout {
    BlockLayout::new(block_size, capacity).unwrap()
}

fn address(region: &Region, index: usize) -> usize {
    region.block(BlockIndex::new(index)).addr().get()
}

/// Each of `blocks` lies whole in the buffer that it is said to lie in, and there at its offset.
fn blocks_lie_where_they_are_said_to(
    region: &Region,
    buffers: FixedBuffers<'_>,
    blocks: impl IntoIterator<Item = usize>,
) {
    let slices: Vec<_> = buffers.iter().collect();
    for index in blocks {
        let at = buffers.of(BlockIndex::new(index));
        let slice = slices[usize::from(at.buffer)];
        assert_eq!(at.pointer, region.block(BlockIndex::new(index)), "block {index}");
        let start = slice.cast::<u8>().addr().get();
        assert_eq!(start + at.offset, at.pointer.addr().get(), "block {index}: {at:?}");
        assert!(at.offset + region.layout().stride() <= slice.len(), "block {index}: {at:?}");
        assert_eq!(buffers.locate(at.pointer), Ok(at), "block {index}");
    }
}

/// The buffers are the region from end to end, each on a page and within the limit.
fn buffers_cover(region: &Region) -> FixedBuffers<'_> {
    let buffers = region.fixed_buffers().unwrap();
    let mut end = address(region, 0);
    for slice in buffers.iter() {
        let start = slice.cast::<u8>().addr().get();
        assert_eq!(start, end, "a buffer starts where the one before it ends");
        assert_eq!(start % page_size(), 0, "a buffer starts on a page");
        assert!((1..=GIB).contains(&slice.len()), "{} bytes", slice.len());
        end = start + slice.len();
    }
    assert_eq!(end, address(region, 0) + region.layout().region_bytes());
    assert_eq!(buffers.iter().len(), buffers.len());
    buffers
}

#[test]
fn a_mapping_of_any_stride_is_one_buffer_up_to_the_limit() {
    for block_size in [1, 7, 64, 1500, 4095, 4096, 4097, 12_345, 65_536] {
        for align in [1, 64, 8192] {
            for capacity in [1, 2, 100] {
                let layout = layout(block_size, capacity).with_align(align).unwrap();
                let region = Region::map(layout).unwrap();
                let buffers = buffers_cover(&region);
                assert_eq!(buffers.len(), 1, "{layout:?}");
                blocks_lie_where_they_are_said_to(&region, buffers, 0..capacity);
            }
        }
    }
}

#[test]
fn blocks_of_the_heap_that_start_on_a_page_are_buffers() {
    for block_size in [1, 1500, 4096, 5000] {
        let layout = layout(block_size, 10).with_align(page_size()).unwrap();
        let region = Region::heap(layout).unwrap();
        blocks_lie_where_they_are_said_to(&region, buffers_cover(&region), 0..10);
    }
}

/// Reserves address space alone: nothing of it is touched.
#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn several_gib_are_several_buffers_and_no_block_straddles_two() {
    // Whole pages, a power of two below a page, odd multiples of 64 and of 1, blocks of 300 MB.
    for (block_size, align, gib) in
        [(4096, 64, 5), (256, 64, 3), (1500, 64, 4), (999, 1, 3), (300_000_000, page_size(), 4)]
    {
        let capacity = gib * GIB / block_size;
        let layout = layout(block_size, capacity).with_align(align).unwrap();
        let region = Region::map(layout).unwrap();
        let buffers = buffers_cover(&region);
        assert!(buffers.len() >= layout.region_bytes().div_ceil(GIB), "{layout:?}");
        // The blocks on both sides of each end of a buffer, and the first and the last.
        let ends = buffers.iter().map(|slice| {
            let start = slice.cast::<u8>().addr().get() - address(&region, 0);
            start / layout.stride()
        });
        let near = ends.flat_map(|first| [first.saturating_sub(1), first]);
        blocks_lie_where_they_are_said_to(&region, buffers, near.chain([0, capacity - 1]));
    }
}

#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn a_region_of_just_the_limit_is_one_buffer_and_one_more_block_makes_two() {
    for (capacity, expected) in [(GIB / 4096, 1), (GIB / 4096 + 1, 2)] {
        let region = Region::map(layout(4096, capacity)).unwrap();
        assert_eq!(buffers_cover(&region).len(), expected);
    }
}

/// What a message must name, for whoever reads it to know what to do.
#[track_caller]
fn message_names(error: FixedBuffersError, numbers: &[usize], advice: &str) {
    let message = error.to_string();
    for number in numbers {
        assert!(message.contains(&number.to_string()), "{number} is not in {message:?}");
    }
    assert!(message.contains(advice), "{advice:?} is not in {message:?}");
}

#[test]
fn a_region_that_does_not_start_on_a_page_is_refused() {
    let page = page_size();
    let layout = layout(64, 4);
    let memory = vec![MaybeUninit::uninit(); Region::static_bytes(&layout) + page].leak();
    // The first block one alignment behind the start of a page.
    let ahead = memory.as_ptr().addr().wrapping_neg() % page;
    let region = Region::from_static(layout, &mut memory[(ahead + 64) % page..]).unwrap();
    let error = region.fixed_buffers().unwrap_err();
    let start = address(&region, 0);
    assert_eq!(error, FixedBuffersError::Unaligned { address: start, page_size: page });
    message_names(error, &[page], &format!("{start:#x}"));
    message_names(error, &[], &format!("Region::map, or align its blocks by with_align({page})"));
}

/// Where the heap puts its blocks is its own affair.
#[test]
fn blocks_of_the_heap_are_refused_unless_they_start_on_a_page() {
    for capacity in [1, 100, 10_000] {
        let region = Region::heap(layout(1500, capacity)).unwrap();
        let on_a_page = address(&region, 0) % page_size() == 0;
        assert_eq!(region.fixed_buffers().is_ok(), on_a_page, "{capacity} blocks");
    }
}

#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn a_block_above_the_limit_is_refused_and_one_of_just_the_limit_is_not() {
    assert_eq!(buffers_cover(&Region::map(layout(GIB, 2)).unwrap()).len(), 2);
    let region = Region::map(layout(GIB + 1, 1)).unwrap();
    let error = region.fixed_buffers().unwrap_err();
    assert_eq!(error, FixedBuffersError::BlockTooLarge { stride: GIB + 64, limit: GIB });
    message_names(error, &[GIB + 64, GIB], "smaller blocks");
}

#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn large_blocks_with_no_page_to_cut_at_are_refused_unless_they_are_one_buffer() {
    let stride = 600 << 20 | 64;
    let region = Region::map(layout(stride, 2)).unwrap();
    let error = region.fixed_buffers().unwrap_err();
    let (page_size, group) = (page_size(), page_size() / 64);
    let expected = FixedBuffersError::GroupTooLarge { group, stride, page_size, limit: GIB };
    assert_eq!(error, expected);
    message_names(error, &[group, stride, page_size, GIB], "with_align(");

    let alone = Region::map(layout(stride, 1)).unwrap();
    assert_eq!(buffers_cover(&alone).len(), 1);
    let aligned = Region::map(layout(stride, 2).with_align(page_size).unwrap()).unwrap();
    assert_eq!(buffers_cover(&aligned).len(), 2);
}

#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn more_buffers_than_the_kernel_takes_are_refused() {
    for (buffers, taken) in [(16_384, true), (16_385, false)] {
        let Ok(region) = Region::map(layout(GIB, buffers)) else {
            return println!("skipped: this system has no 16 TiB of address space");
        };
        if taken {
            let cut = buffers_cover(&region);
            blocks_lie_where_they_are_said_to(&region, cut, [0, 255, 256, 16_383]);
            continue;
        }
        let error = region.fixed_buffers().unwrap_err();
        assert_eq!(error, FixedBuffersError::TooMany { buffers, limit: 16_384 });
        message_names(error, &[buffers, 16_384], "fewer blocks");
    }
}

#[test]
fn pointers_that_are_no_blocks_are_errors_as_for_the_region() {
    let (region, other) = (Region::map(layout(1500, 8)), Region::map(layout(1500, 8)));
    let (region, other) = (region.unwrap(), other.unwrap());
    let buffers = region.fixed_buffers().unwrap();
    let first = region.block(BlockIndex::new(0)).as_ptr();
    let at = |offset: isize| NonNull::new(first.wrapping_offset(offset)).unwrap();
    for inside in [1, 1499, 1535, 1537, 8 * 1536 - 1] {
        assert_eq!(buffers.locate(at(inside)), Err(FreeError::NotBlockStart), "offset {inside}");
    }
    for outside in [8 * 1536, 8 * 1536 + 1, -1, -1536] {
        assert_eq!(buffers.locate(at(outside)), Err(FreeError::Foreign), "offset {outside}");
    }
    let foreign = other.block(BlockIndex::new(0));
    assert_eq!(buffers.locate(foreign), Err(FreeError::Foreign));
}

#[test]
#[should_panic(expected = "there is no block 8: the region has 8 blocks")]
fn the_block_one_past_the_last_is_refused_by_number() {
    let region = Region::map(layout(1500, 8)).unwrap();
    let _ = region.fixed_buffers().unwrap().of(BlockIndex::new(8));
}

#[test]
fn any_part_of_a_held_block_is_found() {
    let pool = Pool::new(1500, 8);
    let buffers = pool.region().fixed_buffers().unwrap();
    let blocks: Vec<_> = (0..8).map(|_| pool.alloc().unwrap()).collect();
    for block in &blocks {
        let start = NonNull::from(&block[..]).cast();
        let whole = buffers.locate(start).unwrap();
        assert_eq!(buffers.of_slice(block), Ok(whole));
        for part in [0..1, 0..0, 1..1500, 700..701, 1499..1500, 1500..1500] {
            let bytes = &block[part.clone()];
            let at = buffers.of_slice(bytes).unwrap();
            assert_eq!(at.pointer.as_ptr().cast_const(), bytes.as_ptr(), "{part:?}");
            assert_eq!((at.buffer, at.offset), (0, whole.offset + part.start), "{part:?}");
        }
    }
}

#[test]
fn bytes_that_are_not_the_regions_are_errors() {
    let (pool, other) = (Pool::new(4096, 2), Pool::new(4096, 2));
    let buffers = pool.region().fixed_buffers().unwrap();
    let (foreign, blocks) = (other.alloc().unwrap(), [(); 2].map(|()| pool.alloc().unwrap()));
    for bytes in [&[][..], &[1, 2, 3], &foreign, &foreign[..0]] {
        assert_eq!(buffers.of_slice(bytes), Err(FreeError::Foreign), "{} bytes", bytes.len());
    }
    // No bytes, one past the end of the region.
    let last = blocks.iter().max_by_key(|block| block.as_ptr()).unwrap();
    assert_eq!(buffers.of_slice(&last[4096..]), Err(FreeError::Foreign));
}

/// No safe code makes such a slice; one that does it unsafely must not get half of it through.
#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn bytes_that_end_outside_their_buffer_are_errors() {
    let region = Region::map(layout(4096, GIB / 4096 + 2)).unwrap();
    let buffers = region.fixed_buffers().unwrap();
    let bytes = |first: usize, len: usize| {
        // SAFETY: zeroed bytes of the region, of which nobody writes any.
        unsafe { NonNull::slice_from_raw_parts(region.block(BlockIndex::new(first)), len).as_ref() }
    };
    let last_of_the_first = GIB / 4096 - 1;
    assert_eq!(buffers.of_slice(bytes(last_of_the_first, 4096)).unwrap().buffer, 0);
    assert_eq!(buffers.of_slice(bytes(last_of_the_first, 4097)), Err(FreeError::Foreign));
    assert_eq!(buffers.of_slice(bytes(last_of_the_first + 1, 8192)).unwrap().buffer, 1);
}

#[test]
fn the_kernels_pointer_is_the_one_that_the_handle_reads_by() {
    let pool = Pool::new(1500, 2);
    let buffers = pool.region().fixed_buffers().unwrap();
    let block = pool.alloc().unwrap();
    let at = buffers.of_slice(&block).unwrap();
    // SAFETY: bytes of a block that is held here; no reference to them is in use.
    unsafe { at.pointer.write_bytes(7, 1500) };
    assert!(block.iter().all(|&byte| byte == 7));
    drop(block);
    pool.assert_only_held(&[]);
}
