//! Nothing that is done with a buffer allocates, but to make it `Bytes`. In a program of its own, whose
//! allocator counts.

#![cfg(feature = "bytes")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use block_core::BlockAllocExt;
use block_core::buffer::{BlockBuf, BlockBytes};
use bytes::{Buf, BufMut, Bytes};

mod support;
use support::Pool;

thread_local! {
    /// What this thread allocated.
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: the system's allocator does all of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.set(ALLOCATED.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATED.get();
    work();
    ALLOCATED.get() - before
}

#[test]
fn a_buffer_is_taken_written_frozen_shared_and_dropped_without_the_heap() {
    let pool = Arc::new(Pool::new(64, 2));
    let count = allocations(|| {
        let mut buffer = BlockBuf::alloc_in(Arc::clone(&pool)).unwrap();
        buffer.put_slice(b"hello world");
        let mut first = buffer.split_to(6);
        first.make_ascii_uppercase();
        let (mut first, second) = (first.freeze(), buffer.freeze_to(5));
        let clones = [(); 20].map(|()| first.clone());
        let mut slice = clones[0].slice(1..4);
        assert_eq!((slice.get_u8(), slice.split_to(1).len()), (b'E', 1));
        first.advance(2);
        drop((clones, slice, second, buffer));
        let mut again = first.try_into_mut().unwrap();
        assert!(again.try_reclaim(60));
        drop(BlockBuf::from(again.into_block().unwrap()));
    });
    assert_eq!(count, 0);
    pool.assert_only_held(&[]);
}

#[test]
fn to_become_bytes_takes_one_allocation_and_the_way_back_none() {
    let pool = Arc::new(Pool::new(64, 1));
    let mut buffer = BlockBuf::alloc_in(Arc::clone(&pool)).unwrap();
    buffer.put_slice(b"hello");
    let frozen = buffer.freeze();
    let mut bytes = Bytes::new();
    assert_eq!(allocations(|| bytes = frozen.into()), 1);
    let count = allocations(|| drop(BlockBytes::from_bytes(bytes, &pool).unwrap()));
    assert_eq!(count, 0);
}

#[test]
fn blocks_are_taken_and_given_back_in_bulk_without_the_heap() {
    let pool = Pool::new(64, 100);
    let count = allocations(|| {
        let mut blocks = [const { None }; 70];
        pool.alloc_bulk(&mut blocks).unwrap();
        pool.free_bulk(&mut blocks);
    });
    assert_eq!(count, 0);
}
