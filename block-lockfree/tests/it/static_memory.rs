//! Pools in memory of the caller: the bytes that they need, the memory that they reject, and their
//! use.

use std::mem::MaybeUninit;

use block_core::{BlockAlloc, BlockAllocExt, BlockLayout, BuildError, RegionError};
use block_lockfree::LockFreeAlloc;

/// `bytes` bytes, not zero, that start `offset` bytes after a multiple of `align`.
fn memory_at(align: usize, offset: usize, bytes: usize) -> &'static mut [MaybeUninit<u8>] {
    let memory = vec![MaybeUninit::new(0xff); align + offset + bytes].leak();
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

/// Takes every block, and gives them back.
fn expect_all_blocks(pool: &LockFreeAlloc, within: std::ops::Range<usize>) {
    let mut blocks: Vec<_> = (0..pool.capacity()).map(|_| pool.alloc().unwrap()).collect();
    assert!(pool.alloc().is_err(), "invariant 3");
    blocks.sort_by_key(|block| block.as_ptr().addr());
    for pair in blocks.windows(2) {
        assert!(pair[0].as_ptr_range().end <= pair[1].as_ptr(), "invariant 1");
    }
    for block in &mut blocks {
        assert!(block.iter().all(|byte| *byte == 0), "invariant 6");
        let range = block.as_ptr_range();
        assert!(within.start <= range.start.addr() && range.end.addr() <= within.end);
        assert_eq!(range.start.addr() % pool.region().layout().align(), 0, "invariant 4");
        block.fill(0xa5);
    }
    drop(blocks);
    assert_eq!(pool.available(), pool.capacity(), "invariant 2: no link was written over");
}

#[test]
fn static_bytes_suffice_at_every_misalignment() {
    for layout in layouts() {
        let align = LockFreeAlloc::footprint(&layout).align();
        for offset in 0..align {
            let memory = memory_at(align, offset, LockFreeAlloc::static_bytes(&layout));
            let within = memory.as_ptr_range();
            let pool = LockFreeAlloc::from_static(layout, memory).unwrap();
            expect_all_blocks(&pool, within.start.addr()..within.end.addr());
        }
    }
}

#[test]
fn one_byte_less_is_too_small_at_the_worst_misalignment_and_the_error_says_by_how_much() {
    for layout in layouts() {
        let (needed, align) =
            (LockFreeAlloc::static_bytes(&layout), LockFreeAlloc::footprint(&layout).align());
        let given = needed - 1;
        let error = LockFreeAlloc::from_static(layout, memory_at(align, 1 % align, given));
        let expected = BuildError::Region(RegionError::MemoryTooSmall { needed, given });
        let error = error.unwrap_err();
        assert_eq!(error, expected, "{layout:?}");
        let message = error.to_string();
        assert!(message.contains(&needed.to_string()), "{message}");
        assert!(message.contains(&given.to_string()), "{message}");
    }
}

#[test]
fn aligned_memory_needs_the_footprint_and_no_more() {
    for layout in layouts() {
        let footprint = LockFreeAlloc::footprint(&layout);
        let aligned = |bytes| memory_at(footprint.align(), 0, bytes);
        assert!(LockFreeAlloc::from_static(layout, aligned(footprint.bytes())).is_ok());
        for given in [0, 1, layout.region_bytes(), footprint.bytes() - 1] {
            let error = LockFreeAlloc::from_static(layout, aligned(given)).unwrap_err();
            let needed = LockFreeAlloc::static_bytes(&layout);
            let expected = BuildError::Region(RegionError::MemoryTooSmall { needed, given });
            assert_eq!(error, expected, "{layout:?}");
        }
    }
}

#[test]
fn a_block_costs_its_stride_a_byte_and_an_entry() {
    let bytes = |blocks| {
        LockFreeAlloc::footprint(&BlockLayout::new(256, blocks).unwrap()).bytes() as f64
            / blocks as f64
    };
    // The word of a shared block is there if somebody in the build has asked for it.
    let word = size_of::<usize>() as f64;
    for blocks in [64, 1000, 65_536] {
        assert!([265.0, 265.0 + word].contains(&bytes(blocks).floor()), "{}", bytes(blocks));
    }
}

#[test]
fn static_bytes_of_a_layout_near_the_limit_saturate_and_never_wrap() {
    let limit = isize::MAX as usize;
    for (size, capacity, align) in
        [(1, limit, 1), (limit - 63, 1, 64), (1, 1, 1 << (usize::BITS - 2))]
    {
        let layout = BlockLayout::new(size, capacity).unwrap().with_align(align).unwrap();
        let needed = LockFreeAlloc::static_bytes(&layout);
        assert!(needed > layout.region_bytes(), "{layout:?}");
        let error = LockFreeAlloc::from_static(layout, memory_at(64, 0, 100)).unwrap_err();
        let expected = BuildError::Region(RegionError::MemoryTooSmall { needed, given: 100 });
        assert_eq!(error, expected);
    }
}

#[test]
#[cfg(feature = "std")]
fn magazines_may_be_had_later_and_lose_no_block() {
    let layout = BlockLayout::new(64, 500).unwrap();
    let memory = memory_at(64, 3, LockFreeAlloc::static_bytes(&layout));
    let within = memory.as_ptr_range();
    let within = within.start.addr()..within.end.addr();
    let pool = LockFreeAlloc::from_static(layout, memory).unwrap();
    let taken = pool.alloc_raw().unwrap();
    let pool = pool.with_magazine(usize::MAX);
    // SAFETY: allocated above, and not used again.
    unsafe { pool.free_raw(taken).unwrap() };
    expect_all_blocks(&pool, within);
}
