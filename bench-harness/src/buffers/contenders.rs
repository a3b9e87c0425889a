//! Who keeps the buffers.

use std::ops::Deref;
use std::sync::Arc;

use block_core::buffer::{BlockBuf, BlockBytes, PoolRef};
use block_lockfree::LockFreeAlloc;
use bytes::{BufMut, Bytes, BytesMut};

use super::SIZE;

/// Buffers that are written, frozen and shared.
pub(super) trait Buffers: Sync {
    type Writes: BufMut;
    type Reads: Clone + Deref<Target = [u8]> + Send + Sync;

    /// An empty buffer with room for [`SIZE`] bytes.
    fn take(&self) -> Option<Self::Writes>;
    fn freeze(buffer: Self::Writes) -> Self::Reads;
    /// The first `at` bytes, frozen; the buffer keeps the others.
    fn freeze_to(buffer: &mut Self::Writes, at: usize) -> Self::Reads;
    fn slice(bytes: &Self::Reads, from: usize, to: usize) -> Self::Reads;
}

/// A pool that is borrowed.
pub(super) struct Borrowed<'a>(pub(super) &'a LockFreeAlloc);

/// A pool that its blocks own together.
pub(super) struct Owned(pub(super) Arc<LockFreeAlloc>);

/// What `bytes` allocates.
pub(super) struct OfBytes;

/// What both kinds of pool pointers have in common.
pub(super) trait Pool: Sync {
    type Pointer: PoolRef;
    fn pointer(&self) -> Self::Pointer;
}

impl<'a> Pool for Borrowed<'a> {
    type Pointer = &'a LockFreeAlloc;

    #[inline(always)]
    fn pointer(&self) -> &'a LockFreeAlloc {
        self.0
    }
}

impl Pool for Owned {
    type Pointer = Arc<LockFreeAlloc>;

    #[inline(always)]
    fn pointer(&self) -> Arc<LockFreeAlloc> {
        Arc::clone(&self.0)
    }
}

impl<T: Pool> Buffers for T {
    type Writes = BlockBuf<T::Pointer>;
    type Reads = BlockBytes<T::Pointer>;

    #[inline(always)]
    fn take(&self) -> Option<Self::Writes> {
        BlockBuf::alloc_in(self.pointer()).ok()
    }

    #[inline(always)]
    fn freeze(buffer: Self::Writes) -> Self::Reads {
        buffer.freeze()
    }

    #[inline(always)]
    fn freeze_to(buffer: &mut Self::Writes, at: usize) -> Self::Reads {
        buffer.freeze_to(at)
    }

    #[inline(always)]
    fn slice(bytes: &Self::Reads, from: usize, to: usize) -> Self::Reads {
        bytes.slice(from..to)
    }
}

impl Buffers for OfBytes {
    type Writes = BytesMut;
    type Reads = Bytes;

    #[inline(always)]
    fn take(&self) -> Option<BytesMut> {
        Some(BytesMut::with_capacity(SIZE))
    }

    #[inline(always)]
    fn freeze(buffer: BytesMut) -> Bytes {
        buffer.freeze()
    }

    #[inline(always)]
    fn freeze_to(buffer: &mut BytesMut, at: usize) -> Bytes {
        buffer.split_to(at).freeze()
    }

    #[inline(always)]
    fn slice(bytes: &Bytes, from: usize, to: usize) -> Bytes {
        bytes.slice(from..to)
    }
}
