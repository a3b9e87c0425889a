//! Bad inputs to the constructor, which returns the error of the layout or of the region. And
//! handles that outlive the scope of the pool's owner.

use std::sync::Arc;
use std::thread;

use block_core::{Block, BlockAlloc, BuildError, LayoutError, RegionError};
use block_lockfree::LockFreeAlloc;

/// Defines one test per line: its name, the arguments and the expected error.
macro_rules! refused {
    ($($test:ident: $size:expr, $capacity:expr => ($error:pat);)*) => {$(
        #[test]
        fn $test() {
            let error = LockFreeAlloc::new($size, $capacity).unwrap_err();
            assert!(matches!(error, $error), "{error:?}");
        }
    )*};
}

const LIMIT: usize = isize::MAX as usize;
const HALF: usize = 1 << (usize::BITS / 2);

refused! {
    zero_blocks_are_refused: 64, 0 => (BuildError::Layout(LayoutError::ZeroCapacity));
    a_block_size_of_zero_is_refused: 0, 64 => (BuildError::Layout(LayoutError::ZeroBlockSize));
    size_times_capacity_beyond_usize_is_refused:
        HALF, HALF => (BuildError::Layout(LayoutError::TooLarge { .. }));
    size_times_capacity_beyond_isize_max_is_refused:
        2, LIMIT / 2 + 1 => (BuildError::Layout(LayoutError::TooLarge { .. }));
}

#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "a 32-bit system may have this much memory")]
fn a_mapping_that_the_system_refuses_is_an_error() {
    let error = LockFreeAlloc::new(64, LIMIT / 64 - 1).unwrap_err();
    assert!(matches!(error, BuildError::Region(RegionError::Map { .. })), "{error:?}");
}

/// The pool has 8 GiB of address space, but its block size and its capacity each fit 32 bits.
#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn size_times_capacity_beyond_u32_is_kept_whole() {
    const SIZE: usize = 1 << 20;
    const CAPACITY: usize = 1 << 13;
    let pool = LockFreeAlloc::new(SIZE, CAPACITY).unwrap();
    let mut blocks = vec![None; CAPACITY];
    pool.alloc_bulk_raw(&mut blocks).unwrap();
    let mut addresses: Vec<_> = blocks.iter().flatten().map(|block| block.addr().get()).collect();
    addresses.sort();
    assert_eq!(addresses.len(), CAPACITY);
    assert!(addresses.windows(2).all(|pair| pair[1] - pair[0] == SIZE), "invariants 1 and 4");
    // SAFETY: allocated above, and not used again.
    unsafe { pool.free_bulk_raw(&mut blocks).unwrap() };
    assert_eq!(pool.available(), CAPACITY, "invariant 2");
}

/// The pool lives as long as its last handle, on whichever thread that handle is dropped.
#[test]
fn arc_handles_outlive_the_scope_of_the_pools_owner() {
    for capacity in [1, 4, 200] {
        let (pool, blocks) = {
            let pool = Arc::new(LockFreeAlloc::new(64, capacity).unwrap());
            let block = |value| {
                let mut block = Block::alloc_in(Arc::clone(&pool)).unwrap();
                block.fill(value as u8);
                block
            };
            let blocks: Vec<_> = (0..capacity).map(block).collect();
            (Arc::downgrade(&pool), blocks)
        };
        assert_eq!(pool.strong_count(), capacity, "only the handles own the pool");
        thread::spawn(move || {
            for (value, block) in blocks.into_iter().enumerate() {
                assert_eq!(block[..], [value as u8; 64], "invariant 1");
                let pool = Arc::clone(block.pool());
                drop(block);
                assert_eq!(pool.available(), value + 1, "invariant 2");
            }
        })
        .join()
        .unwrap();
        assert!(pool.upgrade().is_none(), "the last handle drops the pool");
    }
}
