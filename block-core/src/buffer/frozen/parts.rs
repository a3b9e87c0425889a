//! Parts of frozen bytes: sliced, split off, left out.

use core::mem;
use core::ops::{Bound, RangeBounds};

use super::BlockBytes;
use crate::buffer::PoolRef;
use crate::buffer::bounds::within;

impl<P: PoolRef> BlockBytes<P> {
    /// Returns part of these bytes, as one more handle of the block. An empty part keeps no block.
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
        if begin == end {
            return Self::empty(start);
        }
        Self { start, len: end - begin, ..self.clone() }
    }

    /// Splits the first `at` bytes off; this one keeps those behind them. Of the two, one that is empty
    /// keeps no block.
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
        if at == self.len {
            // SAFETY: the address is at the end of the bytes.
            let end = unsafe { self.start.add(at) };
            return mem::replace(self, Self::empty(end));
        }
        if at == 0 {
            return Self::empty(self.start);
        }
        let front = Self { len: at, ..self.clone() };
        self.skip(at);
        front
    }

    /// Splits off what is behind the first `at` bytes; this one keeps those. Of the two, one that is
    /// empty keeps no block.
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
        if at == self.len {
            return Self::empty(start);
        }
        if at == 0 {
            return mem::replace(self, Self::empty(start));
        }
        let back = Self { start, len: self.len - at, ..self.clone() };
        self.len = at;
        back
    }

    /// Keeps the first `len` bytes; no effect if there are fewer. If `len` is 0, these bytes keep no block
    /// from now on.
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
        if len == 0 {
            *self = Self::empty(self.start);
        } else {
            self.len = self.len.min(len);
        }
    }

    /// Keeps no byte, and no block.
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
    /// assert_eq!((bytes.len(), pool.available()), (0, 1));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.truncate(0);
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
