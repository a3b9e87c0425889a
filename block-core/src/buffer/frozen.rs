//! A buffer to read and to share: a part of a block that is not written.

mod parts;

use core::ops::Deref;
use core::ptr::NonNull;
use core::slice;

use super::hold::Reader;
use super::{BlockBuf, PoolRef};
use crate::Block;

/// A part of a block to read and to share. A clone is another handle of the same bytes.
///
/// The counterpart of [`bytes::Bytes`] in a pool. **A part keeps its whole block:** the block is
/// freed when the last handle of any part of it is dropped, on any thread. Blocks are finite, so
/// copy small parts that live long. As with `Bytes`, an empty part that was split off, sliced or
/// cleared keeps no block; bytes that were read to their end by [`Buf`](bytes::Buf), and a buffer
/// that was frozen empty, do. The reference count is separate from the blocks, so nothing is
/// allocated, except by a conversion to [`Bytes`](bytes::Bytes) and by `Buf::copy_to_bytes`, which
/// copies. [`split_to`](Self::split_to) does not copy.
///
/// A clone, slice or split costs one atomic read-modify-write on the block's own count, and so does
/// a drop.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::BlockAlloc;
/// use block_core::buffer::BlockBuf;
/// use std::sync::Arc;
///
/// let pool = Arc::new(Pool::new(1500, 8));
/// let mut message = BlockBuf::alloc_in(Arc::clone(&pool))?;
/// message.extend_from_slice(b"to all of you");
/// let message = message.freeze();
/// let readers: Vec<_> = (0..4)
///     .map(|_| message.clone())
///     .map(|message| std::thread::spawn(move || message.len()))
///     .collect();
/// drop(message);
/// assert!(readers.into_iter().all(|reader| reader.join().unwrap() == 13));
/// assert_eq!(pool.available(), 8, "the last reader gave the block back");
/// # Ok::<(), block_core::AllocError>(())
/// ```
///
/// A buffer over a borrowed pool cannot outlive it:
///
/// ```compile_fail,E0505
/// # use block_core::BlockAlloc;
/// use block_core::buffer::BlockBuf;
///
/// fn outlive<A: BlockAlloc>(pool: A) {
///     let bytes = BlockBuf::alloc_in(&pool).unwrap().freeze();
///     drop(pool);
///     assert!(bytes.is_empty());
/// }
/// ```
#[must_use = "bytes that are dropped at once give up their share of the block"]
pub struct BlockBytes<P: PoolRef> {
    start: NonNull<u8>,
    len: usize,
    /// `None` only if `len` is 0.
    hold: Option<Reader<P>>,
}

// SAFETY: the bytes are plain memory that is not written. The rest is the handle.
unsafe impl<P: PoolRef> Send for BlockBytes<P> {}
// SAFETY: shared access only reads the bytes. The rest is the handle.
unsafe impl<P: PoolRef> Sync for BlockBytes<P> {}

impl<P: PoolRef> BlockBytes<P> {
    /// Creates the part of `hold`'s block from `start` on.
    ///
    /// # Safety
    ///
    /// It is inside the block, and no part of a [`BlockBuf`].
    #[inline]
    pub(super) unsafe fn over(start: NonNull<u8>, len: usize, hold: Reader<P>) -> Self {
        Self { start, len, hold: Some(hold) }
    }

    /// Returns no bytes, which keep no block. `start` may point anywhere.
    #[inline]
    fn empty(start: NonNull<u8>) -> Self {
        Self { start, len: 0, hold: None }
    }

    /// Returns the number of bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(8, 1);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// buffer.extend_from_slice(b"hello");
    /// let bytes = buffer.freeze();
    /// assert_eq!(bytes.len(), 5);
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are no bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(8, 1);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// buffer.extend_from_slice(b"hello");
    /// let mut bytes = buffer.freeze();
    /// assert!(!bytes.is_empty());
    /// bytes.clear();
    /// assert!(bytes.is_empty());
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the pool that the block came from, or `None` if these bytes are an empty part that
    /// keeps no block.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::BlockAlloc;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(8, 1);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// buffer.extend_from_slice(b"hello");
    /// let bytes = buffer.freeze();
    /// assert_eq!(bytes.pool().unwrap().available(), 0);
    /// assert!(bytes.slice(..0).pool().is_none());
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn pool(&self) -> Option<&P> {
        self.hold.as_ref().map(Reader::pool)
    }

    /// Returns whether these bytes keep a block of which there is no other part and no other
    /// handle. False for an empty part that keeps no block.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(1500, 1);
    /// let bytes = BlockBuf::alloc_in(&pool)?.freeze();
    /// let clone = bytes.clone();
    /// assert!(!bytes.is_unique());
    /// drop(clone);
    /// assert!(bytes.is_unique());
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn is_unique(&self) -> bool {
        self.hold.as_ref().is_some_and(Reader::is_only)
    }

    /// Turns the bytes into a buffer to write to, with the rest of the block behind them as free
    /// space, if no other part of the block exists.
    ///
    /// # Errors
    ///
    /// Returns these bytes unchanged.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(1500, 1);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// buffer.extend_from_slice(b"hello");
    /// let bytes = buffer.freeze();
    /// let reader = bytes.clone();
    /// let bytes = bytes.try_into_mut().expect_err("there is a reader");
    /// drop(reader);
    /// let mut buffer = bytes.try_into_mut().expect("there is none");
    /// buffer.extend_from_slice(b" world");
    /// assert_eq!(buffer, b"hello world");
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    pub fn try_into_mut(self) -> Result<BlockBuf<P>, Self> {
        let Self { start, len, hold: Some(hold) } = self else { return Err(self) };
        let hold = match hold.thaw() {
            Ok(hold) => hold,
            Err(hold) => return Err(Self { start, len, hold: Some(hold) }),
        };
        let capacity = hold.bytes().len() - hold.before(start);
        // SAFETY: there is no other handle, so this one owns the block from `start` on.
        Ok(unsafe { BlockBuf::over(start, len, capacity, hold) })
    }

    /// Returns the whole block if no other part of it exists.
    ///
    /// # Errors
    ///
    /// Returns these bytes unchanged.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(8, 1);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// buffer.extend_from_slice(b"hello");
    /// let bytes = buffer.freeze();
    /// let block = bytes.into_block().expect("nobody else has a part of it");
    /// assert_eq!(block[..5], *b"hello");
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    pub fn into_block(self) -> Result<Block<P>, Self> {
        let Self { start, len, hold: Some(hold) } = self else { return Err(self) };
        hold.into_block().map_err(|hold| Self { start, len, hold: Some(hold) })
    }
}

impl<P: PoolRef> Clone for BlockBytes<P> {
    /// Creates another handle of the same bytes.
    ///
    /// # Panics
    ///
    /// Panics if the block has too many handles to count.
    #[inline]
    fn clone(&self) -> Self {
        Self { start: self.start, len: self.len, hold: self.hold.as_ref().map(Reader::join) }
    }
}

impl<P: PoolRef> From<BlockBuf<P>> for BlockBytes<P> {
    /// Freezes the filled bytes.
    #[inline]
    fn from(buffer: BlockBuf<P>) -> Self {
        buffer.freeze()
    }
}

impl<P: PoolRef> Deref for BlockBytes<P> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: inside the block (invariant 4), initialised (6), and written by nobody as long as
        // this handle is there. Without a block there are no bytes, and any address is right.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}
