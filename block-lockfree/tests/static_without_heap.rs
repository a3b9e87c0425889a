//! No call of a pool in the caller's memory uses the heap.
#![cfg(not(any(block_loom, block_shuttle)))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::mem::MaybeUninit;

use block_core::{Block, BlockAlloc, BlockAllocExt, BlockLayout};
use block_lockfree::{LockFreeAlloc, static_pool};

thread_local! {
    /// Calls of this thread: the test runner's own threads do not count.
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counted.
struct Counted;

// SAFETY: the system's allocator, and a count that does not allocate.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static HEAP: Counted = Counted;

/// Every kind of call; the pool has four blocks.
fn use_every_call(pool: &'static LockFreeAlloc) {
    assert_eq!((pool.capacity(), pool.available()), (4, 4));
    let (a, b) = (pool.alloc().unwrap(), Block::alloc_in(pool).unwrap());
    let mut raw = [None; 2];
    pool.alloc_bulk_raw(&mut raw).unwrap();
    assert!(pool.alloc().is_err());
    drop(a);
    // SAFETY: allocated here, and not used afterwards.
    unsafe {
        assert!(pool.free_raw(b.into_raw()).is_ok());
        pool.free_bulk_raw(&mut raw).unwrap();
        assert!(pool.free_raw(pool.region().block(block_core::BlockIndex::new(0))).is_err());
    }
    assert_eq!(pool.available(), 4);
}

#[test]
fn nothing_is_allocated_to_build_a_pool_or_to_use_it() {
    const LAYOUT: BlockLayout = match BlockLayout::new(100, 4) {
        Ok(layout) => layout,
        Err(error) => panic!("{}", error.message()),
    };
    const BYTES: usize = LockFreeAlloc::static_bytes(&LAYOUT);
    static_pool! { static POOL: [[u8; 100]; 4]; }
    static mut MEMORY: [MaybeUninit<u8>; BYTES] = [MaybeUninit::uninit(); BYTES];
    static AT_RUN_TIME: std::sync::OnceLock<LockFreeAlloc> = std::sync::OnceLock::new();

    let before = CALLS.get();
    use_every_call(&POOL);
    let memory = &raw mut MEMORY;
    // SAFETY: the only reference ever made to it.
    let built = LockFreeAlloc::from_static(LAYOUT, unsafe { &mut *memory }).unwrap();
    assert_eq!(CALLS.get(), before, "to build a pool");
    use_every_call(AT_RUN_TIME.get_or_init(|| built));
    assert_eq!(CALLS.get(), before, "to use one");

    drop(Box::new(1));
    assert_eq!(CALLS.get(), before + 2, "the count works");
}
