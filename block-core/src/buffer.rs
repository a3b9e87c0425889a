//! Buffers for input and output: blocks with a filled length, which can be frozen and shared. With
//! the feature `bytes`.
//!
//! | type | contents | its counterpart in [`bytes`] |
//! |---|---|---|
//! | [`BlockBuf`] | part of a block to write to | [`BytesMut`](bytes::BytesMut) |
//! | [`BlockBytes`] | part of a block to read and to share | [`Bytes`](bytes::Bytes) |
//!
//! ```text
//!   one block
//! |<-- BlockBytes -->|<-- BlockBytes -->|<-------- BlockBuf -------->|
//! |      frozen      |      frozen      |<- filled ->|<- free ->     |
//! |         ^    ^ clones, slices       |
//!                              the block's reference count: 5 handles
//! ```
//!
//! Both are handles of a block. A block may have several: parts that were split off, slices,
//! clones. A word per block, separate from the blocks, counts them. So nothing is allocated, except
//! for a conversion to [`Bytes`](bytes::Bytes), and a write past the end of a block cannot reach
//! the count. The last handle frees the block, on any thread.
//!
//! The handles refer to their pool by `&A`, by `Arc<A>`, or by a [`Lease`](crate::Lease) if the
//! buffer was allocated from a [`SharedPool`](crate::SharedPool), see [`PoolRef`]. An `Arc` is
//! counted once per block, not per handle. A lease is not counted.
//!
//! # Invariants
//!
//! In addition to those of the crate, for the handles of one block:
//!
//! - I to III, of the word (`shares/word.rs`): it counts the handles, and the writers among them; a
//!   handle that finds itself the only one is; exactly one handle finds that it was the last.
//! - IV and V, of a handle (`buffer/hold.rs`): together they own the block, and they keep the pool
//!   alive.
//! - VI. No other handle has the part of a [`BlockBuf`], filled or not. Parts of [`BlockBytes`] may
//!   overlap, and are not written.
//!
//! A block that is a buffer has no mark: [`free_raw`](crate::BlockAlloc::free_raw) of its address
//! fails (invariant 5).
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
