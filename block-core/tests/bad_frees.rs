//! Every pointer that `free_raw` must refuse: it says why, and nothing changes (invariant 5).

#![cfg(feature = "alloc")]

use std::ptr::NonNull;

use block_core::{AllocError, BlockAlloc, BlockAllocExt, BlockLayout, FreeError, Region};

mod support;
use support::Pool;

/// Twelve bytes each, sixteen apart, so that there is padding to point at.
const SIZE: usize = 12;
const STRIDE: usize = 16;
const CAPACITY: usize = 8;

fn pool() -> Pool {
    let layout = BlockLayout::new(SIZE, CAPACITY).unwrap();
    assert_eq!(layout.stride(), STRIDE);
    Pool::over(Region::map(layout).unwrap())
}

fn at(address: usize) -> NonNull<u8> {
    NonNull::new(std::ptr::without_provenance_mut(address)).unwrap()
}

/// Frees a bad pointer, and holds that the pool and the blocks in `held` stay as they were.
#[track_caller]
fn is_refused(pool: &Pool, held: &[NonNull<u8>], bad: NonNull<u8>, why: FreeError, what: &str) {
    for (value, block) in (1..).zip(held) {
        // SAFETY: a block that the test holds.
        unsafe { block.write_bytes(value, SIZE) };
    }
    // SAFETY: the call fails, so nothing is freed.
    assert_eq!(unsafe { pool.free_raw(bad) }, Err(why), "{what}");
    assert_eq!(pool.available(), CAPACITY - held.len(), "{what}");
    pool.assert_only_held(held);
    for (value, block) in (1_u8..).zip(held) {
        // SAFETY: a block that the test holds, initialised (invariant 6).
        let bytes = unsafe { NonNull::slice_from_raw_parts(*block, SIZE).as_ref() };
        assert_eq!(bytes, [value; SIZE], "{what}: the bytes of a held block");
    }
}

/// Holds that all of the blocks can still be freed, once.
#[track_caller]
fn all_can_be_freed(pool: &Pool, held: &[NonNull<u8>]) {
    for &block in held {
        // SAFETY: not used afterwards.
        assert_eq!(unsafe { pool.free_raw(block) }, Ok(()));
    }
    pool.assert_only_held(&[]);
}

#[test]
fn a_pointer_that_is_no_block_is_refused_with_the_reason() {
    let (pool, other) = (self::pool(), self::pool());
    let held: Vec<_> = (0..3).map(|_| pool.alloc_raw().unwrap()).collect();
    let base = held[0].addr().get();
    let end = base + CAPACITY * STRIDE;
    let far = base ^ (1 << (usize::BITS - 1));
    let mut on_stack = [0_u8; STRIDE];
    let mut on_heap = Box::new([0_u8; STRIDE]);
    let of_other = other.alloc_raw().unwrap();

    use FreeError::{Foreign, NotBlockStart};
    let table = [
        ("the stack", NonNull::from(&mut on_stack).cast(), Foreign),
        ("the heap", NonNull::from(&mut *on_heap).cast(), Foreign),
        ("code", at(self::pool as fn() -> Pool as usize), Foreign),
        ("another pool's block", of_other, Foreign),
        ("one past the end", at(end), Foreign),
        ("one byte past that", at(end + 1), Foreign),
        ("one block past that", at(end + STRIDE), Foreign),
        ("one byte before the base", at(base - 1), Foreign),
        ("one block before the base", at(base - STRIDE), Foreign),
        ("the size of the region before the base", at(base - CAPACITY * STRIDE), Foreign),
        ("a dangling pointer", NonNull::dangling(), Foreign),
        ("the first multiple of the stride", at(STRIDE), Foreign),
        ("the last address", at(usize::MAX), Foreign),
        ("the last multiple of the stride", at(usize::MAX - STRIDE + 1), Foreign),
        ("half the address space away", at(far), Foreign),
        ("that, off the stride", at(far + 1), Foreign),
        ("one byte into a held block", at(base + 1), NotBlockStart),
        ("the middle of a held block", at(base + SIZE / 2), NotBlockStart),
        ("the last byte of a held block", at(base + SIZE - 1), NotBlockStart),
        ("the start of the padding", at(base + SIZE), NotBlockStart),
        ("the end of the padding", at(base + STRIDE - 1), NotBlockStart),
        ("the middle of a free block", at(base + 5 * STRIDE + 4), NotBlockStart),
        ("the last byte of the last block", at(end - STRIDE + SIZE - 1), NotBlockStart),
        ("the last byte of the region", at(end - 1), NotBlockStart),
    ];
    for (what, bad, why) in table {
        is_refused(&pool, &held, bad, why, what);
    }
    all_can_be_freed(&other, &[of_other]);
    all_can_be_freed(&pool, &held);
}

