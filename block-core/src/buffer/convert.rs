//! To [`Bytes`] and back.

use bytes::Bytes;

use super::hold::Reader;
use super::{BlockBytes, PoolRef};
use crate::{BlockAlloc, Lease, SharedPool};

impl<P: PoolRef + 'static> From<BlockBytes<P>> for Bytes {
    /// The same bytes, for those who take nothing else. One small allocation: [`Bytes`] keeps its
    /// owner on the heap, which cannot be avoided.
    #[inline]
    fn from(bytes: BlockBytes<P>) -> Self {
        if bytes.pool().is_none() { Self::new() } else { Self::from_owner(bytes) }
    }
}

impl<P: PoolRef> BlockBytes<P> {
    /// The block's own handle again for bytes that were made [`Bytes`] from one; it shares the
    /// block with whatever other handles there are. If those bytes were the last, the handle is the
    /// only one now, and [`try_into_mut`](Self::try_into_mut) makes it writable.
    ///
    /// # Errors
    ///
    /// The bytes, unchanged: if they are not from a buffer of this pool, or from one whose pool
    /// pointer was of the other kind (`&A` and `Arc<A>`); while another part of the block is a
    /// [`BlockBuf`](super::BlockBuf); and if they are empty, since an empty [`Bytes`] may have no
    /// owner.
    ///
    /// # Panics
    ///
    /// If the block has too many handles to count; the bytes are dropped then.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::{BlockBuf, BlockBytes};
    /// use bytes::Bytes;
    /// use std::sync::Arc;
    ///
    /// let pool = Arc::new(Pool::new(1500, 1));
    /// let mut buffer = BlockBuf::alloc_in(Arc::clone(&pool))?;
    /// buffer.extend_from_slice(b"hello");
    /// let body = Bytes::from(buffer.freeze()); // allocates
    ///
    /// let bytes = BlockBytes::from_bytes(body, &pool).expect("the pool's own");
    /// let mut buffer = bytes.try_into_mut().expect("nobody else has it");
    /// buffer.extend_from_slice(b" world");
    /// assert_eq!(buffer, b"hello world");
    ///
    /// let others = Bytes::from_static(b"not from a pool");
    /// assert_eq!(BlockBytes::from_bytes(others, &pool).unwrap_err(), "not from a pool");
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    pub fn from_bytes(bytes: Bytes, pool: &P) -> Result<Self, Bytes> {
        let region = pool.region();
        let found = if bytes.is_empty() { None } else { region.block_around(&bytes) };
        let Some((block, start)) = found else { return Err(bytes) };
        // SAFETY: a block of the region. What keeps `bytes` valid, to the end of this call, is
        //         their owner: if the block has handles, by one that it has.
        let Some(hold) = (unsafe { Reader::join_from(pool, block) }) else { return Err(bytes) };
        // SAFETY: inside the block, no handle of which writes, and none can while there are two.
        Ok(unsafe { Self::over(start, bytes.len(), hold) })
    }
}

impl<A: BlockAlloc> SharedPool<A> {
    /// Returns the buffer of bytes that were converted to [`Bytes`] from a buffer of this pool, as
    /// [`BlockBytes::from_bytes`] does.
    ///
    /// # Errors
    ///
    /// The bytes, unchanged, as [`BlockBytes::from_bytes`].
    ///
    /// # Panics
    ///
    /// If the block has too many handles to count; the bytes are dropped then.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::SharedPool;
    /// use block_core::buffer::BlockBuf;
    /// use bytes::Bytes;
    ///
    /// let pool = SharedPool::new(Pool::new(1500, 1));
    /// let mut buffer = BlockBuf::alloc_in(&pool)?;
    /// buffer.extend_from_slice(b"hello");
    /// let body = Bytes::from(buffer.freeze()); // allocates
    ///
    /// let bytes = pool.from_bytes(body).expect("a buffer of this pool");
    /// assert_eq!(bytes, "hello");
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[allow(clippy::wrong_self_convention, reason = "named after `BlockBytes::from_bytes`")]
    pub fn from_bytes(&self, bytes: Bytes) -> Result<BlockBytes<Lease<A>>, Bytes> {
        BlockBytes::from_bytes(bytes, &self.lease())
    }
}
