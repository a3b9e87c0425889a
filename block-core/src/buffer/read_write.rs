//! The traits that buffers are read and written by: those of `bytes`, and the standard library's.

use bytes::buf::UninitSlice;
use bytes::{Buf, BufMut};

#[cfg(feature = "std")]
use super::BufferFull;
use super::bounds::within;
use super::{BlockBuf, BlockBytes, PoolRef};

// SAFETY: `chunk_mut` is the room behind the filled bytes, as much as `remaining_mut` says, and
//         stays that until bytes are filled; all of it is initialised.
unsafe impl<P: PoolRef> BufMut for BlockBuf<P> {
    #[inline]
    fn remaining_mut(&self) -> usize {
        self.capacity() - self.len()
    }

    /// # Panics
    ///
    /// If there is less room than `count`.
    #[inline]
    #[track_caller]
    unsafe fn advance_mut(&mut self, count: usize) {
        within("advance_mut", count, self.remaining_mut());
        self.set_len(self.len() + count);
    }

    #[inline]
    fn chunk_mut(&mut self) -> &mut UninitSlice {
        UninitSlice::new(self.spare_capacity_mut())
    }

    /// # Panics
    ///
    /// If there is less room; nothing was appended then.
    #[inline]
    #[track_caller]
    fn put_slice(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    /// # Panics
    ///
    /// If there is less room than `count`; nothing was appended then.
    #[inline]
    #[track_caller]
    fn put_bytes(&mut self, value: u8, count: usize) {
        match self.room(count) {
            Ok(room) => room.fill(value),
            Err(full) => panic!("{full}"),
        }
        self.set_len(self.len() + count);
    }
}

macro_rules! read_at_the_front {
    ($buffer:ident) => {
        impl<P: PoolRef> Buf for $buffer<P> {
            #[inline]
            fn remaining(&self) -> usize {
                self.len()
            }

            #[inline]
            fn chunk(&self) -> &[u8] {
                self
            }

            /// # Panics
            ///
            /// If there are fewer than `count` bytes, those that are filled.
            #[inline]
            #[track_caller]
            fn advance(&mut self, count: usize) {
                within("advance", count, self.len());
                self.skip(count);
            }
        }
    };
}

read_at_the_front!(BlockBuf);
read_at_the_front!(BlockBytes);

impl<P: PoolRef> core::fmt::Write for BlockBuf<P> {
    /// All of the text, or an error and none of it.
    #[inline]
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.try_extend_from_slice(text.as_bytes()).map_err(|_| core::fmt::Error)
    }
}

#[cfg(feature = "std")]
impl<P: PoolRef> BlockBuf<P> {
    /// Reads once, into the room behind the filled bytes, and appends what came. Says how many
    /// bytes came: 0 is the end of the input.
    ///
    /// # Errors
    ///
    /// The reader's, or [`BufferFull`] if there is no room, which a reader would take for a read of
    /// no bytes and answer 0. Nothing was appended then.
    ///
    /// # Panics
    ///
    /// If the reader says that it read more than there was room for; nothing was appended then.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BlockBuf;
    ///
    /// let pool = Pool::new(8, 1);
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// let mut peer = &b"hello world"[..];
    /// assert_eq!(buffer.read_from(&mut peer)?, 8);
    /// assert_eq!(buffer, b"hello wo");
    /// assert!(buffer.read_from(&mut peer).is_err(), "there is no room");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    #[track_caller]
    pub fn read_from(&mut self, mut from: impl std::io::Read) -> std::io::Result<usize> {
        if !self.has_remaining_mut() {
            return Err(BufferFull::FOR_ANY_READ.into());
        }
        let read = from.read(self.spare_capacity_mut())?;
        within("read_from", read, self.remaining_mut());
        self.set_len(self.len() + read);
        Ok(read)
    }
}

#[cfg(feature = "std")]
impl<P: PoolRef> std::io::Write for BlockBuf<P> {
    /// As much as there is room for, as `&mut [u8]` does.
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = bytes.len().min(self.remaining_mut());
        self.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    #[inline]
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
