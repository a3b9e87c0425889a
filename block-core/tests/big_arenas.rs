//! Arenas beyond 4 GiB and beyond 2^32 blocks: no size is kept in 32 bits (invariant 4).

#![cfg(feature = "std")]
#![cfg_attr(
    not(target_pointer_width = "64"),
    allow(arithmetic_overflow, reason = "there the tests are compiled, but ignored")
)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use block_core::{BlockAlloc, BlockIndex, BlockLayout, FreeError, Region};

mod support;
use support::Pool;

const GIB: usize = 1 << 30;

/// Writes a value of its own to each of the blocks, then reads them all again.
fn blocks_hold_their_own_value(region: &Region, indices: &BTreeSet<usize>) {
    for (value, &index) in (1..).zip(indices) {
        // SAFETY: the first byte of a block of this region, which nobody else holds.
        unsafe { region.block(BlockIndex::new(index)).write(value) };
    }
    for (value, &index) in (1_u8..).zip(indices) {
        // SAFETY: the same byte of the same block, written a moment ago.
        let found = unsafe { region.block(BlockIndex::new(index)).read() };
        assert_eq!(found, value, "block {index}");
    }
}

#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn blocks_beyond_4_gib_have_their_own_memory_and_are_located() {
    let capacity = 5 * GIB / 4096;
    let region = Region::map(BlockLayout::new(4096, capacity).unwrap()).unwrap();
    let at_4_gib = 4 * GIB / 4096;
    let indices = [0, 1, at_4_gib - 1, at_4_gib, at_4_gib + 1, capacity - 1].into();
    blocks_hold_their_own_value(&region, &indices);

    let base = region.block(BlockIndex::new(0));
    for index in indices {
        let block = region.block(BlockIndex::new(index));
        assert_eq!(block.addr().get() - base.addr().get(), index * 4096);
        assert_eq!(region.locate(block), Ok(BlockIndex::new(index)));
        // SAFETY: one byte into a block of the region.
        let inside = unsafe { block.add(1) };
        assert_eq!(region.locate(inside), Err(FreeError::NotBlockStart));
    }
    // SAFETY: one past the end of the region, which is one mapping.
    let past = unsafe { base.add(5 * GIB) };
    assert_eq!(region.locate(past), Err(FreeError::Foreign));
}

#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn blocks_larger_than_4_gib_are_whole() {
    let size = 4 * GIB + 3;
    let region = Region::map(BlockLayout::new(size, 3).unwrap().with_align(1).unwrap()).unwrap();
    let base = region.block(BlockIndex::new(0)).addr().get();
    for index in 0..3 {
        let block = region.block(BlockIndex::new(index));
        assert_eq!(block.addr().get() - base, index * size);
        assert_eq!(region.locate(block), Ok(BlockIndex::new(index)));
        // SAFETY: the last byte of a block that nobody else holds (invariant 4).
        unsafe {
            assert_eq!(block.add(size - 1).read(), 0);
            block.add(size - 1).write(1);
        }
    }
}

#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn more_than_2_to_the_32_blocks_have_numbers_addresses_and_table_entries() {
    let capacity = (1 << 33) + 5;
    let region = Region::map(BlockLayout::new(1, capacity).unwrap()).unwrap();
    let indices: BTreeSet<_> =
        [0, 1, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, capacity - 1].into_iter().collect();
    blocks_hold_their_own_value(&region, &indices);

    let table = region.side_table::<AtomicU32>().unwrap();
    assert_eq!(table.len(), capacity);
    for (value, &index) in (1..).zip(&indices) {
        assert_eq!(region.locate(region.block(BlockIndex::new(index))), Ok(BlockIndex::new(index)));
        assert_eq!(table[index].swap(value, Ordering::Relaxed), 0, "entry {index}");
    }
    for (value, &index) in (1..).zip(&indices) {
        assert_eq!(table[index].load(Ordering::Relaxed), value, "entry {index}");
    }
}

#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn a_free_beyond_4_gib_is_checked_like_any_other() {
    let pool = Pool::new(GIB, 6);
    let blocks: Vec<_> = (0..6).map(|_| pool.alloc_raw().unwrap()).collect();
    pool.assert_only_held(&blocks);
    for &block in &blocks {
        // SAFETY: the block is not used again; the second call must fail.
        unsafe {
            assert_eq!(pool.free_raw(block), Ok(()));
            assert_eq!(pool.free_raw(block), Err(FreeError::NotAllocated));
        }
    }
    pool.assert_only_held(&[]);
}
