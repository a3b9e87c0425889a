//! Parts of frozen bytes: sliced, split off, left out.

use core::ops::{Bound, RangeBounds};

use super::BlockBytes;
use crate::buffer::PoolRef;
use crate::buffer::bounds::within;

impl<P: PoolRef> BlockBytes<P> {
    /// Part of these bytes, as one more handle of the block.
    ///
    /// # Panics
    ///
    /// If the range ends before it begins or behind the last byte, or the block has too many handles to count.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(1500, 1);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// buffer.extend_from_slice(b"hello world");
    /// let world = buffer.freeze().slice(6..);
    /// assert_eq!(world, b"world");
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    #[track_caller]
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Self {
        let begin = match range.start_bound() {
            Bound::Included(&begin) => begin,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => self.len,
        };
        if begin > end {
            range_is_backwards(begin, end);
        }
        within("range end", end, self.len);
        // SAFETY: `begin <= end <= len`, so both lie inside the block or at its end.
        let start = unsafe { self.start.add(begin) };
        Self { start, len: end - begin, hold: self.hold.join() }
    }

    /// Splits the first `at` bytes off; this one keeps those behind them.
    ///
    /// # Panics
    ///
    /// If there are fewer than `at` bytes, or the block has too many handles to count.
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
    /// let head = bytes.split_to(1);
    /// assert_eq!((&head[..], &bytes[..]), (&b"h"[..], &b"ello"[..]));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    #[track_caller]
    pub fn split_to(&mut self, at: usize) -> Self {
        within("split_to", at, self.len);
        let front = Self { start: self.start, len: at, hold: self.hold.join() };
        self.skip(at);
        front
    }

    /// Splits off what is behind the first `at` bytes; this one keeps those.
    ///
    /// # Panics
    ///
    /// If there are fewer than `at` bytes, or the block has too many handles to count.
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
    /// let tail = bytes.split_off(4);
    /// assert_eq!((&bytes[..], &tail[..]), (&b"hell"[..], &b"o"[..]));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    #[track_caller]
    pub fn split_off(&mut self, at: usize) -> Self {
        within("split_off", at, self.len);
        // SAFETY: at most `len`, so the address is inside the block or at its end.
        let start = unsafe { self.start.add(at) };
        let back = Self { start, len: self.len - at, hold: self.hold.join() };
        self.len = at;
        back
    }

    /// Keeps the first `len` bytes; no effect if there are fewer.
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
    /// bytes.truncate(4);
    /// assert_eq!(bytes, b"hell");
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Keeps no byte. The block is held all the same.
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
    /// let mut bytes = buffer.freeze();
    /// bytes.clear();
    /// assert_eq!((bytes.len(), pool.available()), (0, 0));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Leaves out the first `count` bytes, which are there.
    #[inline]
    pub(in crate::buffer) fn skip(&mut self, count: usize) {
        debug_assert!(count <= self.len);
        // SAFETY: at most `len`, so the address is inside the block or at its end.
        self.start = unsafe { self.start.add(count) };
        self.len -= count;
    }
}

#[cold]
#[track_caller]
fn range_is_backwards(begin: usize, end: usize) -> ! {
    panic!("range start must not be greater than end: {begin} <= {end}")
}
