//! What buffers do for those who speak `bytes` and the standard library's traits.

#![cfg(feature = "bytes")]

use std::collections::HashSet;
use std::ops::Bound;
use std::sync::Arc;

use block_core::BlockAlloc;
use block_core::buffer::{BlockBuf, BlockBytes};
use bytes::{Buf, BufMut, Bytes, BytesMut};

mod conversions;
mod owners;
#[path = "../support/mod.rs"]
mod support;

use support::Pool;

const SIZE: usize = 64;

fn filled<'a>(pool: &'a Pool, bytes: &[u8]) -> BlockBuf<&'a Pool> {
    let mut buffer = BlockBuf::alloc_in(pool).unwrap();
    buffer.extend_from_slice(bytes);
    buffer
}

#[test]
fn integers_of_either_byte_order_are_read_as_they_were_written() {
    let pool = Pool::new(SIZE, 1);
    let mut buffer = BlockBuf::alloc_in(&pool).unwrap();
    buffer.put_u8(1);
    buffer.put_u16(0x0203);
    buffer.put_u16_le(0x0203);
    buffer.put_i32(-5);
    buffer.put_i32_le(-5);
    buffer.put_u64(u64::MAX - 1);
    buffer.put_f64_le(0.5);
    buffer.put_u128(7 << 100);
    buffer.put_uint(0x01_02_03, 3);
    assert_eq!(&buffer[..5], [1, 2, 3, 3, 2]);
    assert_eq!(buffer.len(), 1 + 2 + 2 + 4 + 4 + 8 + 8 + 16 + 3);
    let frozen = buffer.freeze();
    let mut read = frozen.clone();
    assert_eq!((read.get_u8(), read.get_u16(), read.get_u16_le()), (1, 0x0203, 0x0203));
    assert_eq!((read.get_i32(), read.get_i32_le()), (-5, -5));
    assert_eq!((read.get_u64(), read.get_f64_le()), (u64::MAX - 1, 0.5));
    assert_eq!((read.get_u128(), read.get_uint(3)), (7 << 100, 0x01_02_03));
    assert!(!read.has_remaining());
    assert_eq!(read.try_get_u8().unwrap_err().available, 0);
    assert_eq!(frozen.len(), 48, "what one handle reads, another still has");
}

#[test]
fn whatever_can_be_read_can_be_put_and_what_is_put_can_be_chained() {
    let pool = Pool::new(SIZE, 2);
    let mut buffer = BlockBuf::alloc_in(&pool).unwrap();
    buffer.put(&b"head "[..]);
    buffer.put(Bytes::from_static(b"body ").chain(&b"tail"[..]));
    buffer.put_bytes(b'!', 3);
    assert_eq!(buffer, "head body tail!!!");
    let mut copy = BlockBuf::alloc_in(&pool).unwrap();
    copy.put(buffer.freeze().take(9));
    assert_eq!(copy, "head body");
    assert_eq!(copy.copy_to_bytes(4), "head");
    assert_eq!(copy, " body");
}

#[test]
fn text_goes_in_whole_or_not_at_all() {
    use std::fmt::Write;
    let pool = Pool::new(8, 1);
    let mut buffer = BlockBuf::alloc_in(&pool).unwrap();
    write!(buffer, "{}", 12345).unwrap();
    assert!(buffer.write_str("6789").is_err());
    assert_eq!(buffer, "12345");
}

#[cfg(feature = "std")]
#[test]
fn bytes_go_in_as_far_as_there_is_room() {
    use std::io::{ErrorKind, Write};
    let pool = Pool::new(8, 1);
    let mut buffer = BlockBuf::alloc_in(&pool).unwrap();
    assert_eq!(buffer.write(b"12345").unwrap(), 5);
    assert_eq!(buffer.write(b"6789").unwrap(), 3);
    assert_eq!(buffer.write_all(b"9").unwrap_err().kind(), ErrorKind::WriteZero);
    buffer.flush().unwrap();
    assert_eq!(buffer, "12345678");
}

#[test]
fn a_buffer_is_empty_before_it_is_filled_and_after_it_is_split_or_cleared() {
    let pool = Pool::new(SIZE, 1);
    let mut buffer = BlockBuf::alloc_in(&pool).unwrap();
    assert!(buffer.is_empty());
    buffer.put_slice(b"hello");
    buffer.as_mut()[0] = b'j';
    assert!(!buffer.is_empty());
    let mut jello = buffer.split();
    assert!(buffer.is_empty());
    assert_eq!(jello, "jello");
    jello.clear();
    assert!(jello.is_empty());

    buffer.put_slice(b"world");
    let mut bytes = BlockBytes::from(buffer);
    assert!(!bytes.is_empty());
    assert_eq!(bytes.slice((Bound::Excluded(0), Bound::Unbounded)), "orld");
    bytes.clear();
    assert!(bytes.is_empty());
}

