//! Regions and tables in one piece of memory: built at compile time, and never over each other.
//!
//! Needs no feature, as `static_memory` does not.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use block_core::backend::{Footprint, SideTable, ZeroedMemory};
use block_core::{BlockIndex, BlockLayout, Region, StaticMemory};

const LAYOUT: BlockLayout = match BlockLayout::new(24, 11) {
    Ok(layout) => layout,
    Err(error) => panic!("{}", error.message()),
};
const NEEDED: Footprint = Footprint::of_region(&LAYOUT);

static REGION: Region = {
    static mut MEMORY: StaticMemory<{ NEEDED.bytes() }> = StaticMemory::new();
    let memory = &raw mut MEMORY;
    // SAFETY: the only reference ever made to it.
    let mut memory = ZeroedMemory::of_static(unsafe { &mut *memory }, NEEDED);
    Region::in_memory(LAYOUT, &mut memory)
};

/// Zeroed memory for a region of this layout and what else the footprint has.
fn memory(footprint: Footprint) -> ZeroedMemory {
    let memory = vec![std::mem::MaybeUninit::new(0xff); footprint.static_bytes()];
    ZeroedMemory::new(memory.leak(), footprint).unwrap()
}

#[test]
fn a_region_in_a_static_has_its_blocks_aligned_and_zeroed() {
    for number in 0..LAYOUT.capacity() {
        let block = REGION.block(BlockIndex::new(number));
        assert_eq!(block.addr().get() % LAYOUT.align(), 0);
        assert_eq!(REGION.locate(block), Ok(BlockIndex::new(number)));
        // SAFETY: a block of the region, which nobody writes (invariants 4 and 6).
        let bytes = unsafe { std::slice::from_raw_parts(block.as_ptr(), LAYOUT.block_size()) };
        assert_eq!(bytes, [0; 24]);
    }
    assert!(!REGION.zeroes_on_release());
}

#[test]
fn a_table_behind_a_region_is_zeroed_and_apart_from_the_blocks() {
    for (size, capacity, align) in [(1, 1, 1), (3, 5, 1), (12, 7, 4), (64, 4, 64), (1, 2, 4096)] {
        let layout = BlockLayout::new(size, capacity).unwrap().with_align(align).unwrap();
        let footprint = Footprint::of_region(&layout)
            .with_table::<AtomicU32>(capacity)
            .with_table::<AtomicUsize>(3);
        let mut memory = memory(footprint);
        let region = Region::in_memory(layout, &mut memory);
        let narrow = SideTable::<AtomicU32>::in_memory(capacity, &mut memory);
        let wide = SideTable::<AtomicUsize>::in_memory(3, &mut memory);
        assert!(narrow.iter().all(|entry| entry.load(Ordering::Relaxed) == 0));
        assert!(wide.iter().all(|entry| entry.load(Ordering::Relaxed) == 0));
        assert_eq!((narrow.len(), wide.len()), (capacity, 3));
        let base = region.block(BlockIndex::new(0));
        let (narrow, wide) = (narrow.as_ptr_range(), wide.as_ptr_range());
        // A mark for each block lies between.
        let region_end = base.addr().get() + layout.region_bytes() + capacity;
        assert!(region_end <= narrow.start.addr(), "{layout:?}");
        assert!(narrow.end.addr() <= wide.start.addr(), "{layout:?}");
        assert_eq!(wide.end.addr(), base.addr().get() + footprint.bytes(), "{layout:?}");
    }
}

#[test]
#[should_panic(expected = "does not include this part")]
fn a_second_region_in_the_memory_of_one_is_refused() {
    let mut memory = memory(NEEDED);
    let _first = Region::in_memory(LAYOUT, &mut memory);
    let _second = Region::in_memory(LAYOUT, &mut memory);
}

#[test]
#[should_panic(expected = "does not include this part")]
fn a_table_that_was_not_planned_is_refused() {
    let mut memory = memory(NEEDED);
    let _region = Region::in_memory(LAYOUT, &mut memory);
    let _table = SideTable::<AtomicU32>::in_memory(1, &mut memory);
}

#[test]
#[should_panic(expected = "does not include this part")]
fn a_table_whose_size_would_wrap_is_refused() {
    let _table = SideTable::<AtomicU32>::in_memory(usize::MAX / 2, &mut memory(NEEDED));
}

#[test]
#[should_panic(expected = "does not include this part")]
fn blocks_aligned_to_more_than_the_memory_are_refused() {
    let layout = BlockLayout::new(1, 1).unwrap();
    let mut memory = memory(Footprint::of_region(&layout).with_table::<AtomicU32>(1000));
    let _region = Region::in_memory(layout.with_align(128).unwrap(), &mut memory);
}

#[test]
#[should_panic(expected = "too small for this layout")]
fn a_static_with_a_byte_too_few_is_refused() {
    let layout = BlockLayout::new(64, 1).unwrap();
    let _memory = ZeroedMemory::of_static(
        Box::leak(Box::new(StaticMemory::<64>::new())),
        Footprint::of_region(&layout),
    );
}

#[test]
#[should_panic(expected = "build the pool at run time with `from_static`")]
fn an_alignment_above_that_of_a_static_is_refused() {
    let layout = BlockLayout::new(64, 1).unwrap().with_align(128).unwrap();
    let _memory = ZeroedMemory::of_static(
        Box::leak(Box::new(StaticMemory::<4096>::new())),
        Footprint::of_region(&layout),
    );
}

#[test]
fn static_memory_is_printed_with_its_size_and_without_its_bytes() {
    assert_eq!(format!("{:?}", StaticMemory::<64>::default()), "StaticMemory { bytes: 64, .. }");
}
