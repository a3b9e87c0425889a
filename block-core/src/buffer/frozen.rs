//! A buffer to read and to share: part of a block that nobody writes.

mod parts;

use core::ops::Deref;
use core::ptr::NonNull;
use core::slice;

use super::hold::Reader;
use super::{BlockBuf, PoolRef};
use crate::Block;

/// Part of a block to read, and to share: a clone is another handle of the same bytes.
///
/// The counterpart of [`bytes::Bytes`] in a pool. **A part keeps its whole block:** that goes back when the
/// last handle of any part of it is dropped, on whatever thread. Blocks are
/// finite, so copy out what is small and stays long. As with `Bytes`, an empty part that was split off,
/// sliced or cleared keeps no block; bytes that were read to their end by [`Buf`](bytes::Buf), and
/// a buffer that was frozen empty, do. The count lies beside the blocks:
/// nothing is allocated, whatever is done, but by the conversion into [`Bytes`](bytes::Bytes), and by
/// `Buf::copy_to_bytes`, whose answer is such: it copies. [`split_to`](Self::split_to) does not.
///
/// Cost: to clone, slice or split is one atomic read-modify-write on the block's own count, and to drop
/// is one.
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
/// One over a borrowed pool cannot outlive it:
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

// SAFETY: the bytes are plain memory that nobody writes; what else there is is the handle's.
unsafe impl<P: PoolRef> Send for BlockBytes<P> {}
// SAFETY: shared access reads the bytes; what else there is is the handle's.
unsafe impl<P: PoolRef> Sync for BlockBytes<P> {}

impl<P: PoolRef> BlockBytes<P> {
    /// The part of `hold`'s block from `start` on.
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

    /// How many bytes there are.
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

    /// Returns the pool that the block came from, or `None` if these bytes are an empty part that keeps
    /// no block.
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

    /// Returns whether these bytes keep a block of which there is no other part and no other handle.
    /// False for an empty part that keeps no block.
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

    /// The bytes as a buffer to write into again, with the rest of the block behind them as room, if no
    /// other part of the block is held.
    ///
    /// # Errors
    ///
    /// These bytes, unchanged.
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
        // SAFETY: no other handle, so all of the block from `start` on is this one's.
        Ok(unsafe { BlockBuf::over(start, len, capacity, hold) })
    }

    /// The whole block, if no other part of it is held.
    ///
    /// # Errors
    ///
    /// These bytes, unchanged.
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
    /// One more handle of the same bytes.
    ///
    /// # Panics
    ///
    /// If the block has too many handles to count.
    #[inline]
    fn clone(&self) -> Self {
        Self { start: self.start, len: self.len, hold: self.hold.as_ref().map(Reader::join) }
    }
}

impl<P: PoolRef> From<BlockBuf<P>> for BlockBytes<P> {
    /// The filled bytes, frozen.
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
