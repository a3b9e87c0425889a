//! A buffer to write into: part of a block, filled from its front.

mod fill;
mod parts;

use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
use core::slice;

use super::hold::Writer;
use super::{BufferPool, PoolRef};
use crate::{AllocError, Block};

/// Part of a block to write into, with a filled length: at first the whole block, nothing filled.
///
/// It derefs to the filled bytes; behind them there is room up to the [`capacity`](Self::capacity),
/// which grows by [`try_reclaim`](Self::try_reclaim) at most. Through [`bytes::BufMut`] it is
/// written at its end, through [`bytes::Buf`] read at its front. `std::io::Write` writes as far as
/// there is room, `core::fmt::Write` each piece of text whole or not at all.
///
/// All bytes of a block are initialised (invariant 6), those behind the filled ones too: they are
/// what the block's last holder left, and not a secret kept from this one.
///
/// Cost: taking one is taking a block and a store; nothing is allocated.
///
/// # Examples
///
/// A frame is read into a block, its head is looked at, and the rest goes on as two frozen parts:
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::BlockAlloc;
/// use block_core::buffer::BlockBuf;
/// use bytes::{Buf, BufMut};
///
/// let pool = Pool::new(1500, 8);
/// let mut buffer = BlockBuf::alloc_in(&pool)?;
/// buffer.put_u16(5); // as if read from a peer
/// buffer.put_slice(b"helloworld");
///
/// let len = buffer.get_u16();
/// let (first, second) = (buffer.freeze_to(len.into()), buffer.freeze());
/// assert_eq!((&first[..], &second[..]), (&b"hello"[..], &b"world"[..]));
/// drop(first);
/// assert_eq!(pool.available(), 7);
/// drop(second); // the last part gives the block back
/// assert_eq!(pool.available(), 8);
/// # Ok::<(), block_core::AllocError>(())
/// ```
#[must_use = "a buffer that is dropped at once gives its block straight back"]
pub struct BlockBuf<P: PoolRef> {
    start: NonNull<u8>,
    len: usize,
    /// The number of bytes from `start` on; `len` is at most this.
    capacity: usize,
    hold: Writer<P>,
}

// SAFETY: this buffer owns the bytes, which are plain memory. The rest is the handle.
unsafe impl<P: PoolRef> Send for BlockBuf<P> {}
// SAFETY: shared access only reads the bytes. The rest is the handle.
unsafe impl<P: PoolRef> Sync for BlockBuf<P> {}

impl<P: PoolRef> BlockBuf<P> {
    /// Allocates a block of `pool`, as an empty buffer.
    ///
    /// The pool is a [`PoolRef`], or `&SharedPool<A>` for a buffer that owns its pool.
    ///
    /// # Errors
    ///
    /// Returns [`AllocError::Exhausted`] if every block was allocated at some instant during the
    /// call.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(1500, 8);
    /// let buffer = BlockBuf::alloc_in(&pool)?;
    /// assert_eq!((buffer.len(), buffer.capacity()), (0, 1500));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn alloc_in<S: BufferPool<Ref = P>>(pool: S) -> Result<Self, AllocError> {
        pool.alloc().map(Self::from)
    }

    /// The part of `hold`'s block from `start` on.
    ///
    /// # Safety
    ///
    /// It is inside the block, no other handle's, and `len` is at most `capacity`.
    #[inline]
    pub(super) unsafe fn over(
        start: NonNull<u8>,
        len: usize,
        capacity: usize,
        hold: Writer<P>,
    ) -> Self {
        Self { start, len, capacity, hold }
    }

    /// Returns the number of filled bytes.
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
    /// assert_eq!(buffer.len(), 5);
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether no byte is filled.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(8, 1);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// assert!(buffer.is_empty());
    /// buffer.extend_from_slice(b"hello");
    /// assert!(!buffer.is_empty());
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that can be filled, those included that are. What was [split](Self::split_to) off or
    /// [read](bytes::Buf::advance) at the front no longer counts; see [`Self::try_reclaim`].
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
    /// let hello = buffer.split();
    /// assert_eq!((hello.capacity(), buffer.capacity()), (5, 3));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Returns the pool that the block came from.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::BlockAlloc;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(8, 1);
    /// let buffer = BlockBuf::alloc_in(&pool)?;
    /// assert_eq!(buffer.pool().available(), 0);
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn pool(&self) -> &P {
        self.hold.pool()
    }
}

impl<P: PoolRef> From<Block<P>> for BlockBuf<P> {
    /// Creates an empty buffer over the whole block.
    #[inline]
    fn from(block: Block<P>) -> Self {
        let (bytes, hold) = Writer::begin(block);
        // SAFETY: this is the only handle of the block.
        unsafe { Self::over(bytes.cast(), 0, bytes.len(), hold) }
    }
}

impl<P: PoolRef> Deref for BlockBuf<P> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: inside the block (invariant 4), initialised (6), and owned by this buffer.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<P: PoolRef> DerefMut for BlockBuf<P> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: inside the block (invariant 4), initialised (6), and owned by this buffer, which
        //         is borrowed mutably.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}
