//! A lock-free pool of equal-sized memory blocks.
//!
//! The free blocks form a stack whose head is one 64-bit word: the index of the block on top, and a
//! tag that changes with every pop. To allocate a block is to read its link and replace the word;
//! to free a block is to write its link and replace the word. The links are in a table separate
//! from the blocks.
//!
//! ```text
//!   head word            links (8 bytes per block)      region (one stride per block)
//! +-----+-------+      +---+---+---+---+---+---       +-------+-------+-------+---
//! | tag | index |----->| 0 | 5 | 2 | . | . | 0 ...    |block 0|block 1|block 2| ...
//! +-----+-------+      +---+---+---+---+---+---       +-------+-------+-------+---
//!                        0 = never pushed: the next block by index is below
//! ```
//!
//! A table of zeros is the full list in order. So a pool of any size is created in constant time,
//! and memory is committed page by page when blocks leave this *frontier* for the first time.
//!
//! In front of the stack each thread has a *magazine*: a cache of up to 62 addresses of free
//! blocks, in plain memory. Most calls are a few loads and stores there, without an atomic
//! read-modify-write and without a cache line that another thread writes. Batches of 31 blocks move
//! between magazines and the stack, or from one magazine to another through a *depot* of whole
//! batches.
//!
//! ```text
//!   thread 0          thread 1                 thread n
//! +----------+      +----------+             +----------+     pop, push: plain
//! | magazine |      | magazine |     ...     | magazine |
//! +----------+      +----------+             +----------+
//!      |                 |                        |           a batch: one compare-and-swap
//! +-----------------------------------+  +----------------+
//! |               stack               |  |     depot      |
//! +-----------------------------------+  +----------------+
//! ```
//!
//! A thread that finds the stack empty reclaims the blocks cached by all threads, so the capacity
//! is exact: see [the argument][exactness]. [Performance][tuning] has the costs, and alternatives
//! that were measured.
//!
//! Next to each link is the number of blocks from there to the bottom, which stays correct while
//! the block is on the stack. So [`available`](block_core::BlockAlloc::available) adds one number
//! of the stack and one per magazine: it takes no lock, stops no thread, and follows no links. A
//! counter would cost every call one more atomic operation on a shared cache line.
//!
//! # Pages
//!
//! They are in the folder `docs` of this crate.
//!
//! | page | contents |
//! |---|---|
//! | [`sizing.md`][sizing] | how to choose the capacity |
//! | [`static-pools.md`][static-pools] | pools in statics, with or without a heap |
//! | [`security.md`][security] | guarantees for safe code, obligations of unsafe code, detected mistakes; signal handlers and forks |
//! | [`exactness.md`][exactness] | why a pool is never exhausted while a block is free |
//! | [`tuning.md`][tuning] | measurements, and alternatives that were tried |
//! | [`from-block-allocator.md`][from-block-allocator], [`from-bytes.md`][from-bytes], [`from-mutex-vec.md`][from-mutex-vec] | the same program before and after, for users of `block_allocator`, of `bytes`, or of a `Mutex<Vec<Vec<u8>>>` |
//!
//! [exactness]: https://docs.rs/crate/block-lockfree/latest/source/docs/exactness.md
//! [security]: https://docs.rs/crate/block-lockfree/latest/source/docs/security.md
//! [sizing]: https://docs.rs/crate/block-lockfree/latest/source/docs/sizing.md
//! [static-pools]: https://docs.rs/crate/block-lockfree/latest/source/docs/static-pools.md
//! [tuning]: https://docs.rs/crate/block-lockfree/latest/source/docs/tuning.md
//! [from-block-allocator]: https://docs.rs/crate/block-lockfree/latest/source/docs/from-block-allocator.md
//! [from-bytes]: https://docs.rs/crate/block-lockfree/latest/source/docs/from-bytes.md
//! [from-mutex-vec]: https://docs.rs/crate/block-lockfree/latest/source/docs/from-mutex-vec.md
//!
//! # Invariants
//!
//! Invariants 1 to 6 are those of [`block_core`](block_core#invariants).
//!
//! 7. **The tag** changes with every successful pop, is taken from the word that the
//!    compare-and-swap expects, and has every bit that the index does not need. It makes it
//!    improbable, not impossible, that two states of the stack are mixed up (ABA): it wraps around
//!    after `2^(64 - ceil(log2(capacity + 2)))` popped blocks. At 10^8 pops per second this takes
//!    5.7 years with 1,000 blocks, 2 days with 10^6 blocks, and 10 seconds with 2^33 blocks. A
//!    thread would have to be stopped between two instructions for exactly that long, and then find
//!    the same block on top.
//! 8. **No waiting inside an operation** on a magazine or on the stack: no lock is held there, so a
//!    thread that waits for others to leave their magazines waits for a few instructions. One
//!    exception: a signal handler that interrupted an operation on one pool may reclaim in another,
//!    unless a thread waits for the interrupted operation.
//!
//! # Features
//!
//! - `std` (default): magazines, and mappings instead of the heap.
//! - `alloc`: pools on the heap, without `std`.
//! - `bytes`, `allocator-api2`, `allocator-api2-04`, `wait`: the features of
//!   [`block_core`](block_core#features) with the same names.
//!
//! Without `std` the crate is `no_std`, and every call uses the stack. Without `std` and `alloc` a
//! pool is in a static or in other memory of the caller: see [pools in statics][static-pools].
//! Targets without 64-bit atomics use `portable-atomic`, by default with a lock. If interrupt
//! handlers use a pool, the program must select another method; the same page shows how.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// Items that only models leave out.
#![cfg_attr(docsrs, doc(auto_cfg(hide(block_loom, block_shuttle))))]

