//! What the next holder finds in a block: zeros if the region writes them, else what was left
//! (invariant 6).

#![cfg(feature = "alloc")]

use std::ptr::NonNull;

use block_core::{Block, BlockAlloc, BlockAllocExt, BlockLayout, Region, RegionOptions};

mod support;
use support::Pool;

const SIZE: usize = 100;
const CAPACITY: usize = 4;

fn layout() -> BlockLayout {
    BlockLayout::new(SIZE, CAPACITY).unwrap()
}

fn pools(options: RegionOptions) -> [Pool; 2] {
    [options.map(layout()).unwrap(), options.heap(layout()).unwrap()].map(Pool::over)
}

fn bytes(block: NonNull<u8>) -> Vec<u8> {
    // SAFETY: the tests pass blocks that they hold; their bytes are initialised (invariant 6).
    unsafe { NonNull::slice_from_raw_parts(block, SIZE).as_ref() }.to_vec()
}

/// Every way to give back the one block that is out, each under its name. The bool says whether
/// the block was handed out raw.
type GiveBack = (&'static str, bool, fn(&Pool, NonNull<u8>));

fn ways_to_give_back() -> [GiveBack; 6] {
    [
        ("free_raw", true, |pool, block| {
            // SAFETY: the block is out raw, and not used again.
            unsafe { pool.free_raw(block) }.unwrap();
        }),
        ("free_bulk_raw", true, |pool, block| {
            // SAFETY: out raw, and not used again.
            unsafe { pool.free_bulk_raw(&mut [None, Some(block)]) }.unwrap();
        }),
        ("a handle's drop", true, |pool, block| {
            // SAFETY: out raw; the handle is the only user of the block.
            drop(unsafe { Block::from_raw(block, pool) }.unwrap());
        }),
        ("free", true, |pool, block| {
            // SAFETY: out raw; the handle is the only user of the block.
            pool.free(unsafe { Block::from_raw(block, pool) }.unwrap());
        }),
        ("release", false, |pool, block| {
            // SAFETY: the block was acquired unchecked, and is not used again.
            unsafe { pool.release(block) };
        }),
        ("release_bulk", false, |pool, block| {
            // SAFETY: acquired unchecked, and not used again.
            unsafe { pool.release_bulk(&mut [Some(block)]) };
        }),
    ]
}

/// Fills a block, gives it back each way, and holds that its next holder finds `expected` in it,
/// and that the other blocks keep their bytes.
fn the_next_holder_finds(expected: u8, options: RegionOptions) {
    for (way, raw, give_back) in ways_to_give_back() {
        for pool in pools(options) {
            let before = pool.acquire().unwrap();
            let block = if raw { pool.alloc_raw().unwrap() } else { pool.acquire().unwrap() };
            let after = pool.acquire().unwrap();
            assert!(before < block && block < after, "a new pool gives its blocks in order");
            for (value, held) in [(1, before), (7, block), (2, after)] {
                // SAFETY: all of the three are held by this test.
                unsafe { held.write_bytes(value, SIZE) };
            }
            give_back(&pool, block);
            let next = pool.acquire().unwrap();
            assert_eq!(next, block, "{way}: the pool gives the last one first");
            assert_eq!(bytes(next), [expected; SIZE], "{way}");
            assert_eq!(bytes(before), [1; SIZE], "{way}: the block before");
            assert_eq!(bytes(after), [2; SIZE], "{way}: the block after");
        }
    }
}

#[test]
fn with_the_option_a_block_is_zero_again_however_it_was_given_back() {
    the_next_holder_finds(0, Region::options().zero_on_release(true));
}

#[test]
fn without_it_a_block_keeps_what_its_last_holder_left() {
    the_next_holder_finds(7, Region::options());
    the_next_holder_finds(7, Region::options().zero_on_release(true).zero_on_release(false));
}

#[test]
fn every_block_of_a_bulk_is_zero_again() {
    for pool in pools(Region::options().zero_on_release(true)) {
        for raw in [true, false] {
            let mut blocks = [None; CAPACITY];
            match raw {
                true => pool.alloc_bulk_raw(&mut blocks).unwrap(),
                false => assert!(pool.acquire_bulk(&mut blocks)),
            }
            for block in blocks.iter().flatten() {
                assert_eq!(bytes(*block), [0; SIZE]);
                // SAFETY: held by this test.
                unsafe { block.write_bytes(7, SIZE) };
            }
            // SAFETY: all of them are held, with a mark or without, and not used again.
            unsafe {
                match raw {
                    true => pool.free_bulk_raw(&mut blocks).unwrap(),
                    false => pool.release_bulk(&mut blocks),
                }
            }
        }
        let blocks: Vec<_> = (0..CAPACITY).map(|_| pool.alloc().unwrap()).collect();
        assert!(blocks.iter().all(|block| block[..] == [0; SIZE]));
    }
}

#[test]
fn a_refused_free_scrubs_nothing() {
    for pool in pools(Region::options().zero_on_release(true)) {
        let mut handle = pool.alloc().unwrap();
        handle.fill(7);
        let block = NonNull::from(&mut handle[..]).cast();
        // SAFETY: the calls fail, so nothing is freed.
        unsafe {
            assert!(pool.free_raw(block).is_err());
            assert!(pool.free_raw(block.add(1)).is_err());
            assert!(pool.free_bulk_raw(&mut [Some(block)]).is_err());
            assert!(Block::from_raw(block, &pool).is_err());
        }
        assert_eq!(handle[..], [7; SIZE]);
        pool.assert_only_held(&[block]);
    }
}

#[test]
fn giving_up_a_handle_for_a_pointer_scrubs_nothing() {
    for pool in pools(Region::options().zero_on_release(true)) {
        let mut handle = pool.alloc().unwrap();
        handle.fill(7);
        let block = handle.into_raw();
        assert_eq!(bytes(block), [7; SIZE]);
        // SAFETY: out raw, and the pointer is not used again.
        let handle = unsafe { Block::from_raw(block, &pool) }.unwrap();
        assert_eq!(handle[..], [7; SIZE]);
    }
}

#[test]
fn by_default_what_a_holder_wrote_the_next_one_reads() {
    let pool = Pool::new(SIZE, 1);
    assert!(!pool.region().zeroes_on_release());
    for round in 0..10_u8 {
        let mut block = pool.alloc().unwrap();
        assert_eq!(block[..], [round.saturating_sub(1); SIZE], "round {round}");
        block.fill(round);
    }
}
