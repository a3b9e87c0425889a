//! How a buffer is filled, and emptied.

use core::slice;

use super::BlockBuf;
use crate::buffer::bounds::within;
use crate::buffer::{BufferFull, PoolRef};

impl<P: PoolRef> BlockBuf<P> {
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
        self.room(bytes.len())?.copy_from_slice(bytes);
        self.len += bytes.len();
        Ok(())
    }

    /// So many bytes of the room, the first ones.
    #[inline]
    pub(in crate::buffer) fn room(&mut self, count: usize) -> Result<&mut [u8], BufferFull> {
        let spare = self.spare_capacity_mut();
        let available = spare.len();
        spare.get_mut(..count).ok_or(BufferFull { requested: count, available })
    }
}
