//! From a handle to a bare pointer and back: the mark goes with the pointer (invariants 1 and 5).

#![cfg(feature = "alloc")]

use std::ptr::NonNull;
use std::sync::Arc;

use block_core::{Block, BlockAlloc, BlockAllocExt, FreeError};

mod support;
use support::Pool;

const SIZE: usize = 64;

#[test]
fn a_block_goes_from_handle_to_pointer_and_back_with_its_bytes() {
    let pool = Pool::new(SIZE, 2);
    let mut block = pool.alloc().unwrap();
    block.fill(1);
    for round in 1..10 {
        let pointer = block.into_raw();
        pool.assert_only_held(&[pointer]);
        // SAFETY: the pointer is not used again; the second call must fail.
        block = unsafe { Block::from_raw(pointer, &pool) }.unwrap();
        // SAFETY: this call must fail, and then nothing uses the pointer.
        let again = unsafe { Block::from_raw(pointer, &pool) };
        assert_eq!(again.unwrap_err(), FreeError::NotAllocated);
        assert_eq!((block.as_ptr(), block.len()), (pointer.as_ptr().cast_const(), SIZE));
        assert_eq!(block[..], [round; SIZE]);
        block.fill(round + 1);
        pool.assert_only_held(&[pointer]);
    }
    drop(block);
    pool.assert_only_held(&[]);
}

#[test]
fn a_pointer_from_a_handle_is_freed_once() {
    let pool = Pool::new(SIZE, 2);
    let pointer = pool.alloc().unwrap().into_raw();
    // SAFETY: the block is not used again; the second call must fail.
    unsafe {
        assert_eq!(pool.free_raw(pointer), Ok(()));
        assert_eq!(pool.free_raw(pointer), Err(FreeError::NotAllocated));
    }
    pool.assert_only_held(&[]);
}

#[test]
fn a_handle_from_a_pointer_frees_it_and_the_pointer_no_longer_does() {
    let pool = Pool::new(SIZE, 2);
    let pointer = pool.alloc_raw().unwrap();
    // SAFETY: the block is used through the handle alone; the other call must fail.
    let block = unsafe {
        let block = Block::from_raw(pointer, &pool).unwrap();
        assert_eq!(pool.free_raw(pointer), Err(FreeError::NotAllocated));
        block
    };
    pool.assert_only_held(&[pointer]);
    drop(block);
    pool.assert_only_held(&[]);
}

#[test]
fn no_handle_is_made_of_a_pointer_that_free_raw_would_refuse() {
    let (pool, other) = (Pool::new(SIZE, 2), Pool::new(SIZE, 2));
    let block = pool.alloc_raw().unwrap();
    let foreign = other.alloc_raw().unwrap();
    let owned = pool.alloc().unwrap();
    let at = |bytes: usize| NonNull::new(block.as_ptr().wrapping_add(bytes)).unwrap();
    let table = [
        (foreign, FreeError::Foreign),
        (at(2 * SIZE), FreeError::Foreign),
        (NonNull::dangling(), FreeError::Foreign),
        (at(1), FreeError::NotBlockStart),
        (NonNull::from(&owned[..]).cast(), FreeError::NotAllocated),
    ];
    for (bad, why) in table {
        // SAFETY: the call fails, so no handle is made.
        let refused = unsafe { Block::from_raw(bad, &pool) };
        assert_eq!(refused.unwrap_err(), why, "{bad:?}");
        assert_eq!((pool.available(), other.available()), (0, 1));
    }
    drop(owned);
    pool.assert_only_held(&[block]);
    other.assert_only_held(&[foreign]);
    // SAFETY: the blocks are not used again.
    unsafe {
        assert_eq!((pool.free_raw(block), other.free_raw(foreign)), (Ok(()), Ok(())));
    }
}

#[test]
fn a_slice_lives_as_long_as_the_pool_is_borrowed_and_its_pointer_frees_the_block() {
    let pool = Pool::new(SIZE, 2);
    let slice: &mut [u8] = pool.alloc().unwrap().leak();
    slice.fill(7);
    assert_eq!(slice, [7; SIZE]);
    let pointer = NonNull::from(slice).cast();
    pool.assert_only_held(&[pointer]);
    // SAFETY: the slice is not used again; the second call must fail.
    unsafe {
        assert_eq!(pool.free_raw(pointer), Ok(()));
        assert_eq!(pool.free_raw(pointer), Err(FreeError::NotAllocated));
    }
    pool.assert_only_held(&[]);
}

#[test]
fn a_slice_of_a_static_pool_is_static() {
    let pool: &'static Pool = Box::leak(Box::new(Pool::new(SIZE, 1)));
    let slice: &'static mut [u8] = Block::alloc_in(pool).unwrap().leak();
    let slice = std::thread::spawn(move || {
        slice.fill(7);
        slice
    });
    assert_eq!(slice.join().unwrap(), [7; SIZE]);
}

#[test]
fn giving_up_an_owning_handle_gives_up_its_share_of_the_pool_and_no_more() {
    let pool = Arc::new(Pool::new(SIZE, 1));
    let pointer = Block::alloc_in(Arc::clone(&pool)).unwrap().into_raw();
    assert_eq!(Arc::strong_count(&pool), 1);
    // SAFETY: the pointer is not used again.
    let block = unsafe { Block::from_raw(pointer, Arc::clone(&pool)) }.unwrap();
    assert_eq!(Arc::strong_count(&pool), 2);
    // SAFETY: this call must fail, and drops the pool pointer that it was given.
    let again = unsafe { Block::from_raw(pointer, Arc::clone(&pool)) };
    assert_eq!(again.unwrap_err(), FreeError::NotAllocated);
    assert_eq!(Arc::strong_count(&pool), 2);
    drop(block);
    assert_eq!(Arc::strong_count(&pool), 1);
    pool.assert_only_held(&[]);
}