#[cfg(any(test, block_loom, block_shuttle, feature = "std"))]
extern crate std;

#[cfg(feature = "std")]
mod bitmap;
#[cfg(feature = "std")]
mod depot;
mod failed_calls;
#[cfg(feature = "std")]
mod fence;
mod head;
mod links;
#[cfg(feature = "std")]
mod lock;
#[cfg(feature = "std")]
mod magazine;
mod pool;
mod shared;
#[cfg(feature = "std")]
mod state;
#[cfg(not(any(block_loom, block_shuttle)))]
#[doc(hidden)]
pub mod static_pools;
mod sync;
#[cfg(feature = "std")]
mod thread;
#[cfg(feature = "std")]
mod wait_guard;

#[cfg(all(feature = "std", not(any(block_loom, block_shuttle))))]
mod magazines;
#[cfg(not(feature = "std"))]
#[path = "magazines_absent.rs"]
mod magazines;
#[cfg(not(any(block_loom, block_shuttle)))]
mod stack;
// The models under tests/ use these directly.
#[cfg(any(block_loom, block_shuttle))]
#[allow(
    missing_docs,
    missing_debug_implementations,
    clippy::missing_safety_doc,
    reason = "public only for models"
)]
pub mod magazines;
#[cfg(any(block_loom, block_shuttle))]
#[allow(missing_docs, missing_debug_implementations, reason = "public only for models")]
pub mod stack;

pub use block_core::{BuildError, StaticMemory};
#[cfg(feature = "alloc")]
pub use block_core::{Lease, SharedPool};
pub use pool::LockFreeAlloc;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

/// The pages, whose examples are tests.
#[cfg(doctest)]
mod docs {
    #[cfg(feature = "std")]
    #[doc = include_str!("../docs/exactness.md")]
    mod exactness {}

    #[cfg(feature = "std")]
    #[doc = include_str!("../docs/from-block-allocator.md")]
    mod from_block_allocator {}

    #[cfg(feature = "std")]
    #[doc = include_str!("../docs/from-bytes.md")]
    mod from_bytes {}

    #[cfg(feature = "std")]
    #[doc = include_str!("../docs/from-mutex-vec.md")]
    mod from_mutex_vec {}

    #[cfg(feature = "std")]
    #[doc = include_str!("../docs/security.md")]
    mod security {}

    #[cfg(feature = "std")]
    #[doc = include_str!("../docs/sizing.md")]
    mod sizing {}

    #[doc = include_str!("../docs/static-pools.md")]
    mod static_pools {}

    #[cfg(feature = "std")]
    #[doc = include_str!("../docs/tuning.md")]
    mod tuning {}
}
