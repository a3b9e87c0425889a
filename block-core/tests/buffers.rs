//! What buffers do for those who speak `bytes` and the standard library's traits.

#![cfg(feature = "bytes")]

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use block_core::buffer::{BlockBuf, BlockBytes};
use block_core::{AllocError, Block, BlockAlloc, BlockAllocExt, BlockIndex, FreeError};
use bytes::{Buf, BufMut, Bytes, BytesMut};

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

#[test]
fn a_frozen_buffer_is_as_small_as_bytes() {
    assert_eq!(size_of::<BlockBytes<&Pool>>(), size_of::<Bytes>());
    assert_eq!(size_of::<BlockBytes<Arc<Pool>>>(), size_of::<Bytes>());
    assert_eq!(size_of::<Option<BlockBytes<&Pool>>>(), size_of::<Bytes>());
    assert_eq!(size_of::<BlockBuf<&Pool>>(), 5 * size_of::<usize>());
}

#[test]
fn buffers_over_any_pool_cross_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<BlockBuf<&Pool>>();
    crosses::<BlockBytes<&'static dyn BlockAlloc>>();
    crosses::<BlockBytes<Arc<Pool>>>();
    crosses::<BlockBuf<Arc<dyn BlockAlloc>>>();
}

/// A buffer may outlive all other handles of its pool, if it owns a share of it.
#[test]
fn the_last_buffer_takes_its_pool_along_on_whatever_thread() {
    let (sender, receiver) = mpsc::channel::<BlockBytes<Arc<dyn BlockAlloc>>>();
    let pool: Arc<dyn BlockAlloc> = Arc::new(Pool::new(SIZE, 2));
    let gone = Arc::downgrade(&pool);
    let mut buffer = BlockBuf::alloc_in(pool).unwrap();
    buffer.put_slice(b"hello world");
    let (first, second) = (buffer.freeze_to(5), buffer.freeze());
    sender.send(first.clone()).unwrap();
    sender.send(second).unwrap();
    drop((first, sender));
    let reader = thread::spawn(move || {
        let parts: Vec<_> = receiver.iter().collect();
        assert_eq!(parts[0].pool().available(), 1);
        assert_eq!(Arc::strong_count(parts[1].pool()), 1, "once for the block");
        parts.iter().map(|part| part.len()).sum::<usize>()
    });
    assert_eq!(reader.join().unwrap(), 11);
    assert!(gone.upgrade().is_none());
}

/// Invariants 1 and 2, with many handles of a few blocks on many threads.
#[test]
fn clones_dropped_by_many_threads_at_once_give_each_block_back_once() {
    const THREADS: usize = 4;
    let pool = Pool::new(SIZE, 2);
    for round in 0..if cfg!(miri) { 5 } else { 500_u32 } {
        let (start, bytes) = (Barrier::new(THREADS), round.to_le_bytes());
        let shared = filled(&pool, &bytes).freeze();
        thread::scope(|scope| {
            for part in 0..THREADS {
                let (mine, start) = (shared.slice(part..), &start);
                scope.spawn(move || {
                    start.wait();
                    let more = mine.clone();
                    assert_eq!(more, bytes[part..]);
                    drop(mine);
                    let thawed = more.try_into_mut().map(|mut last| last.fill(0xee));
                    drop(thawed);
                });
            }
            drop(shared);
        });
        pool.assert_only_held(&[]);
    }
}

/// The next holder writes after the last reader has read, although nothing but the block's own count
/// orders the two. For Miri, which sees the race.
#[test]
fn a_block_frozen_by_the_only_handle_goes_back_after_others_have_read_it() {
    let pool = Arc::new(Pool::new(SIZE, 1));
    for freezes in [true, false] {
        let mut buffer = BlockBuf::alloc_in(Arc::clone(&pool)).unwrap();
        buffer.put_bytes(7, 32);
        let (front, gone) = (buffer.freeze_to(16), Arc::new(AtomicBool::new(false)));
        let reader = {
            let gone = Arc::clone(&gone);
            thread::spawn(move || {
                assert_eq!(front[0], 7);
                drop(front);
                gone.store(true, Ordering::Relaxed);
            })
        };
        while !gone.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        if freezes {
            drop(buffer.freeze());
        } else {
            assert!(buffer.try_reclaim(40), "nobody else has a part of it");
            drop(buffer);
        }
        Block::alloc_in(Arc::clone(&pool)).unwrap().fill(9);
        reader.join().unwrap();
    }
}

