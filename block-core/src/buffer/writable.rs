//! A buffer to write into: part of a block, filled from its front.

mod parts;

use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
use core::slice;

use super::bounds::within;
use super::hold::Writer;
use super::{BufferFull, PoolRef};
use crate::{AllocError, Block};

/// Part of a block to write into, with a filled length: at first the whole block, nothing filled.
///
/// It derefs to the filled bytes; behind them there is room up to the [`capacity`](Self::capacity),
/// which does not grow. Through [`bytes::BufMut`] it is written at its end, through [`bytes::Buf`] read
/// at its front, by `std::io::Write` and `core::fmt::Write` written as far as there is room.
///
/// All bytes of a block are initialised (invariant 6), those behind the filled ones too: they are what
/// the block's last holder left, and not a secret kept from this one.
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
    /// From `start` on; `len` is at most that.
    capacity: usize,
    hold: Writer<P>,
}

// SAFETY: the bytes are plain memory, this buffer's alone; what else there is is the handle's.
unsafe impl<P: PoolRef> Send for BlockBuf<P> {}
// SAFETY: shared access reads the bytes; what else there is is the handle's.
unsafe impl<P: PoolRef> Sync for BlockBuf<P> {}

impl<P: PoolRef> BlockBuf<P> {
    /// Takes a block of the pool behind `pool`, as an empty buffer.
    ///
    /// # Errors
    ///
    /// [`AllocError::Exhausted`] if every block was held at some instant during the call.
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
    pub fn alloc_in(pool: P) -> Result<Self, AllocError> {
        Block::alloc_in(pool).map(Self::from)
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

    /// Bytes filled.
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

    /// Whether no byte is filled.
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

    /// The pool that the block came from.
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

    /// The room behind the filled bytes, to be written into; [`set_len`](Self::set_len) then says how
    /// much of it is filled. Its bytes are initialised, with whatever was last written there.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    /// use std::io::Read;
    ///
    /// let pool = Pool::new(1500, 8);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// let mut peer = &b"hello"[..];
    /// let count = peer.read(buffer.spare_capacity_mut())?;
    /// buffer.set_len(buffer.len() + count);
    /// assert_eq!(buffer, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn spare_capacity_mut(&mut self) -> &mut [u8] {
        // SAFETY: `len <= capacity`, all of it inside the block (invariant 4), initialised (6), and
        // this buffer's alone, which is borrowed mutably.
        unsafe {
            slice::from_raw_parts_mut(self.start.add(self.len).as_ptr(), self.capacity - self.len)
        }
    }

    /// Sets how many bytes are filled. Bytes that come to be filled by this keep what was last written
    /// there.
    ///
    /// # Panics
    ///
    /// If `len` is more than the capacity.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(8, 1);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// buffer.spare_capacity_mut()[..2].copy_from_slice(b"hi");
    /// buffer.set_len(2);
    /// assert_eq!(buffer, b"hi");
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    #[track_caller]
    pub fn set_len(&mut self, len: usize) {
        within("set_len", len, self.capacity);
        self.len = len;
    }

    /// Keeps the first `len` filled bytes; no effect if there are fewer.
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
    /// buffer.truncate(4);
    /// assert_eq!(buffer, b"hell");
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Keeps no filled byte.
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
    /// buffer.clear();
    /// assert_eq!((buffer.len(), buffer.capacity()), (0, 8));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends the bytes.
    ///
    /// # Panics
    ///
    /// If there is not enough room; nothing was appended then. [`Self::try_extend_from_slice`] returns
    /// an error instead.
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
    /// buffer.extend_from_slice(b"!");
    /// assert_eq!(buffer, b"hello!");
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    #[track_caller]
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        if let Err(full) = self.try_extend_from_slice(bytes) {
            panic!("{full}");
        }
    }

    /// Appends the bytes, if there is room for all of them.
    ///
    /// # Errors
    ///
    /// [`BufferFull`]: nothing was appended.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(8, 1);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// let full = buffer.try_extend_from_slice(b"123456789").unwrap_err();
    /// assert_eq!((full.requested, full.available), (9, 8));
    /// assert!(buffer.is_empty());
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn try_extend_from_slice(&mut self, bytes: &[u8]) -> Result<(), BufferFull> {
        let spare = self.spare_capacity_mut();
        let available = spare.len();
        match spare.get_mut(..bytes.len()) {
            Some(room) => room.copy_from_slice(bytes),
            None => return Err(BufferFull { requested: bytes.len(), available }),
        }
        self.len += bytes.len();
        Ok(())
    }
}

impl<P: PoolRef> From<Block<P>> for BlockBuf<P> {
    /// An empty buffer over all of the block.
    #[inline]
    fn from(block: Block<P>) -> Self {
        let (bytes, hold) = Writer::begin(block);
        // SAFETY: all of the block, of which this is the only handle.
        unsafe { Self::over(bytes.cast(), 0, bytes.len(), hold) }
    }
}

impl<P: PoolRef> Deref for BlockBuf<P> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: inside the block (invariant 4), initialised (6), and this buffer's alone.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<P: PoolRef> DerefMut for BlockBuf<P> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and this buffer is borrowed mutably.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}
