//! Several blocks in one read or write of a real file: every byte once, in order, and none outside
//! the parts that were given.

#![cfg(feature = "std")]

use std::fs::File;
use std::io::{Read, Seek, Write};

use block_core::{Block, BlockAllocExt, io_slices, io_slices_mut};

mod support;
use support::Pool;

const SIZE: usize = 1500;

fn blocks(pool: &Pool, count: usize) -> Vec<Block<&Pool>> {
    (0..count).map(|_| pool.alloc().unwrap()).collect()
}

/// A byte that tells its block and its place in it.
fn pattern(block: usize, position: usize) -> u8 {
    (block * 67 + position % 251) as u8
}

fn filled(pool: &Pool, count: usize) -> Vec<Block<&Pool>> {
    let mut blocks = blocks(pool, count);
    for (number, block) in blocks.iter_mut().enumerate() {
        block.iter_mut().enumerate().for_each(|(place, byte)| *byte = pattern(number, place));
    }
    blocks
}

/// A file of `count` blocks that were written at once, and of the last only `last` bytes.
fn written<const N: usize>(pool: &Pool, count: usize, last: usize) -> File {
    let blocks = filled(pool, count);
    let parts = blocks
        .iter()
        .enumerate()
        .map(|(number, block)| if number + 1 == count { &block[..last] } else { &block[..] });
    let mut file = tempfile::tempfile().unwrap();
    let bytes = file.write_vectored(&io_slices::<N>(parts)).unwrap();
    assert_eq!(bytes, (count - 1) * SIZE + last, "a file takes all of it at once");
    file.rewind().unwrap();
    file
}

/// Reads the file into `count` other blocks at once, and compares.
fn read_back<const N: usize>(pool: &Pool, mut file: File, count: usize, bytes: usize) {
    let mut blocks = blocks(pool, count);
    blocks.iter_mut().for_each(|block| block.fill(0xee));
    let parts = blocks.iter_mut().map(|block| &mut block[..]);
    assert_eq!(file.read_vectored(&mut io_slices_mut::<N>(parts)).unwrap(), bytes);
    let all = blocks.iter().flat_map(|block| block.iter());
    for (place, &byte) in all.enumerate() {
        let expected = if place < bytes { pattern(place / SIZE, place % SIZE) } else { 0xee };
        assert_eq!(byte, expected, "byte {} of block {}", place % SIZE, place / SIZE);
    }
}

#[test]
fn as_many_blocks_as_slices_go_through_a_file_unchanged() {
    let pool = Pool::new(SIZE, 8);
    let file = written::<4>(&pool, 4, SIZE);
    read_back::<4>(&pool, file, 4, 4 * SIZE);
    pool.assert_only_held(&[]);
}

#[test]
fn missing_blocks_are_skipped_by_reads_and_writes() {
    let pool = Pool::new(SIZE, 8);
    let file = written::<16>(&pool, 3, SIZE);
    read_back::<64>(&pool, file, 3, 3 * SIZE);
    pool.assert_only_held(&[]);
}

#[test]
fn a_short_last_part_ends_the_file_and_the_read() {
    let pool = Pool::new(SIZE, 8);
    let file = written::<4>(&pool, 4, 123);
    read_back::<8>(&pool, file, 4, 3 * SIZE + 123);
    let file = written::<4>(&pool, 4, 123);
    // Room for more than there is.
    read_back::<8>(&pool, file, 8, 3 * SIZE + 123);
}

#[test]
fn no_blocks_are_a_write_and_a_read_of_no_bytes() {
    let pool = Pool::new(SIZE, 1);
    let mut file = written::<1>(&pool, 1, SIZE);
    assert_eq!(file.write_vectored(&io_slices::<0>([])).unwrap(), 0);
    assert_eq!(file.write_vectored(&io_slices::<3>([])).unwrap(), 0);
    assert_eq!(file.read_vectored(&mut io_slices_mut::<0>([])).unwrap(), 0);
    assert_eq!(file.read_vectored(&mut io_slices_mut::<3>([])).unwrap(), 0);
    assert_eq!(file.stream_position().unwrap(), 0, "nothing was read");
    assert_eq!(file.metadata().unwrap().len(), SIZE as u64, "nothing was written");
}

#[test]
fn slices_are_the_parts_themselves_and_the_rest_is_empty() {
    let pool = Pool::new(SIZE, 2);
    let mut blocks = filled(&pool, 2);
    let slices = io_slices::<3>(blocks.iter().map(|block| &block[..]));
    assert_eq!(slices.each_ref().map(|slice| slice.len()), [SIZE, SIZE, 0]);
    assert!(std::ptr::eq(&*slices[1], &blocks[1][..]));

    let last = std::ptr::from_ref(&blocks[1][..]);
    let slices = io_slices_mut::<3>(blocks.iter_mut().map(|block| &mut block[..]));
    assert_eq!(slices.each_ref().map(|slice| slice.len()), [SIZE, SIZE, 0]);
    assert!(std::ptr::eq(&*slices[1], last));
}

/// An iterator may go on after its end; what it gives then was not asked for.
#[test]
fn nothing_is_taken_after_the_end() {
    let mut calls = 0;
    let parts = std::iter::from_fn(|| {
        calls += 1;
        (calls != 2).then_some(&b"part"[..])
    });
    let slices = io_slices::<4>(parts);
    assert_eq!(slices.each_ref().map(|slice| slice.len()), [4, 0, 0, 0]);
    assert_eq!(calls, 2);
}

#[test]
#[should_panic(expected = "5 slices, but the array has room for 2")]
fn more_parts_to_write_than_slices_panic_with_both_numbers() {
    let _ = io_slices::<2>([&b"part"[..]; 5]);
}

#[test]
#[should_panic(expected = "3 slices, but the array has room for 2")]
fn more_parts_to_read_than_slices_panic_with_both_numbers() {
    let pool = Pool::new(SIZE, 3);
    let mut blocks = blocks(&pool, 3);
    let _ = io_slices_mut::<2>(blocks.iter_mut().map(|block| &mut block[..]));
}
