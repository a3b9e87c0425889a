//! Bulk calls as the trait provides them: all or nothing, with each reason for nothing
//! (invariants 2, 3 and 5).

#![cfg(feature = "alloc")]

use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

use block_core::{AllocError, BlockAlloc, BlockAllocExt, FreeError, Region};

mod support;
use support::Pool;

const SIZE: usize = 64;
const CAPACITY: usize = 8;

type Entry = Option<NonNull<u8>>;

fn taken<const N: usize>(pool: &Pool) -> [Entry; N] {
    let mut blocks = [None; N];
    pool.alloc_bulk_raw(&mut blocks).unwrap();
    blocks
}

fn moved(block: Entry, bytes: isize) -> Entry {
    NonNull::new(block?.as_ptr().wrapping_offset(bytes))
}

fn held(entries: &[Entry]) -> Vec<NonNull<u8>> {
    entries.iter().flatten().copied().collect()
}

/// Gives back what is out raw, and nothing is held then.
fn put_back(pool: &Pool, out: &[Entry]) {
    for block in held(out) {
        // SAFETY: the block is not used afterwards.
        assert_eq!(unsafe { pool.free_raw(block) }, Ok(()));
    }
    pool.assert_only_held(&[]);
}

/// Frees a list that must be refused, and holds that the list, the pool and the marks of `out` are
/// as before: each of `out` can still be freed, once.
#[track_caller]
fn is_refused_whole(pool: &Pool, out: &[Entry], list: &[Entry], why: FreeError) {
    let mut entries = list.to_vec();
    // SAFETY: the call fails, so nothing is freed.
    assert_eq!(unsafe { pool.free_bulk_raw(&mut entries) }, Err(why));
    assert_eq!(entries, list, "a refused call leaves its entries");
    pool.assert_only_held(&held(out));
    for block in held(out) {
        // SAFETY: the block is not used afterwards; the second call must fail.
        unsafe {
            assert_eq!(pool.free_raw(block), Ok(()));
            assert_eq!(pool.free_raw(block), Err(FreeError::NotAllocated));
        }
    }
    pool.assert_only_held(&[]);
}

#[test]
fn a_bulk_of_every_size_up_to_the_capacity_comes_and_goes_whole() {
    for count in 0..=CAPACITY {
        let pool = Pool::new(SIZE, CAPACITY);
        let mut blocks = vec![None; count];
        pool.alloc_bulk_raw(&mut blocks).unwrap();
        assert!(blocks.iter().all(Option::is_some));
        pool.assert_only_held(&held(&blocks));
        // SAFETY: the blocks are not used afterwards.
        assert_eq!(unsafe { pool.free_bulk_raw(&mut blocks) }, Ok(()));
        assert!(blocks.iter().all(Option::is_none), "a free leaves no pointer behind");
        pool.assert_only_held(&[]);
    }
}

#[test]
fn blocks_taken_in_bulk_are_freed_one_by_one_and_the_other_way_round() {
    let pool = Pool::new(SIZE, CAPACITY);
    put_back(&pool, &taken::<5>(&pool));
    let mut singles: Vec<_> = (0..5).map(|_| pool.alloc_raw().ok()).collect();
    // SAFETY: the blocks are not used afterwards.
    assert_eq!(unsafe { pool.free_bulk_raw(&mut singles) }, Ok(()));
    pool.assert_only_held(&[]);
}

#[test]
fn more_than_are_free_is_none_at_all() {
    let pool = Pool::new(SIZE, CAPACITY);
    let out = taken::<3>(&pool);
    for count in [6, CAPACITY, CAPACITY + 1, 100] {
        // What stood in the entries is overwritten, and never taken for a block.
        let mut blocks = vec![out[0]; count];
        assert_eq!(pool.alloc_bulk_raw(&mut blocks), Err(AllocError::Exhausted));
        assert!(blocks.iter().all(Option::is_none), "{count}: an entry is left");
        blocks.fill(out[1]);
        assert!(!pool.acquire_bulk(&mut blocks));
        assert!(blocks.iter().all(Option::is_none), "{count}: an entry is left");
        pool.assert_only_held(&held(&out));
    }
    let rest = taken::<5>(&pool);
    let all = [&out[..], &rest].concat();
    pool.assert_only_held(&held(&all));
    put_back(&pool, &all);
}

#[test]
fn nothing_asked_for_is_had_even_at_exhaustion() {
    let pool = Pool::new(SIZE, CAPACITY);
    let out = taken::<CAPACITY>(&pool);
    assert_eq!(pool.alloc_bulk_raw(&mut []), Ok(()));
    assert!(pool.acquire_bulk(&mut []));
    // SAFETY: no block is named.
    unsafe {
        assert_eq!(pool.free_bulk_raw(&mut []), Ok(()));
        assert_eq!(pool.free_bulk_raw(&mut [None, None]), Ok(()));
        pool.release_bulk(&mut []);
    }
    pool.assert_only_held(&held(&out));
    assert_eq!(pool.alloc_bulk_raw(&mut [None]), Err(AllocError::Exhausted));
    put_back(&pool, &out);
}

#[test]
fn empty_entries_are_passed_over_wherever_they_stand() {
    for pattern in 0..1_u32 << 6 {
        let pool = Pool::new(SIZE, CAPACITY);
        let mut blocks = taken::<6>(&pool);
        let mut kept = Vec::new();
        for (position, entry) in blocks.iter_mut().enumerate() {
            if pattern & 1 << position != 0 {
                kept.push(entry.take());
            }
        }
        // SAFETY: the blocks that are left in the list are not used afterwards.
        assert_eq!(unsafe { pool.free_bulk_raw(&mut blocks) }, Ok(()), "{pattern:#b}");
        assert_eq!(blocks, [None; 6], "{pattern:#b}");
        pool.assert_only_held(&held(&kept));
        put_back(&pool, &kept);
    }
}

