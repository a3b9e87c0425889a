//! Several handles at once: all or nothing (invariants 1 to 3), in one transfer, whatever stood in the
//! entries.

#![cfg(feature = "alloc")]

use std::cell::Cell;
use std::collections::HashSet;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::Mutex;

use block_core::{AllocError, Block, BlockAlloc, BlockAllocExt, BlockIndex, BlockLayout, Region};

mod support;
use support::Pool;

const SIZE: usize = 48;

fn addresses<A: BlockAlloc + ?Sized>(blocks: &[Option<Block<&A>>]) -> Vec<NonNull<u8>> {
    blocks.iter().flatten().map(|block| NonNull::from(&block[..]).cast()).collect()
}

#[test]
fn as_many_blocks_as_entries_are_taken_each_with_all_its_bytes_and_given_back() {
    let pool = Pool::new(SIZE, 100);
    for count in [0, 1, 2, 3, 31, 64, 99, 100] {
        let mut blocks: Vec<_> = (0..count).map(|_| None).collect();
        pool.alloc_bulk(&mut blocks).unwrap();
        let held = addresses(&blocks);
        assert_eq!(held.iter().collect::<HashSet<_>>().len(), count, "distinct (invariant 1)");
        pool.assert_only_held(&held);
        for (number, block) in blocks.iter_mut().flatten().enumerate() {
            assert_eq!(block.len(), SIZE);
            block.fill(number as u8);
        }
        for (number, block) in blocks.iter().flatten().enumerate() {
            assert_eq!(block[..], [number as u8; SIZE], "written by another's handle");
        }
        pool.free_bulk(&mut blocks);
        assert!(blocks.iter().all(Option::is_none));
        pool.assert_only_held(&[]);
    }
}

/// Invariant 3: neither more nor less than all.
#[test]
fn too_few_free_blocks_leave_every_entry_empty_and_every_block_where_it_was() {
    let pool = Pool::new(SIZE, 10);
    let kept = pool.alloc().unwrap();
    let mut blocks = [const { None }; 10];
    assert_eq!(pool.alloc_bulk(&mut blocks), Err(AllocError::Exhausted));
    assert!(blocks.iter().all(Option::is_none));
    assert_eq!(pool.alloc_array::<10>().unwrap_err(), AllocError::Exhausted);
    pool.assert_only_held(&[NonNull::from(&kept[..]).cast()]);
    assert!(pool.alloc_array::<9>().is_ok());
    assert!(pool.alloc_bulk(&mut []).is_ok());
}

#[test]
fn handles_that_stood_in_the_entries_are_given_back_first() {
    let pool = Pool::new(SIZE, 4);
    let mut blocks = [pool.alloc().ok(), None, pool.alloc().ok(), None];
    pool.alloc_bulk(&mut blocks).expect("all four are free once the two are given back");
    pool.assert_only_held(&addresses(&blocks));
    assert_eq!(pool.alloc_bulk(&mut [const { None }; 1]), Err(AllocError::Exhausted));
    drop(blocks);
    pool.assert_only_held(&[]);
}

#[test]
fn empty_entries_are_passed_over_and_taken_blocks_stay_with_who_took_them() {
    let pool = Pool::new(SIZE, 8);
    let mut blocks = [const { None }; 8];
    pool.alloc_bulk(&mut blocks).unwrap();
    let taken: Vec<_> = blocks.iter_mut().step_by(2).filter_map(Option::take).collect();
    pool.free_bulk(&mut blocks);
    let held: Vec<_> = taken.iter().map(|block| NonNull::from(&block[..]).cast()).collect();
    pool.assert_only_held(&held);
    pool.free_bulk(&mut [const { None }; 3]);
    pool.assert_only_held(&held);
}

#[test]
fn a_block_of_another_pool_goes_back_to_that_one() {
    let (pool, other) = (Pool::new(SIZE, 4), Pool::new(SIZE, 4));
    let mut blocks =
        [pool.alloc().ok(), other.alloc().ok(), None, other.alloc().ok(), pool.alloc().ok()];
    pool.free_bulk(&mut blocks);
    assert!(blocks.iter().all(Option::is_none));
    pool.assert_only_held(&[]);
    other.assert_only_held(&[]);
}

