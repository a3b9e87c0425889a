//! Wrong frees of bare pointers to a pool in a static.

use std::ptr::NonNull;

use block_core::{Block, BlockAlloc, BlockAllocExt, FreeError};
use block_lockfree::static_pool;

static_pool! {
    static POOL: [[u8; 48]; 4];
    static OTHER: [[u8; 48]; 4];
}

/// What a free of the pointer is refused with.
fn refusal(block: NonNull<u8>) -> FreeError {
    let before = POOL.available();
    // SAFETY: it is refused, and nobody uses the block.
    let error = unsafe { POOL.free_raw(block).unwrap_err() };
    assert_eq!(POOL.available(), before, "invariant 5: nothing changes");
    error
}

#[test]
fn every_wrong_free_is_refused_and_changes_nothing() {
    let block = POOL.alloc_raw().unwrap();
    let first = POOL.region().block(block_core::BlockIndex::new(0));
    let past = NonNull::new(first.as_ptr().wrapping_add(4 * 64)).unwrap();
    // SAFETY: inside the block.
    assert_eq!(refusal(unsafe { block.add(1) }), FreeError::NotBlockStart);
    assert_eq!(refusal(past), FreeError::Foreign, "the metadata are no blocks");
    assert_eq!(refusal(NonNull::from(&POOL).cast()), FreeError::Foreign);
    let other = OTHER.alloc_raw().unwrap();
    assert_eq!(refusal(other), FreeError::Foreign, "a pool of equal layout");
    let handle = POOL.alloc().unwrap();
    assert_eq!(refusal(NonNull::from(&handle[0])), FreeError::NotAllocated, "a handle's");

    // SAFETY: allocated above, and not used afterwards.
    unsafe {
        POOL.free_raw(block).unwrap();
        assert_eq!(refusal(block), FreeError::NotAllocated, "freed twice");
        OTHER.free_raw(other).unwrap();
    }
    let raw = handle.into_raw();
    // SAFETY: out raw, from the handle; used through the new one alone.
    let handle = unsafe { Block::from_raw(raw, &POOL) }.unwrap();
    drop(handle);
    assert_eq!((POOL.available(), OTHER.available()), (4, 4), "invariant 2");
}
