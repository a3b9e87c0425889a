//! Where a server's buffers come from: a pool, or the heap.

use std::future::ready;
use std::ops::DerefMut;

use block_core::wait::Waiting;
use block_core::{Block, BlockAlloc};

/// A source of buffers of one size.
pub trait Buffers: Send + Sync + 'static {
    /// What is read into. It goes back when it is dropped.
    type Buffer<'a>: DerefMut<Target = [u8]> + Send;

    /// A buffer, waited for as long as there is none.
    fn take(&self) -> impl Future<Output = Self::Buffer<'_>> + Send;

    /// How many there are, if there is a bound.
    fn bound(&self) -> Option<usize>;

    /// How many are not taken, if there is a bound.
    fn left(&self) -> Option<usize>;
}

/// Each connection has its own `Arc` of the pool, for as long as it lives. Its blocks borrow from that:
/// no count that all threads share is touched for a block.
impl<A: BlockAlloc + 'static> Buffers for Waiting<A> {
    type Buffer<'a> = Block<&'a Self>;

    async fn take(&self) -> Self::Buffer<'_> {
        self.alloc_async().await.expect("the pool is never closed")
    }

    fn bound(&self) -> Option<usize> {
        Some(self.capacity())
    }

    fn left(&self) -> Option<usize> {
        Some(self.available())
    }
}

/// A new `Vec` for each read, as servers usually have it.
#[derive(Clone, Copy, Debug)]
pub struct Vecs {
    /// Bytes of each.
    pub size: usize,
}

impl Buffers for Vecs {
    type Buffer<'a> = Vec<u8>;

    fn take(&self) -> impl Future<Output = Vec<u8>> + Send {
        ready(vec![0; self.size])
    }

    fn bound(&self) -> Option<usize> {
        None
    }

    fn left(&self) -> Option<usize> {
        None
    }
}
