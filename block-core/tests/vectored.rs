//! Several blocks in one read or write of a real file: every byte once, in order, and none outside
//! the parts that were given.

#![cfg(feature = "std")]

use std::fs::File;
use std::io::{IoSliceMut, Read, Seek, Write};

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
#[should_panic(expected = "more than 2 slices")]
fn more_parts_to_write_than_slices_panic_with_both_numbers() {
    let _ = io_slices::<2>([&b"part"[..]; 5]);
}

#[test]
#[should_panic(expected = "more than 2 slices")]
fn more_parts_to_read_than_slices_panic_with_both_numbers() {
    let pool = Pool::new(SIZE, 3);
    let mut blocks = blocks(&pool, 3);
    let _ = io_slices_mut::<2>(blocks.iter_mut().map(|block| &mut block[..]));
}

/// A panic, and no hang, after at most one part more than there is room for.
#[test]
fn an_endless_iterator_panics_as_documented() {
    let mut taken = 0;
    for part in [&b"x"[..], b""] {
        let endless = std::iter::repeat(part).inspect(|_| taken += 1);
        let slices = std::panic::AssertUnwindSafe(|| io_slices::<8>(endless));
        let panic = std::panic::catch_unwind(slices).unwrap_err();
        let text = panic.downcast::<String>().unwrap();
        assert!(text.contains("more than 8 slices"), "{text}");
        assert!(std::mem::take(&mut taken) == 9, "parts taken");
    }
    let endless = std::iter::repeat_with(|| &mut [][..]);
    let slices = std::panic::AssertUnwindSafe(|| io_slices_mut::<2>(endless));
    assert!(std::panic::catch_unwind(slices).is_err());
}

/// One more than the system takes in one call.
const PAST_IOV_MAX: usize = 1025;

/// Otherwise a write would look at none but empty ones, and return 0.
#[test]
fn empty_parts_before_the_others_do_not_hide_them_from_the_system() {
    let mut file = tempfile::tempfile().unwrap();
    let mut parts = [&b""[..]; PAST_IOV_MAX];
    parts[1] = b"hel";
    parts[PAST_IOV_MAX - 1] = b"lo";
    let slices = io_slices::<PAST_IOV_MAX>(parts);
    assert_eq!(slices.iter().map(|slice| slice.len()).take(3).collect::<Vec<_>>(), [3, 2, 0]);
    assert_eq!(file.write_vectored(&slices).unwrap(), 5);

    file.rewind().unwrap();
    let mut bytes = [0; 5];
    let room = bytes.split_at_mut(2);
    let none = (0..PAST_IOV_MAX - 2).map(|_| &mut [][..]);
    let mut slices = io_slices_mut::<PAST_IOV_MAX>(none.chain([room.0, room.1]));
    assert_eq!(file.read_vectored(&mut slices).unwrap(), 5);
    assert_eq!(&bytes, b"hello");
}

/// Buffers with a filled length, with the feature `bytes`.
#[cfg(feature = "bytes")]
mod buffers {
    use std::io::{self, IoSliceMut, Read, Write};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use block_core::buffer::BlockBuf;
    use block_core::{io_slices, read_vectored};

    use super::{Pool, SIZE, pattern, written};

    fn empty<const N: usize>(pool: &Pool) -> [BlockBuf<&Pool>; N] {
        [(); N].map(|()| BlockBuf::alloc_in(pool).unwrap())
    }

    #[test]
    fn what_is_read_is_appended_to_each_buffer_in_turn_until_the_end_of_the_file() {
        let pool = Pool::new(SIZE, 3);
        let mut file = written::<3>(&pool, 3, 100);
        let mut buffers = empty::<3>(&pool);
        buffers[0].extend_from_slice(b"head"); // less room in this one
        assert_eq!(read_vectored(&mut file, &mut buffers).unwrap(), 2 * SIZE + 100);
        assert_eq!(buffers.each_ref().map(|buffer| buffer.len()), [SIZE, SIZE, 104]);
        let (head, rest) = buffers[0].split_at(4);
        assert_eq!(head, b"head");
        let all = rest.iter().chain(&buffers[1][..]).chain(&buffers[2][..]);
        assert!(all.enumerate().all(|(at, &byte)| byte == pattern(at / SIZE, at % SIZE)));
        let before = buffers.each_ref().map(|buffer| buffer.to_vec());
        assert_eq!(read_vectored(&mut file, &mut buffers).unwrap(), 0, "at the end");
        assert!(buffers.iter().zip(before).all(|(buffer, before)| *buffer == before));
    }

