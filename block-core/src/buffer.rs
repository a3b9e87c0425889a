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
//! How many there are stands in a word beside the blocks, one for each: nothing is allocated, but where
//! [`Bytes`](bytes::Bytes) are asked for, and a holder that writes past its block cannot reach it. The
//! handle that finds that it is the last gives the block back, on whatever thread.
//!
//! The handles refer to their pool by `&A`, by `Arc<A>`, or by a [`Lease`](crate::Lease) if the buffer
//! was allocated from a [`SharedPool`](crate::SharedPool), see [`PoolRef`]. An `Arc` is counted once
//! per block, not per handle. A lease is not counted.
//!
//! # Invariants
//!
//! Those of the crate, and for the handles of one block:
//!
//! - I to III, of the word (in its file, `shares/word.rs`): it counts the handles, and those that write
//!   among them; one that finds itself alone is; exactly one finds that it was the last.
//! - IV and V, of a handle (`buffer/hold.rs`): they hold the block together, and keep the pool alive.
//! - VI. The part of a [`BlockBuf`], filled or not, is no other handle's. Parts of [`BlockBytes`] may
//!   overlap, and nobody writes them.
//!
//! A block that is a buffer has no mark in the ledger: [`free_raw`](crate::BlockAlloc::free_raw) of its
//! address is refused (invariant 5).
//!
//! # Examples
//!
//! ```
//! # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
//! use block_core::{BlockAlloc, buffer::BlockBuf};
//!
//! let pool = Pool::new(1500, 8);
//! let mut packet = BlockBuf::alloc_in(&pool)?;
//! packet.extend_from_slice(b"headbody");
//! let head = packet.freeze_to(4); // may be cloned, sliced, sent to another thread
//! assert_eq!((&head[..], &packet[..]), (&b"head"[..], &b"body"[..]));
//! assert_eq!(pool.available(), 7, "two handles, one block");
//! # Ok::<(), block_core::AllocError>(())
//! ```

mod bounds;
mod compare;
mod convert;
mod error;
mod frozen;
mod hold;
mod pool_ref;
mod read_write;
mod writable;

pub use error::{BufferFull, ReserveError};
pub use frozen::BlockBytes;
pub use pool_ref::{BufferPool, PoolRef};
pub use writable::BlockBuf;

const _: () = {
    const fn crosses_threads<T: Send + Sync>() {}
    crosses_threads::<BlockBuf<&dyn crate::BlockAlloc>>();
    crosses_threads::<BlockBytes<alloc_crate::sync::Arc<dyn crate::BlockAlloc>>>();
};
