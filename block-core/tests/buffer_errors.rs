//! What buffers are asked for and cannot do: each is refused as `bytes` refuses it, with both numbers,
//! and nothing is lost (invariant 2).

#![cfg(feature = "bytes")]

use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};

use block_core::AllocError;
use block_core::buffer::{BlockBuf, BlockBytes, BufferFull, ReserveError};
use bytes::{Buf, BufMut, Bytes, BytesMut};

mod support;
use support::Pool;

/// The message of the panic that `work` ends with.
fn panic_of<R>(work: impl FnOnce() -> R) -> String {
    let Err(panic) = panic::catch_unwind(AssertUnwindSafe(work)) else { panic!("no panic") };
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic.downcast_ref::<&str>().expect("a message").to_string(),
    }
}

const HELLO: &[u8] = b"hello";

fn hello(pool: &Pool) -> BlockBuf<&Pool> {
    let mut buffer = BlockBuf::alloc_in(pool).unwrap();
    buffer.extend_from_slice(HELLO);
    buffer
}

fn advance_too_far(buffer: &mut BlockBuf<&Pool>) {
    // SAFETY: the bytes are initialised, and the call panics.
    unsafe { buffer.advance_mut(4) }
}

#[test]
fn filling_past_the_end_says_how_much_was_to_go_where_and_appends_nothing() {
    type Fill = fn(&mut BlockBuf<&Pool>);
    let table: [(&str, Fill, &str); 7] = [
        (
            "extend_from_slice",
            |buffer| buffer.extend_from_slice(b"1234"),
            "4 bytes do not fit: the buffer has room for 3",
        ),
        (
            "put_slice",
            |buffer| buffer.put_slice(b"1234"),
            "4 bytes do not fit: the buffer has room for 3",
        ),
        (
            "put_bytes",
            |buffer| buffer.put_bytes(0, 9),
            "9 bytes do not fit: the buffer has room for 3",
        ),
        ("put_u32", |buffer| buffer.put_u32(7), "4 bytes do not fit: the buffer has room for 3"),
        (
            "put",
            |buffer| buffer.put(&[0; 10][..]),
            "advance out of bounds: the len is 3 but advancing by 10",
        ),
        ("set_len", |buffer| buffer.set_len(9), "set_len out of bounds: 9 <= 8"),
        ("advance_mut", advance_too_far, "advance_mut out of bounds: 4 <= 3"),
    ];
    let pool = Pool::new(8, 1);
    for (name, fill, message) in table {
        let mut buffer = hello(&pool);
        assert_eq!(panic_of(|| fill(&mut buffer)), message, "{name}");
        assert_eq!((&buffer[..], buffer.capacity()), (HELLO, 8), "{name}");
        drop(buffer);
        pool.assert_only_held(&[]);
    }
}

#[test]
fn an_error_says_what_did_not_fit_where_the_caller_can_act() {
    let pool = Pool::new(8, 1);
    let mut buffer = hello(&pool);
    let full = buffer.try_extend_from_slice(b"1234").unwrap_err();
    assert_eq!((full.requested, full.available), (4, 3));
    assert_eq!(buffer.try_extend_from_slice(b"123"), Ok(()));
    assert_eq!(buffer, "hello123");
    assert_eq!(buffer.try_extend_from_slice(b""), Ok(()));
    assert!(!buffer.try_reclaim(1));
    assert!(!buffer.try_reclaim(usize::MAX));
}

#[test]
fn room_that_cannot_be_made_is_an_error_that_says_why_and_changes_nothing() {
    let pool = Pool::new(8, 1);
    let mut buffer = hello(&pool);
    let frozen = buffer.freeze_to(2);
    let too_large = ReserveError::TooLarge { needed: 9, block_size: 8 };
    assert_eq!(buffer.try_reserve(6), Err(too_large));
    assert!(matches!(buffer.try_reserve(usize::MAX), Err(ReserveError::TooLarge { .. })));
    assert_eq!(buffer.try_reserve(5), Err(ReserveError::Alloc(AllocError::Exhausted)));
    assert_eq!((&buffer[..], buffer.capacity()), (&b"llo"[..], 6));
    drop(frozen);
    assert_eq!(buffer.try_reserve(5), Ok(()), "the block is its own again");
    assert_eq!((&buffer[..], buffer.capacity()), (&b"llo"[..], 8));
}

#[test]
fn room_in_another_block_takes_the_bytes_along_and_leaves_the_first_to_its_parts() {
    let pool = Pool::new(8, 2);
    let mut buffer = hello(&pool);
    let frozen = buffer.freeze_to(2);
    buffer.try_reserve(5).unwrap();
    assert_eq!((&frozen[..], &buffer[..], buffer.capacity()), (&b"he"[..], &b"llo"[..], 8));
    assert!(frozen.is_unique());
    drop((frozen, buffer));
    pool.assert_only_held(&[]);
}

