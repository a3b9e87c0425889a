//! Blocks that become buffers or `bytes`, and blocks or buffers again.

use std::sync::Arc;

use block_core::buffer::{BlockBuf, BlockBytes};
use block_core::{Block, BlockAlloc, BlockAllocExt, BlockIndex, FreeError};
use bytes::Bytes;

use crate::support::Pool;
use crate::{SIZE, filled};

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
