//! What raw callers do to a pointer or to the bytes of a block does not reach the next holder.
//!
//! The addresses and values are right in any run. Only Miri sees whether a pointer may still be
//! used, and whether a byte is initialised: `.ci/run miri`.

use std::ptr::NonNull;

use block_core::{Block, BlockAlloc, BlockAllocExt, BlockLayout, Region};
use block_lockfree::LockFreeAlloc;

const SIZE: usize = 64;
/// So many that a magazine keeps the blocks that its thread frees, by their pointers.
const CAPACITY: usize = 256;

/// With magazines, on the stack only, and zeroed on release.
fn pools() -> [LockFreeAlloc; 3] {
    let pool = || LockFreeAlloc::new(SIZE, CAPACITY).unwrap();
    [pool(), pool().with_magazine(0), zeroing(SIZE)]
}

fn zeroing(block_size: usize) -> LockFreeAlloc {
    let layout = BlockLayout::new(block_size, CAPACITY).unwrap();
    let region = Region::options().zero_on_release(true).heap(layout).unwrap();
    LockFreeAlloc::from_region(region).unwrap()
}

/// Pointers to the start of a block that reach less far than the block, or may not write.
fn narrow_pointers(block: &mut [u8]) -> [NonNull<u8>; 2] {
    let shared = NonNull::from(&block[0]);
    [NonNull::from(&mut block[0]), shared]
}

/// Allocates the blocks freed last in safe code, writes them whole and reads them again.
fn use_the_next_blocks(pool: &LockFreeAlloc) {
    let mut blocks = [const { None }; 4];
    pool.alloc_bulk(&mut blocks).unwrap();
    for (value, block) in (0..).zip(blocks.iter_mut().flatten()) {
        block.fill(value);
        assert_eq!(block[..], [value; SIZE]);
    }
}

#[test]
fn the_pointer_of_a_slice_frees_the_block_and_the_next_holder_has_all_of_it() {
    for pool in pools() {
        let bytes = pool.alloc().unwrap().leak();
        // SAFETY: the slice is not used again.
        unsafe { pool.free_raw(NonNull::from(bytes).cast()) }.unwrap();
        use_the_next_blocks(&pool);
    }
}

#[test]
fn a_pointer_that_reaches_less_than_the_block_frees_it_whole() {
    for pool in pools() {
        for which in [0, 1] {
            let pointers = narrow_pointers(pool.alloc().unwrap().leak());
            // SAFETY: the slice is not used again.
            unsafe { pool.free_raw(pointers[which]) }.unwrap();
            use_the_next_blocks(&pool);
        }
    }
}

#[test]
fn pointers_that_reach_less_than_their_blocks_free_them_whole_in_bulk() {
    for pool in pools() {
        for which in [0, 1] {
            let slices = pool.alloc_array::<3>().unwrap().map(Block::leak);
            let mut pointers = slices.map(|slice| Some(narrow_pointers(slice)[which]));
            // SAFETY: the slices are not used again.
            unsafe { pool.free_bulk_raw(&mut pointers) }.unwrap();
            use_the_next_blocks(&pool);
        }
    }
}

#[test]
fn a_handle_made_of_a_pointer_that_reaches_less_than_the_block_has_all_of_it() {
    for pool in pools() {
        for which in [0, 1] {
            let pointers = narrow_pointers(pool.alloc().unwrap().leak());
            // SAFETY: the slice is not used again.
            let mut block = unsafe { Block::from_raw(pointers[which], &pool) }.unwrap();
            block.fill(7);
            assert_eq!(block[..], [7; SIZE]);
            drop(block);
            use_the_next_blocks(&pool);
        }
    }
}

/// An address without any right to the memory.
#[test]
fn the_address_of_a_block_is_enough_to_free_it() {
    for pool in pools() {
        let address = pool.alloc_raw().unwrap().addr();
        let pointer = NonNull::without_provenance(address);
        // SAFETY: held by this code, and not used afterwards.
        unsafe { pool.free_raw(pointer) }.unwrap();
        use_the_next_blocks(&pool);
    }
}

/// Three bytes of padding.
#[derive(Debug, PartialEq)]
struct Message {
    kind: u8,
    id: u32,
}

fn write_a_message(block: NonNull<u8>) {
    let block = block.cast::<Message>();
    // SAFETY: the caller's block, at least as large and as aligned as a message.
    unsafe {
        block.write(Message { kind: 1, id: 2 });
        assert_eq!(block.read(), Message { kind: 1, id: 2 });
    }
}

fn sum_of_the_next_blocks(pool: &LockFreeAlloc) -> u32 {
    let blocks = pool.alloc_array::<4>().unwrap();
    blocks.iter().flat_map(|block| block.iter()).map(|&byte| u32::from(byte)).sum()
}

#[test]
fn padding_is_initialised_by_a_pool_that_zeroes_on_release() {
    let pool = zeroing(size_of::<Message>());
    let raw = pool.alloc_raw().unwrap();
    write_a_message(raw);
    // SAFETY: not used afterwards; the region zeroes on release.
    unsafe { pool.free_raw(raw) }.unwrap();
    assert_eq!(sum_of_the_next_blocks(&pool), 0);

    let block = pool.acquire().unwrap();
    write_a_message(block);
    // SAFETY: acquired above, without a mark, and not used afterwards; the region zeroes on
    // release.
    unsafe { pool.release(block) };
    assert_eq!(sum_of_the_next_blocks(&pool), 0);
}

#[test]
fn padding_is_initialised_by_a_holder_that_writes_every_byte() {
    let pool = LockFreeAlloc::new(size_of::<Message>(), CAPACITY).unwrap();
    let raw = pool.alloc_raw().unwrap();
    write_a_message(raw);
    // SAFETY: held by this code, and not used after it is freed; every byte is initialised.
    unsafe {
        raw.write_bytes(3, pool.block_size());
        pool.free_raw(raw).unwrap();
    }
    assert_eq!(sum_of_the_next_blocks(&pool), 3 * size_of::<Message>() as u32);
}

/// A container leaves padding and unused capacity in its block. No byte handle can be had from its
/// pool, so it must be able to do so.
#[test]
fn containers_leave_uninitialised_bytes_to_containers_only() {
    use allocator_api2::boxed::Box as PoolBox;
    use allocator_api2::vec::Vec as PoolVec;

    let pool = block_core::PoolAllocator::new(zeroing(SIZE));
    for id in 0..8 {
        let boxed = PoolBox::try_new_in(Message { kind: 1, id }, &pool).unwrap();
        let mut numbers = PoolVec::new_in(&pool);
        numbers.try_reserve_exact(4).unwrap();
        numbers.push(boxed.id);
        numbers.try_reserve_exact(8).unwrap();
        numbers.shrink_to_fit();
        assert_eq!((boxed.id, &numbers[..]), (id, &[id][..]));
    }
    assert_eq!(pool.available(), CAPACITY);
}