#[test]
fn a_block_becomes_a_buffer_and_a_block_again_with_its_bytes() {
    let pool = Pool::new(SIZE, 1);
    let mut block = pool.alloc().unwrap();
    block.fill(7);
    let mut buffer = BlockBuf::from(block);
    assert!(buffer.is_empty());
    buffer.set_len(SIZE);
    let frozen = buffer.freeze();
    let reader = frozen.clone();
    let frozen = frozen.into_block().expect_err("there is a reader");
    drop(reader);
    let mut block: Block<&Pool> = frozen.into_block().expect("there is none");
    assert_eq!(block[..], [7; SIZE]);
    block[0] = 1;
    assert_eq!(pool.available(), 0);
    drop(block);
    pool.assert_only_held(&[]);
}

/// Invariant 5: the block of a buffer is a handle's.
#[test]
fn a_block_that_is_a_buffer_is_not_freed_raw() {
    let pool = Pool::new(SIZE, 2);
    let frozen = filled(&pool, b"hello").freeze();
    let address = std::ptr::NonNull::from(&frozen[..]).cast();
    // SAFETY: the call must fail.
    assert_eq!(unsafe { pool.free_raw(address) }, Err(FreeError::NotAllocated));
    assert_eq!((pool.available(), &frozen[..]), (1, &b"hello"[..]));
}

#[test]
fn bytes_made_from_a_buffer_come_back_and_are_writable_when_nobody_else_has_them() {
    let pool = Arc::new(Pool::new(SIZE, 2));
    let mut buffer = BlockBuf::alloc_in(Arc::clone(&pool)).unwrap();
    buffer.extend_from_slice(b"hello world");
    let bytes = Bytes::from(buffer.freeze());
    let (hello, world) = (bytes.slice(..5), bytes.slice(6..));
    drop(bytes);
    let hello = BlockBytes::from_bytes(hello, &pool).unwrap();
    assert_eq!(hello, "hello");
    let hello = hello.try_into_mut().expect_err("the other part is there");
    let world = BlockBytes::from_bytes(world, &pool).unwrap();
    assert_eq!((&world[..], pool.available()), (&b"world"[..], 1));
    drop(hello);
    let mut world = world.try_into_mut().expect("it is alone");
    world.extend_from_slice(b"!");
    assert_eq!(world, "world!");
    assert_eq!(Arc::strong_count(&pool), 2);
    drop(world);
    pool.assert_only_held(&[]);
}