#[cfg(feature = "std")]
#[test]
fn errors_of_buffers_are_errors_of_reads_and_writes() {
    use std::io::{Error, ErrorKind};
    let pool = Pool::new(8, 1);
    let full: BufferFull = hello(&pool).try_extend_from_slice(b"1234").unwrap_err();
    let too_large = ReserveError::TooLarge { needed: 9, block_size: 8 };
    let exhausted = "every block of the pool is in use, or too few are free; free blocks, or build a \
                     larger pool";
    let table: [(Error, _, &str); 6] = [
        (full.into(), ErrorKind::WriteZero, "4 bytes do not fit: the buffer has room for 3"),
        (too_large.into(), ErrorKind::InvalidInput, "9 bytes do not fit a block of 8"),
        (AllocError::Exhausted.into(), ErrorKind::OutOfMemory, exhausted),
        (ReserveError::from(AllocError::Exhausted).into(), ErrorKind::OutOfMemory, exhausted),
        (
            AllocError::TimedOut.into(),
            ErrorKind::TimedOut,
            "no block of the pool became free in time; free blocks earlier, wait longer, or build a \
             larger pool",
        ),
        (
            AllocError::Closed.into(),
            ErrorKind::BrokenPipe,
            "the pool was closed for waiting; stop waiting for it",
        ),
    ];
    for (error, kind, message) in table {
        assert_eq!((error.kind(), error.to_string()), (kind, message.to_owned()));
    }
}

/// Or it would look like the end of the input.
#[cfg(feature = "std")]
#[test]
fn a_read_without_room_is_an_error_and_a_reader_that_lies_appends_nothing() {
    use block_core::read_vectored;
    use std::io::{self, ErrorKind, Read};
    struct Lies;
    impl Read for Lies {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Ok(4)
        }
    }
    let pool = Pool::new(8, 2);
    let mut buffer = hello(&pool);
    assert_eq!(panic_of(|| buffer.read_from(Lies)), "read_from out of bounds: 4 <= 3");
    assert_eq!(buffer, HELLO);
    assert_eq!(buffer.read_from(&b"123456"[..]).unwrap(), 3);
    assert_eq!(buffer.read_from(&b""[..]).unwrap_err().kind(), ErrorKind::WriteZero);
    let error = read_vectored(&b"more"[..], &mut [buffer.split_off(8), buffer]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
    pool.assert_only_held(&[]);
}

#[test]
fn freezing_or_splitting_more_than_was_filled_says_both_numbers_and_changes_nothing() {
    let pool = Pool::new(8, 1);
    let mut buffer = hello(&pool);
    assert_eq!(panic_of(|| buffer.freeze_to(6)), "freeze_to out of bounds: 6 <= 5");
    assert_eq!(panic_of(|| buffer.split_to(6)), "split_to out of bounds: 6 <= 5");
    assert_eq!(panic_of(|| buffer.split_off(9)), "split_off out of bounds: 9 <= 8");
    assert_eq!(panic_of(|| buffer.advance(6)), "advance out of bounds: 6 <= 5");
    assert_eq!((&buffer[..], buffer.capacity()), (HELLO, 8));
    let mut frozen = buffer.freeze();
    assert!(frozen.is_unique(), "no handle was counted that is not there");
    assert_eq!(panic_of(|| frozen.split_to(6)), "split_to out of bounds: 6 <= 5");
    assert_eq!(panic_of(|| frozen.split_off(6)), "split_off out of bounds: 6 <= 5");
    assert_eq!(panic_of(|| frozen.advance(6)), "advance out of bounds: 6 <= 5");
    assert_eq!(frozen, HELLO);
    assert!(frozen.is_unique(), "no handle was counted that is not there");
    drop(frozen);
    pool.assert_only_held(&[]);
}

/// The words are those of the crate `bytes`, of today's version at least.
#[test]
fn slicing_out_of_range_says_what_bytes_says() {
    type Cut<B> = fn(&B) -> B;
    const BACKWARDS: Range<usize> = Range { start: 4, end: 3 };
    fn words<B>(whole: &B, cuts: [Cut<B>; 4]) -> [String; 4] {
        cuts.map(|cut| panic_of(|| cut(whole)))
    }
    let pool = Pool::new(8, 1);
    let frozen = hello(&pool).freeze();
    let ours: [Cut<BlockBytes<&Pool>>; 4] = [
        |bytes| bytes.slice(..6),
        |bytes| bytes.slice(6..),
        |bytes| bytes.slice(BACKWARDS),
        |bytes| bytes.slice(0..=5),
    ];
    let theirs: [Cut<Bytes>; 4] = [
        |bytes| bytes.slice(..6),
        |bytes| bytes.slice(6..),
        |bytes| bytes.slice(BACKWARDS),
        |bytes| bytes.slice(0..=5),
    ];
    let ours = words(&frozen, ours);
    assert_eq!(ours[0], "range end out of bounds: 6 <= 5");
    assert_eq!(ours[2], "range start must not be greater than end: 4 <= 3");
    let theirs = words(&Bytes::from_static(HELLO), theirs);
    assert_eq!(
        ours.map(|words| words.replace('`', "")),
        theirs.map(|words| words.replace('`', ""))
    );
    let words = format!("range end out of bounds: {} <= 5", usize::MAX);
    assert_eq!(panic_of(|| frozen.slice(..=usize::MAX)), words);
    assert!(frozen.is_unique(), "no handle was counted that is not there");
    assert_eq!(frozen, HELLO);
}

#[test]
fn reading_past_the_end_says_what_bytes_says() {
    let pool = Pool::new(8, 1);
    let mut frozen = hello(&pool).freeze();
    let mut theirs = BytesMut::from(HELLO);
    assert_eq!(panic_of(|| frozen.get_u64()), panic_of(|| theirs.get_u64()));
    assert_eq!(panic_of(|| frozen.copy_to_bytes(6)), panic_of(|| (&HELLO[..]).copy_to_bytes(6)));
    assert_eq!(frozen, HELLO);
}