#[test]
fn a_block_that_stands_twice_is_refused_wherever_it_stands() {
    for first in 0..5 {
        for second in first + 1..5 {
            let pool = Pool::new(SIZE, CAPACITY);
            let out = taken::<4>(&pool);
            let mut list = [out[0], out[1], out[2], out[3], None];
            list.copy_within(second..4, second + 1);
            list[second] = list[first];
            is_refused_whole(&pool, &out, &list, FreeError::NotAllocated);
        }
    }
}

#[test]
fn one_bad_entry_is_refused_with_its_reason_wherever_it_stands() {
    for position in 0..4 {
        let bad_entry = |bad: fn(&Pool, Entry) -> Entry, why| {
            let pool = Pool::new(SIZE, CAPACITY);
            let out = taken::<3>(&pool);
            let mut list = out.to_vec();
            list.insert(position, bad(&pool, out[2]));
            is_refused_whole(&pool, &out, &list, why);
        };
        bad_entry(|_, _| Some(NonNull::dangling()), FreeError::Foreign);
        bad_entry(|_, last| moved(last, (6 * SIZE) as isize), FreeError::Foreign);
        bad_entry(|_, last| moved(last, 1), FreeError::NotBlockStart);
        bad_entry(|_, last| moved(last, SIZE as isize - 1), FreeError::NotBlockStart);
        bad_entry(|_, last| moved(last, SIZE as isize), FreeError::NotAllocated);
    }
}

#[test]
fn a_block_of_another_pool_is_refused_and_stays_out_there() {
    let (pool, other) = (Pool::new(SIZE, CAPACITY), Pool::new(SIZE, CAPACITY));
    let [foreign] = taken(&other);
    let out = taken::<2>(&pool);
    is_refused_whole(&pool, &out, &[out[0], out[1], foreign], FreeError::Foreign);
    other.assert_only_held(&held(&[foreign]));
    put_back(&other, &[foreign]);
}

#[test]
fn a_block_without_a_mark_is_refused_and_stays_with_its_holder() {
    let pool = Pool::new(SIZE, CAPACITY);
    let out = taken::<2>(&pool);
    let mut handle = pool.alloc().unwrap();
    handle.fill(7);
    let owned = Some(NonNull::from(&mut handle[..]).cast());
    let mut list = [out[0], owned, out[1]];
    // SAFETY: the call fails, so nothing is freed.
    assert_eq!(unsafe { pool.free_bulk_raw(&mut list) }, Err(FreeError::NotAllocated));
    assert_eq!(list, [out[0], owned, out[1]]);
    assert_eq!(handle[..], [7; SIZE]);
    drop(handle);
    is_refused_whole(&pool, &out, &[out[0], owned], FreeError::NotAllocated);
}

/// The documentation promises the error of the first entry that `free_raw` would refuse, and a
/// block that stands twice is found after those.
#[test]
fn of_several_bad_entries_the_first_one_gives_the_reason() {
    for reasons in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let pool = Pool::new(SIZE, CAPACITY);
        let out = taken::<2>(&pool);
        let bad = [
            (Some(NonNull::dangling()), FreeError::Foreign),
            (moved(out[0], 1), FreeError::NotBlockStart),
            (moved(out[1], SIZE as isize), FreeError::NotAllocated),
        ];
        let twice = [out[0], out[0], bad[reasons[0]].0, out[1]];
        is_refused_whole(&pool, &out, &twice, bad[reasons[0]].1);
        let out = taken::<2>(&pool);
        let list = [out[0], bad[reasons[0]].0, None, bad[reasons[1]].0, bad[reasons[2]].0, out[1]];
        is_refused_whole(&pool, &out, &list, bad[reasons[0]].1);
    }
}

#[test]
fn an_unchecked_bulk_leaves_no_mark_and_no_entry() {
    let pool = Pool::new(SIZE, CAPACITY);
    let mut blocks = [None; CAPACITY];
    assert!(pool.acquire_bulk(&mut blocks));
    pool.assert_only_held(&held(&blocks));
    for block in held(&blocks) {
        // SAFETY: the call fails, so nothing is freed.
        assert_eq!(unsafe { pool.free_raw(block) }, Err(FreeError::NotAllocated));
    }
    // SAFETY: acquired above, each once, without a mark, and not used afterwards.
    unsafe { pool.release_bulk(&mut blocks) };
    assert_eq!(blocks, [None; CAPACITY]);
    pool.assert_only_held(&[]);
}

/// A backend that counts how often a block is acquired.
struct Counting(Pool, AtomicUsize);

// SAFETY: every call is the pool's.
unsafe impl BlockAlloc for Counting {
    fn region(&self) -> &Region {
        self.0.region()
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        // Relaxed: one thread.
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.acquire()
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract.
        unsafe { self.0.release(block) }
    }

    fn available(&self) -> usize {
        self.0.available()
    }
}

#[test]
fn a_call_for_more_than_the_capacity_takes_no_block() {
    let pool = Counting(Pool::new(SIZE, CAPACITY), AtomicUsize::new(0));
    let mut blocks = [Some(NonNull::dangling()); CAPACITY + 1];
    assert!(!pool.acquire_bulk(&mut blocks));
    assert_eq!(blocks, [None; CAPACITY + 1]);
    assert_eq!(pool.alloc_bulk_raw(&mut blocks), Err(AllocError::Exhausted));
    assert!(pool.alloc_array::<{ CAPACITY + 1 }>().is_err());
    assert_eq!(pool.1.load(Ordering::Relaxed), 0, "no block was acquired, so none was missing");
    assert!(pool.alloc_array::<CAPACITY>().is_ok());
}