    #[test]
    fn frozen_parts_of_several_blocks_are_written_by_one_call() {
        let pool = Pool::new(SIZE, 2);
        let [mut first, mut second] = empty::<2>(&pool);
        first.extend_from_slice(b"hello, ");
        second.extend_from_slice(b"out there, world");
        let parts = [first.freeze(), second.freeze().slice(11..)];
        let mut wire = Vec::new();
        let slices = io_slices::<4>(parts.iter().map(|part| &part[..]));
        assert_eq!(wire.write_vectored(&slices).unwrap(), 12);
        assert_eq!(wire, b"hello, world");
    }

    /// 0 is the end of the input only.
    #[test]
    fn more_buffers_than_the_system_takes_at_once_are_filled_by_several_reads() {
        use super::PAST_IOV_MAX;
        let pool = Pool::new(8, PAST_IOV_MAX);
        let mut buffers = empty::<PAST_IOV_MAX>(&pool);
        let mut endless = io::repeat(7).take(8 * PAST_IOV_MAX as u64 + 1);
        let mut file = tempfile::tempfile().unwrap();
        io::copy(&mut endless, &mut file).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        assert_eq!(read_vectored(&mut file, &mut buffers).unwrap(), 8 * 1024);
        assert_eq!(read_vectored(&mut file, &mut buffers).unwrap(), 8, "the last buffer");
        assert!(buffers.iter().all(|buffer| *buffer == [7; 8]));
        let error = read_vectored(&mut file, &mut buffers).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero, "there is no room, but there is a byte");
    }

    /// A reader that gives its slices to the system as they are would be refused.
    #[test]
    fn no_reader_is_given_more_slices_than_the_system_takes_or_empty_ones() {
        struct Looks;
        impl Read for Looks {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                unreachable!("the vectored call")
            }

            fn read_vectored(&mut self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                assert!(slices.iter().all(|slice| !slice.is_empty()));
                Ok(slices.len())
            }
        }
        let pool = Pool::new(8, 1100);
        let mut buffers = empty::<1100>(&pool);
        assert_eq!(read_vectored(Looks, &mut buffers).unwrap(), 1024);
        // 128 buffers are full now.
        buffers[133..].iter_mut().for_each(|buffer| buffer.set_len(8));
        assert_eq!(read_vectored(Looks, &mut buffers).unwrap(), 5);
    }

    /// Answers without reading.
    struct Answers(fn() -> io::Result<usize>);

    impl Read for Answers {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            (self.0)()
        }

        fn read_vectored(&mut self, _: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
            (self.0)()
        }
    }

    #[test]
    fn a_reader_that_fails_or_lies_appends_nothing() {
        let pool = Pool::new(SIZE, 2);
        let mut buffers = empty::<2>(&pool);
        let error = read_vectored(Answers(|| Err(io::ErrorKind::TimedOut.into())), &mut buffers);
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let lie = AssertUnwindSafe(|| read_vectored(Answers(|| Ok(3001)), &mut buffers));
        let panic = catch_unwind(lie).unwrap_err().downcast::<String>().unwrap();
        assert!(panic.contains("3001 bytes into room for 3000"), "{panic}");
        assert!(buffers.iter().all(|buffer| buffer.is_empty()));
    }
}

/// A reader that takes only so many slices per call, as a file does.
struct TakesFewSlices(usize);

impl Read for TakesFewSlices {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        bytes.fill(7);
        Ok(bytes.len())
    }

    fn read_vectored(&mut self, slices: &mut [IoSliceMut<'_>]) -> std::io::Result<usize> {
        let few = slices.iter_mut().take(self.0);
        Ok(few.map(|slice| (slice.fill(7), slice.len()).1).sum())
    }
}

#[test]
#[cfg(feature = "bytes")]
fn a_read_past_the_limit_on_slices_goes_on_with_the_buffers_that_have_room() {
    use block_core::buffer::BlockBuf;
    use block_core::read_vectored;

    let pool = Pool::new(8, 5);
    let mut buffers = [(); 5].map(|()| BlockBuf::alloc_in(&pool).unwrap());
    let mut reader = TakesFewSlices(2);
    for expected in [16, 16, 8] {
        assert_eq!(read_vectored(&mut reader, &mut buffers).unwrap(), expected);
    }
    assert!(buffers.iter().all(|buffer| buffer[..] == [7; 8]));
    assert!(read_vectored(&mut reader, &mut buffers).is_err(), "no buffer has room");
}

#[test]
#[should_panic(expected = "more than 8 slices")]
fn an_endless_iterator_of_slices_is_refused() {
    let part: &[u8] = b"x";
    let _ = block_core::io_slices::<8>([part].into_iter().cycle());
}