/// What keeps those bytes may be a type of the caller's, that does as it likes with what it has.
#[test]
fn bytes_over_what_somebody_can_still_write_do_not_come_back() {
    type Kept = Arc<std::sync::Mutex<Option<BlockBuf<&'static Pool>>>>;
    struct Writes(Option<BlockBuf<&'static Pool>>, Kept);
    impl AsRef<[u8]> for Writes {
        fn as_ref(&self) -> &[u8] {
            self.0.as_ref().unwrap()
        }
    }
    impl Drop for Writes {
        fn drop(&mut self) {
            *self.1.lock().unwrap() = self.0.take();
        }
    }
    let pool: &'static Pool = Box::leak(Box::new(Pool::new(SIZE, 2)));
    let kept = Kept::default();
    let bytes = Bytes::from_owner(Writes(Some(filled(pool, b"hello")), Arc::clone(&kept)));
    let bytes = BlockBytes::from_bytes(bytes, &pool).expect_err("its owner can write");
    assert_eq!(bytes, "hello");
    drop(bytes);
    kept.lock().unwrap().as_mut().unwrap().fill(0);
    // Nor do those of an ordinary handle, which is not counted.
    let bytes = Bytes::from_owner(Block::alloc_in(pool).unwrap());
    assert!(BlockBytes::from_bytes(bytes, &pool).is_err());
    kept.lock().unwrap().take();
    pool.assert_only_held(&[]);
}

#[test]
fn bytes_that_are_not_the_pools_come_back_as_they_were() {
    let (pool, other) = (Arc::new(Pool::new(48, 2)), Arc::new(Pool::new(48, 2)));
    let frozen = || {
        let mut buffer = BlockBuf::alloc_in(Arc::clone(&other)).unwrap();
        buffer.extend_from_slice(b"hello");
        Bytes::from(buffer.freeze())
    };
    let emptied = {
        let mut bytes = frozen();
        bytes.clear();
        bytes
    };
    for bytes in [Bytes::new(), Bytes::from_static(b"static"), Bytes::from(vec![1; 100]), frozen()]
    {
        let before = bytes.clone();
        assert_eq!(BlockBytes::from_bytes(bytes, &pool).unwrap_err(), before);
    }
    assert!(BlockBytes::from_bytes(emptied, &other).is_err(), "nothing may own it");
    let dynamic: Arc<dyn BlockAlloc> = other.clone();
    let back = BlockBytes::from_bytes(frozen(), &dynamic).expect("the same `Arc`, of another type");
    drop(back);
    pool.assert_only_held(&[]);
    other.assert_only_held(&[]);
    drop(dynamic);
    assert_eq!((Arc::strong_count(&pool), Arc::strong_count(&other)), (1, 1));
}

/// Or an `Arc` would be dropped that was never counted.
#[test]
fn bytes_come_back_by_the_kind_of_pool_pointer_that_they_were_taken_with() {
    let owned: &'static Arc<Pool> = Box::leak(Box::new(Arc::new(Pool::new(SIZE, 2))));
    let borrowed: &'static Pool = owned;
    let mut owns = BlockBuf::alloc_in(Arc::clone(owned)).unwrap();
    owns.extend_from_slice(b"owns");
    let (owns, borrows) = (Bytes::from(owns.freeze()), filled(borrowed, b"borrows").freeze());
    let borrows = BlockBytes::from_bytes(borrows.into(), owned).expect_err("it borrows");
    let owns = BlockBytes::from_bytes(owns, &borrowed).expect_err("it owns");
    assert_eq!((&owns[..], &borrows[..]), (&b"owns"[..], &b"borrows"[..]));
    let owns = BlockBytes::from_bytes(owns, owned).unwrap();
    let borrows = BlockBytes::from_bytes(borrows, &borrowed).unwrap();
    drop((owns, borrows));
    assert_eq!(Arc::strong_count(owned), 1);
    borrowed.assert_only_held(&[]);
}

#[test]
fn a_block_that_was_a_buffer_is_no_buffer_any_more() {
    let pool: &'static Pool = Box::leak(Box::new(Pool::new(SIZE, 1)));
    let block = filled(pool, b"hello").freeze().into_block().unwrap();
    assert!(BlockBytes::from_bytes(Bytes::from_owner(block), &pool).is_err());
    pool.assert_only_held(&[]);
}

#[test]
fn bytes_that_reach_beyond_a_block_do_not_become_a_part_of_it() {
    let pool: &'static Pool = Box::leak(Box::new(Pool::new(SIZE, 2)));
    let (first, second) = (filled(pool, b"first").freeze(), filled(pool, b"second").freeze());
    let region = pool.region();
    // SAFETY: both blocks are held and read only, to the end of this test.
    let both =
        unsafe { std::slice::from_raw_parts(region.block(BlockIndex::new(0)).as_ptr(), SIZE + 1) };
    assert!(BlockBytes::from_bytes(Bytes::from_static(both), &pool).is_err());
    assert!(BlockBytes::from_bytes(Bytes::from_static(&both[..SIZE]), &pool).is_ok());
    drop((first, second));
    pool.assert_only_held(&[]);
}

#[test]
fn a_buffer_of_an_exhausted_pool_is_an_error() {
    let pool = Pool::new(SIZE, 1);
    let buffer = BlockBuf::alloc_in(&pool).unwrap();
    assert_eq!(BlockBuf::alloc_in(&pool).unwrap_err(), AllocError::Exhausted);
    drop(buffer);
    assert!(BlockBuf::alloc_in(&pool).is_ok());
}