#[test]
fn a_block_that_was_never_handed_out_is_refused() {
    let pool = pool();
    let held = [pool.alloc_raw().unwrap()];
    let base = held[0].addr().get();
    for index in 1..CAPACITY {
        let never = at(base + index * STRIDE);
        is_refused(&pool, &held, never, FreeError::NotAllocated, &format!("block {index}"));
    }
    all_can_be_freed(&pool, &held);
}

#[test]
fn a_second_free_is_refused_at_once_and_after_other_frees() {
    let pool = pool();
    let mut held: Vec<_> = (0..CAPACITY).map(|_| pool.alloc_raw().unwrap()).collect();
    let mut freed = Vec::new();
    // From both ends and the middle.
    for position in [0, 6, 2, 3, 0, 1, 1, 0] {
        let block = held.remove(position);
        // SAFETY: not used afterwards.
        assert_eq!(unsafe { pool.free_raw(block) }, Ok(()));
        freed.push(block);
        for &again in &freed {
            is_refused(&pool, &held, again, FreeError::NotAllocated, "freed before");
        }
    }
    pool.assert_only_held(&[]);
}

#[test]
fn a_second_free_is_refused_however_often_the_block_went_round() {
    let pool = pool();
    for round in 0..1000 {
        let block = pool.alloc_raw().unwrap();
        // SAFETY: not used afterwards.
        assert_eq!(unsafe { pool.free_raw(block) }, Ok(()), "round {round}");
        is_refused(&pool, &[], block, FreeError::NotAllocated, "freed before");
        // The block may have gone to a holder without a mark since.
        let handle = pool.alloc().unwrap();
        assert_eq!(handle.as_ptr(), block.as_ptr(), "the pool gives the last one first");
        is_refused(&pool, &[block], block, FreeError::NotAllocated, "now owned by a handle");
    }
    pool.assert_only_held(&[]);
}

#[test]
fn a_pointer_owned_by_a_live_handle_is_refused() {
    let pool = pool();
    let mut handle = pool.alloc().unwrap();
    let inside = NonNull::from(&mut handle[..]).cast();
    is_refused(&pool, &[inside], inside, FreeError::NotAllocated, "owned by a handle");
    handle.fill(7);
    assert_eq!(handle[..], [7; SIZE]);
    drop(handle);
    pool.assert_only_held(&[]);
}

#[test]
fn a_block_acquired_without_a_mark_is_refused() {
    let pool = pool();
    let block = pool.acquire().unwrap();
    is_refused(&pool, &[block], block, FreeError::NotAllocated, "acquired unchecked");
    // SAFETY: acquired above, without a mark, and not used afterwards.
    unsafe { pool.release(block) };
    is_refused(&pool, &[], block, FreeError::NotAllocated, "released unchecked");
}

#[test]
fn a_refused_free_at_exhaustion_makes_no_room() {
    let pool = pool();
    let held: Vec<_> = (0..CAPACITY).map(|_| pool.alloc_raw().unwrap()).collect();
    let end = held[0].addr().get() + CAPACITY * STRIDE;
    is_refused(&pool, &held, at(end), FreeError::Foreign, "one past the end");
    assert_eq!(pool.alloc_raw(), Err(AllocError::Exhausted));
    assert_eq!(pool.alloc().unwrap_err(), AllocError::Exhausted);
    all_can_be_freed(&pool, &held);
}

#[test]
fn a_pool_of_one_dense_byte_refuses_its_neighbours() {
    let pool = Pool::new(1, 1);
    let block = pool.alloc_raw().unwrap();
    let address = block.addr().get();
    for bad in [at(address - 1), at(address + 1)] {
        // SAFETY: the call fails, so nothing is freed.
        assert_eq!(unsafe { pool.free_raw(bad) }, Err(FreeError::Foreign));
    }
    // SAFETY: not used afterwards; the second call must fail.
    unsafe {
        assert_eq!(pool.free_raw(block), Ok(()));
        assert_eq!(pool.free_raw(block), Err(FreeError::NotAllocated));
    }
    pool.assert_only_held(&[]);
}
