//! A buffer to write into: part of a block, filled from its front.

use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};
use core::slice;

use super::hold::Writer;
use super::{BlockBytes, BufferFull, PoolRef};
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
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no byte is filled.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that can be filled, those included that are. What was [split](Self::split_to) off or
    /// [read](bytes::Buf::advance) at the front no longer counts; see [`Self::try_reclaim`].
    #[must_use]
    #[inline]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The pool that the block came from.
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
    #[inline]
    #[track_caller]
    pub fn set_len(&mut self, len: usize) {
        within("set_len", len, self.capacity);
        self.len = len;
    }

    /// Keeps the first `len` filled bytes; no effect if there are fewer.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Keeps no filled byte.
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

    /// Splits the first `at` filled bytes off; this buffer keeps what is behind them. Both are parts of
    /// the same block, which goes back with the last of them. No byte is copied.
    ///
    /// # Panics
    ///
    /// If fewer than `at` bytes are filled, or the block has too many handles to count.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(1500, 1);
    /// let mut input = BlockBuf::alloc_in(&pool)?;
    /// input.extend_from_slice(b"one\ntw");
    /// let mut line = input.split_to(4); // goes to whoever works on it
    /// input.extend_from_slice(b"o\n"); // while more is read
    /// line.make_ascii_uppercase();
    /// assert_eq!((&line[..], &input[..]), (&b"ONE\n"[..], &b"two\n"[..]));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    #[track_caller]
    pub fn split_to(&mut self, at: usize) -> Self {
        within("split_to", at, self.len);
        let hold = self.hold.join();
        let front = Self { start: self.start, len: at, capacity: at, hold };
        self.skip(at);
        front
    }

    /// Splits all filled bytes off; this buffer keeps the room behind them.
    ///
    /// # Panics
    ///
    /// If the block has too many handles to count.
    #[inline]
    pub fn split(&mut self) -> Self {
        self.split_to(self.len)
    }

    /// Splits off what is behind the first `at` bytes of the capacity, filled or not; this buffer keeps
    /// those.
    ///
    /// # Panics
    ///
    /// If the capacity is less than `at`, or the block has too many handles to count.
    #[inline]
    #[track_caller]
    pub fn split_off(&mut self, at: usize) -> Self {
        within("split_off", at, self.capacity);
        // SAFETY: `at` is at most the capacity, so the address is inside the block or at its end.
        let start = unsafe { self.start.add(at) };
        let (len, capacity) = (self.len.saturating_sub(at), self.capacity - at);
        let back = Self { start, len, capacity, hold: self.hold.join() };
        (self.len, self.capacity) = (self.len.min(at), at);
        back
    }

    /// Whether there is room for `additional` more bytes, after calling in, if need be, those parts of
    /// the block that no other handle holds any more. The filled bytes may be moved to the block's start
    /// for it: linear in their number then.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(1500, 1);
    /// let mut input = BlockBuf::alloc_in(&pool)?;
    /// input.set_len(1500);
    /// let frame = input.split();
    /// assert!(!input.try_reclaim(1), "the frame is all of the block");
    /// drop(frame);
    /// assert!(input.try_reclaim(1500));
    /// assert_eq!(input.capacity(), 1500);
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[must_use = "if false, there is no such room"]
    pub fn try_reclaim(&mut self, additional: usize) -> bool {
        if additional <= self.capacity - self.len {
            return true;
        }
        if !self.hold.is_only() {
            return false;
        }
        let (first, size) = self.whole();
        let before = self.start.addr().get() - first.addr().get();
        // No other handle, so all of the block is this buffer's.
        self.capacity = size - before;
        if additional <= self.capacity - self.len {
            return true;
        }
        if additional > size - self.len {
            return false;
        }
        // SAFETY: both inside the block, this buffer's alone; they may overlap.
        unsafe { ptr::copy(self.start.as_ptr(), first.as_ptr(), self.len) };
        (self.start, self.capacity) = (first, size);
        true
    }

    /// Makes the filled bytes a buffer that can be shared, and no longer written. Costs a load and a store,
    /// or an atomic read-modify-write if other parts of the block are held.
    #[inline]
    #[must_use = "the block goes back if this is dropped"]
    pub fn freeze(self) -> BlockBytes<P> {
        // SAFETY: the filled bytes of this buffer, inside the block and no other handle's.
        unsafe { BlockBytes::over(self.start, self.len, self.hold.freeze()) }
    }

    /// Splits the first `at` filled bytes off and freezes them; this buffer keeps what is behind them.
    /// The same as [`split_to`](Self::split_to) and [`freeze`](Self::freeze) in one step.
    ///
    /// # Panics
    ///
    /// If fewer than `at` bytes are filled, or the block has too many handles to count.
    #[inline]
    #[track_caller]
    pub fn freeze_to(&mut self, at: usize) -> BlockBytes<P> {
        within("freeze_to", at, self.len);
        // SAFETY: filled bytes of this buffer, which gives them up.
        let front = unsafe { BlockBytes::over(self.start, at, self.hold.join()) };
        self.skip(at);
        front
    }

    /// The whole block, if no other part of it is held.
    ///
    /// # Errors
    ///
    /// This buffer, unchanged.
    pub fn into_block(self) -> Result<Block<P>, Self> {
        let Self { start, len, capacity, hold } = self;
        hold.into_block().map_err(|hold| Self { start, len, capacity, hold })
    }

    /// Leaves out the first `count` bytes, which are filled.
    #[inline]
    pub(super) fn skip(&mut self, count: usize) {
        debug_assert!(count <= self.len);
        // SAFETY: at most `len`, so the address is inside the block or at its end.
        self.start = unsafe { self.start.add(count) };
        self.len -= count;
        self.capacity -= count;
    }

    fn whole(&self) -> (NonNull<u8>, usize) {
        let bytes = self.hold.bytes();
        (bytes.cast(), bytes.len())
    }
}

/// Panics unless `at` is at most `end`, in the words of the crate `bytes`.
#[inline]
#[track_caller]
pub(super) fn within(operation: &str, at: usize, end: usize) {
    if at > end {
        out_of_bounds(operation, at, end);
    }
}

#[cold]
#[track_caller]
fn out_of_bounds(operation: &str, at: usize, end: usize) -> ! {
    panic!("{operation} out of bounds: {at} <= {end}")
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