/// What an empty part does to the handle that it came from: whether that one is unique, can be written
/// again, and what is free after it was dropped. `Bytes` answer the same.
#[test]
fn empty_parts_keep_no_block_as_those_of_bytes_keep_no_memory() {
    /// `$bytes` stands for the bytes `[1, 2, 3]`, and the value is the other part.
    macro_rules! compare {
        ($($name:literal: |$bytes:ident| $call:expr;)+) => {$({
            let pool = Pool::new(SIZE, 1);
            let ours = {
                let mut buffer = BlockBuf::alloc_in(&pool).unwrap();
                buffer.extend_from_slice(&[1, 2, 3]);
                #[allow(unused_mut, reason = "some calls change nothing")]
                let mut $bytes = buffer.freeze();
                let other = $call;
                let uniques = ($bytes.is_unique(), other.is_unique());
                (uniques, $bytes.try_into_mut().is_ok(), other.try_into_mut().is_ok())
            };
            let theirs = {
                #[allow(unused_mut, reason = "some calls change nothing")]
                let mut $bytes = Bytes::from(vec![1, 2, 3]).slice(..);
                let other = $call;
                let uniques = ($bytes.is_unique(), other.is_unique());
                (uniques, $bytes.try_into_mut().is_ok(), other.try_into_mut().is_ok())
            };
            assert_eq!(ours, theirs, $name);
            assert_eq!(pool.available(), 1, $name);
        })+};
    }
    compare! {
        "slice": |bytes| bytes.slice(1..1);
        "slice of a slice": |bytes| bytes.slice(1..1).slice(..);
        "split_to nothing": |bytes| bytes.split_to(0);
        "split_to all": |bytes| bytes.split_to(3);
        "split_off all": |bytes| bytes.split_off(0);
        "split_off nothing": |bytes| bytes.split_off(3);
        "clear": |bytes| { bytes.clear(); bytes.clone() };
        "truncate": |bytes| { bytes.truncate(0); bytes.clone() };
        "advance": |bytes| { bytes.advance(3); bytes.slice(..) };
    }
}

/// An empty part is usable in every way, also when its pool is gone.
#[test]
fn an_empty_part_without_a_block_outlives_its_pool() {
    let pool = std::sync::Arc::new(Pool::new(SIZE, 1));
    let mut buffer = BlockBuf::alloc_in(std::sync::Arc::clone(&pool)).unwrap();
    buffer.extend_from_slice(b"hello");
    let mut empty = buffer.freeze().slice(2..2);
    assert_eq!((std::sync::Arc::strong_count(&pool), pool.available()), (1, 1));
    drop(pool);
    assert!(empty.pool().is_none() && !empty.is_unique());
    empty.truncate(0);
    empty.advance(0);
    for part in [empty.clone(), empty.slice(..), empty.split_to(0), empty.split_off(0)] {
        assert_eq!(part, "");
    }
    let empty = empty.into_block().unwrap_err().try_into_mut().unwrap_err();
    assert_eq!(Bytes::from(empty), "");
}

#[test]
fn bytes_are_unique_when_no_other_handle_has_a_part_of_their_block() {
    let pool = Pool::new(SIZE, 1);
    let bytes = filled(&pool, b"hello").freeze();
    assert!(bytes.is_unique());
    let clone = bytes.clone();
    assert!(!bytes.is_unique() && !clone.is_unique());
    drop(bytes);
    assert!(clone.is_unique());
}

#[test]
fn buffers_are_their_bytes_to_whoever_compares_borrows_hashes_or_prints_them() {
    let (pool, other) = (Pool::new(SIZE, 2), Arc::new(Pool::new(SIZE, 2)));
    let buffer = filled(&pool, b"a\"\n\xff");
    let frozen = filled(&pool, b"a\"\n\xff").freeze();
    let mut elsewhere = BlockBuf::alloc_in(Arc::clone(&other)).unwrap();
    elsewhere.extend_from_slice(&frozen);
    assert_eq!(buffer, frozen);
    assert_eq!(frozen, buffer);
    assert_eq!(frozen, elsewhere);
    assert_eq!(elsewhere.freeze(), buffer);
    let bytes = b"a\"\n\xff";
    assert_eq!(frozen, bytes);
    assert_eq!(frozen, bytes[..]);
    assert_eq!(bytes[..], frozen);
    assert_eq!(&bytes[..], frozen);
    assert_eq!(frozen, bytes.to_vec());
    assert_eq!(frozen, Bytes::from_static(bytes));
    assert_eq!(BytesMut::from(&bytes[..]), buffer);
    assert_eq!(format!("{buffer:?} {frozen:?}"), r#"b"a\"\n\xff" b"a\"\n\xff""#);
    let (less, more) = (frozen.slice(..1), frozen.slice(1..));
    assert!(more < less && less.cmp(&more).is_gt(), "as `\"` is before `a`");
    assert_ne!(less, more);
    assert!(more < buffer && less < buffer);
    assert!(buffer > more, "of either kind");
    assert_eq!("a", less);
    assert_eq!(less, "a".to_owned());
    assert!(less > *"A" && less < b"b"[..]);
    let again: Vec<_> = (&more).into_iter().copied().collect();
    assert_eq!((&again[..], more.into_iter().collect::<Vec<u8>>()), (&bytes[1..], again.clone()));
    #[expect(clippy::mutable_key_type, reason = "the hash is that of the bytes alone")]
    let set = HashSet::from([less.clone()]);
    assert!(set.contains(&b"a"[..]) && !set.contains(&b"b"[..]));
    assert_eq!(AsRef::<[u8]>::as_ref(&less), b"a");
}
