//! Buffers for input and output: blocks with a filled length, frozen into reference-counted ones. With
//! the feature `bytes`.
//!
//! | type | is | its counterpart in [`bytes`] |
//! |---|---|---|
//! | [`BlockBuf`] | part of a block to write into | [`BytesMut`](bytes::BytesMut) |
//! | [`BlockBytes`] | part of a block to read, and to share | [`Bytes`](bytes::Bytes) |
//!
//! ```text
//!   one block
//! |<-- BlockBytes -->|<-- BlockBytes -->|<-------- BlockBuf -------->|
//! |      frozen      |      frozen      |<- filled ->|<- room ->     |
//! |         ^    ^ clones, slices       |
//!                              word of the block, beside the blocks: 5 handles
//! ```
//!
//! Both are handles of a block, and a block may have many: parts that were split off, slices, clones.
//! How many there are stands in a word beside the blocks, one for each, so nothing is
//! ever allocated; a holder that writes past its block cannot reach it. The handle that finds that it
//! is the last gives the block back, on whatever thread.
//!
//! A pool is shared as `&A` or `Arc<A>`, see [`PoolRef`]. An `Arc` is counted once for a block, not
//! for each handle.
//!
//! # Invariants
//!
//! Those of the crate, and for the handles of one block, beside those of `shares::word` (I to III) and
//! `buffer::hold` (IV, V):
//!
//! VI. The part of a [`BlockBuf`], filled or not, is no other handle's. Parts of [`BlockBytes`] may
//!     overlap, and nobody writes them.
//!
//! A block that is a buffer has no mark in the ledger: [`free_raw`](crate::BlockAlloc::free_raw) of its
//! address is refused (invariant 5).

mod bounds;
mod compare;
mod convert;
mod frozen;
mod hold;
mod pool_ref;
mod read_write;
mod writable;

use core::fmt;

pub use frozen::BlockBytes;
pub use pool_ref::PoolRef;
pub use writable::BlockBuf;

/// Why bytes were not appended to a [`BlockBuf`]: there is not enough room.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::buffer::BlockBuf;
///
/// let pool = Pool::new(8, 1);
/// let mut buffer = BlockBuf::alloc_in(&pool)?.split_off(5);
/// let full = buffer.try_extend_from_slice(b"hello").unwrap_err();
/// assert_eq!(full.to_string(), "5 bytes do not fit: the buffer has room for 3");
/// # Ok::<(), block_core::AllocError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferFull {
    /// Bytes to be appended.
    pub requested: usize,
    /// Bytes that there is room for.
    pub available: usize,
}

impl fmt::Display for BufferFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requested, available } = self;
        write!(f, "{requested} bytes do not fit: the buffer has room for {available}")
    }
}

impl core::error::Error for BufferFull {}
