//! The statistics of the pool are exact.

use block_core::{BlockAlloc, BlockAllocExt};
use block_mutex::MutexAlloc;

#[test]
fn block_counts_high_water_mark_and_failed_allocations_are_exact() {
    let pool = MutexAlloc::new(64, 10).unwrap();
    let held: Vec<_> = (0..7).map(|_| pool.alloc().unwrap()).collect();
    drop(held);
    let _held: Vec<_> = (0..4).map(|_| pool.alloc().unwrap()).collect();
    assert!(pool.alloc_bulk_raw(&mut [None; 7]).is_err());
    let mut rest = [None; 6];
    pool.alloc_bulk_raw(&mut rest).unwrap();
    assert!(pool.alloc().is_err());
    // SAFETY: allocated above, and not used again.
    unsafe { pool.free_bulk_raw(&mut rest).unwrap() };

    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.returned(), stats.never_used), (4, 6, 0));
    assert_eq!((stats.high_water, stats.exhaustions), (10, 2));
    assert_eq!((stats.cached, stats.reclaims), (0, 0));
}

#[test]
fn a_failed_bulk_allocation_does_not_raise_the_high_water_mark() {
    let pool = MutexAlloc::new(64, 10).unwrap();
    assert!(pool.alloc_bulk_raw(&mut [None; 11]).is_err());
    let stats = pool.stats();
    assert_eq!((stats.high_water, stats.never_used, stats.exhaustions), (0, 10, 1));
}

#[test]
fn the_display_and_debug_formats_name_the_counts() {
    let pool = MutexAlloc::new(1500, 64).unwrap();
    let _held = [pool.alloc().unwrap(), pool.alloc().unwrap()];
    assert_eq!(
        pool.to_string(),
        "64 blocks of 1500 bytes: 2 in use, 0 cached, 0 returned, 62 never used; \
         at most 2 in use at once; 0 exhaustions, 0 reclaims"
    );
    let debug = format!("{pool:?}");
    for part in ["MutexAlloc", "block_size: 1500", "in_use: 2", "high_water: 2"] {
        assert!(debug.contains(part), "no {part:?} in {debug}");
    }
}