/// The memory of one pool is a block of the other.
#[test]
fn a_block_of_a_pool_within_a_block_goes_back_to_the_inner_pool() {
    let outer: &'static Pool = Box::leak(Box::new(Pool::new(4096, 2)));
    let layout = BlockLayout::new(64, 4).unwrap();
    let block = outer.alloc().unwrap().leak();
    let (start, len) = (block.as_mut_ptr().cast::<MaybeUninit<u8>>(), block.len());
    // SAFETY: the slice is for ever, and is not used again.
    let memory = unsafe { std::slice::from_raw_parts_mut(start, len) };
    let inner = Pool::over(Region::from_static(layout, memory).unwrap());
    let mut blocks = [inner.alloc().ok(), outer.alloc().ok()];
    outer.free_bulk(&mut blocks);
    inner.assert_only_held(&[]);
    assert_eq!(outer.available(), 1, "the other block is the inner pool");
}

#[test]
fn a_pool_of_unknown_type_moves_handles_too() {
    let pool = Pool::new(SIZE, 40);
    let dynamic: &dyn BlockAlloc = &pool;
    let mut blocks = [const { None }; 33];
    dynamic.alloc_bulk(&mut blocks).unwrap();
    pool.assert_only_held(&addresses(&blocks));
    for block in blocks.iter().flatten() {
        assert_eq!(block.len(), SIZE);
    }
    dynamic.free_bulk(&mut blocks);
    pool.assert_only_held(&[]);
}

/// An array is made in place. Copies of it overflowed the 2 MiB stack of a thread in builds without
/// optimization. An overflow ends the process, so this test fails for the whole program.
#[test]
fn an_array_of_thousands_of_blocks_fits_the_stack_of_a_thread() {
    const BLOCKS: usize = 8192;
    let work = || {
        let pool = Pool::new(64, BLOCKS);
        assert_eq!(pool.alloc_array::<BLOCKS>().unwrap().len(), BLOCKS);
        pool.assert_only_held(&[]);
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work);
    thread.unwrap().join().unwrap();
}

#[test]
fn an_array_is_taken_and_each_of_its_handles_gives_its_block_back() {
    let pool = Pool::new(SIZE, 3);
    let [first, mut second, third] = pool.alloc_array().unwrap();
    second.fill(2);
    assert_eq!(pool.available(), 0);
    drop(first);
    assert_eq!((pool.available(), &second[..]), (1, &[2; SIZE][..]));
    drop((second, third));
    pool.assert_only_held(&[]);
}

/// Counts its transfers.
struct Counting {
    pool: Pool,
    transfers: Mutex<Cell<usize>>,
}

impl Counting {
    fn count(&self) {
        let transfers = self.transfers.lock().unwrap();
        transfers.set(transfers.get() + 1);
    }
}

// SAFETY: the inner pool does all of it.
unsafe impl BlockAlloc for Counting {
    fn region(&self) -> &Region {
        self.pool.region()
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        unreachable!("one by one")
    }

    unsafe fn release(&self, _: NonNull<u8>) {
        unreachable!("one by one")
    }

    fn available(&self) -> usize {
        self.pool.available()
    }

    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        self.count();
        self.pool.acquire_bulk(blocks)
    }

    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        self.count();
        // SAFETY: the caller's promise is passed on.
        unsafe { self.pool.release_bulk(blocks) };
    }
}

#[test]
fn any_number_of_blocks_goes_in_one_transfer() {
    let counting = Counting { pool: Pool::new(SIZE, 500), transfers: Mutex::default() };
    for count in [1, 62, 500] {
        let mut blocks: Vec<_> = (0..count).map(|_| None).collect();
        counting.alloc_bulk(&mut blocks).unwrap();
        assert_eq!(counting.transfers.lock().unwrap().take(), 1);
        // In the order of the pool, so that no pointer was lost on its way into its handle.
        let indices: Vec<_> = addresses(&blocks)
            .into_iter()
            .map(|start| counting.region().locate(start).map(BlockIndex::get))
            .collect();
        assert_eq!(indices, (0..count).map(Ok).collect::<Vec<_>>());
        blocks.reverse();
        counting.free_bulk(&mut blocks);
        assert_eq!(counting.transfers.lock().unwrap().take(), 1);
        counting.pool.assert_only_held(&[]);
    }
}
