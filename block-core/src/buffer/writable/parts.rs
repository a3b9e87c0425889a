//! Parts of a buffer: split off, called in again, frozen, given up for the block.

use core::ptr;

use super::BlockBuf;
use crate::Block;
use crate::buffer::bounds::within;
use crate::buffer::{BlockBytes, PoolRef, ReserveError};

impl<P: PoolRef> BlockBuf<P> {
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
    /// assert_eq!((&hello[..], buffer.len()), (&b"hello"[..], 0));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(8, 1);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// let mut body = buffer.split_off(2); // 2 bytes are left for a head
    /// body.extend_from_slice(b"hello");
    /// buffer.extend_from_slice(&[0, body.len() as u8]);
    /// assert_eq!((&buffer[..], &body[..]), (&[0, 5][..], &b"hello"[..]));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
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
        let block = self.hold.bytes();
        let (first, size) = (block.cast(), block.len());
        // No other handle, so all of the block is this buffer's.
        self.capacity = size - self.hold.before(self.start);
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

    /// Makes room for `additional` more bytes: as [`try_reclaim`](Self::try_reclaim) does, or, while other
    /// parts of the block are held, in another block of the pool, to which the filled bytes are copied.
    /// The counterpart of `reserve`.
    ///
    /// # Errors
    ///
    /// [`ReserveError`]: so much does not fit a block, or none is free. The buffer is unchanged then.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(8, 2);
    /// let mut input = BlockBuf::alloc_in(&pool)?;
    /// input.extend_from_slice(b"hello wo");
    /// let hello = input.freeze_to(6); // keeps the first block
    /// input.try_reserve(3).expect("a second one is free");
    /// input.extend_from_slice(b"rld");
    /// assert_eq!((&hello[..], &input[..]), (&b"hello "[..], &b"world"[..]));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), ReserveError>
    where
        P: Clone,
    {
        if self.try_reclaim(additional) {
            return Ok(());
        }
        let (needed, block_size) = (self.len.saturating_add(additional), self.hold.bytes().len());
        if needed > block_size {
            return Err(ReserveError::TooLarge { needed, block_size });
        }
        let mut other = Self::alloc_in(self.pool().clone())?;
        other.extend_from_slice(self);
        *self = other;
        Ok(())
    }

    /// Makes the filled bytes a buffer that can be shared, and no longer written. Costs a load and a store,
    /// or an atomic read-modify-write if other parts of the block are held.
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
    /// let hello = buffer.freeze();
    /// assert_eq!(hello.clone(), hello);
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(8, 1);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// buffer.extend_from_slice(b"one\ntwo");
    /// let line = buffer.freeze_to(4);
    /// assert_eq!((&line[..], &buffer[..]), (&b"one\n"[..], &b"two"[..]));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(8, 1);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// let hello = buffer.split();
    /// let buffer = buffer.into_block().expect_err("another part is held");
    /// drop(hello);
    /// assert_eq!(buffer.into_block().expect("none is").len(), 8);
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    pub fn into_block(self) -> Result<Block<P>, Self> {
        let Self { start, len, capacity, hold } = self;
        hold.into_block().map_err(|hold| Self { start, len, capacity, hold })
    }

    /// Leaves out the first `count` bytes, which are filled.
    #[inline]
    pub(in crate::buffer) fn skip(&mut self, count: usize) {
        debug_assert!(count <= self.len);
        // SAFETY: at most `len`, so the address is inside the block or at its end.
        self.start = unsafe { self.start.add(count) };
        self.len -= count;
        self.capacity -= count;
    }
}
