//! A lock-free pool of equal-sized memory blocks.
//!
//! The free blocks form a stack whose head is one 64-bit word: the number of the block on top, and
//! a tag that moves at every pop. To take a block is to read its link and swap the word; to give
//! one back is to write its link and swap the word. Links lie in a table beside the blocks.
//!
//! ```text
//!   head word            links (8 bytes per block)      region (stride bytes a block)
//! +-----+-------+      +---+---+---+---+---+---       +-------+-------+-------+---
//! | tag | index |----->| 0 | 5 | 2 | . | . | 0 ...    |block 0|block 1|block 2| ...
//! +-----+-------+      +---+---+---+---+---+---       +-------+-------+-------+---
//!                        0 = never pushed: the next block by number lies below
//! ```
//!
//! A table of zeros is the full list in order, so a pool of any size is built in constant time and
//! commits memory page by page, as blocks leave this *frontier* for the first time.
//!
//! In front of the stack each thread has a *magazine* of up to 62 addresses of free blocks, in plain
//! memory of its own. Most calls are a few loads and stores there, without an atomic read-modify-write
//! and without a line that another thread writes. Batches of 31 move between magazines and the stack,
//! or from one magazine to another through a *depot* of whole batches.
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
//! A thread that finds the stack empty calls in what the magazines of all threads hold, so capacity
//! stays exact: [`exactness`] is the argument. [`tuning`] says what all this costs, and what else was
//! tried.
//!
//! Beside each link is the number of blocks from there down, which stays right while the block is on the
//! stack. So [`available`](block_core::BlockAlloc::available) adds one number of the stack and one of
//! each magazine: it takes no lock, stops no thread and walks over no blocks. A counter would cost every
//! call one more atomic operation on a shared line.
//!
//! [`sizing`] answers how big a pool should be, from the numbers that it keeps. [`security`] says what safe
//! code can rely on and unsafe code must hold, which mistakes are found, and why signal handlers and forked
//! children may use a pool.
//!
//! [`guides`] are for those who come from `block_allocator`, from `bytes`, or from a pool of their own
//! behind a mutex.
//!
//! # Invariants
//!
//! Those of [`block_core`](block_core#invariants), and
//!
//! 7. **The tag** moves at every successful pop, is taken from the word that the compare-and-swap
//!    expects, and has every bit that the index does not need. It makes a mix-up of two states of
//!    the stack (ABA) improbable, not impossible: after `2^(64 - ceil(log2(capacity + 1)))` popped
//!    blocks it comes round. With 1,000 blocks and 10^8 pops a second that is after 5.7 years,
//!    with 10^6 blocks after 2 days, with 2^33 blocks after 10 seconds; and then a thread must have
//!    been stopped between two instructions for exactly as long, with the same block on top.
//! 8. **Nobody waits inside an operation** on a magazine or on the stack: no lock is held there, so
//!    whoever waits for threads to leave their magazines waits for a few instructions of theirs. One
//!    exception: a signal handler that interrupted an operation on one pool may reclaim in another,
//!    unless somebody waits for the interrupted operation.
//!
//! # Features
//!
//! - `std` (default): magazines, and mappings instead of the heap.
//! - `alloc`: pools on the heap, without `std`.
//! - `bytes`, `allocator-api2`, `allocator-api2-04`, `wait`: those of [`block_core`](block_core#features), switched on from
//!   here.
//!
//! Without `std` the crate is `no_std`, and every call works on the stack. Without either a pool lies
//! in a static or in other memory of the caller: [`static_pools`] shows how. Targets without 64-bit
//! atomics are served through `portable-atomic`, with a lock unless the program says otherwise; one
//! whose interrupt handlers use a pool must, see [there](static_pools#interrupt-handlers).

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// What the models leave out is there for everyone else.
#![cfg_attr(docsrs, doc(auto_cfg(hide(block_loom, block_shuttle))))]

#[cfg(any(test, block_loom, block_shuttle, feature = "std"))]
extern crate std;

#[cfg(feature = "std")]
mod bitmap;
#[cfg(feature = "std")]
mod depot;
#[cfg(feature = "std")]
pub mod exactness;
mod failed_calls;
#[cfg(feature = "std")]
mod fence;
#[cfg(feature = "std")]
pub mod guides;
mod head;
mod links;
#[cfg(feature = "std")]
mod lock;
#[cfg(feature = "std")]
mod magazine;
mod pool;
#[cfg(feature = "std")]
pub mod security;
mod shared;
#[cfg(feature = "std")]
pub mod sizing;
#[cfg(feature = "std")]
mod state;
#[cfg(not(any(block_loom, block_shuttle)))]
pub mod static_pools;
mod sync;
#[cfg(feature = "std")]
mod thread;
#[cfg(feature = "std")]
pub mod tuning;
#[cfg(feature = "std")]
mod wait_guard;

#[cfg(all(feature = "std", not(any(block_loom, block_shuttle))))]
mod magazines;
#[cfg(not(feature = "std"))]
#[path = "magazines_absent.rs"]
mod magazines;
#[cfg(not(any(block_loom, block_shuttle)))]
mod stack;
// The models under tests/ work on these themselves.
#[cfg(any(block_loom, block_shuttle))]
#[allow(
    missing_docs,
    missing_debug_implementations,
    clippy::missing_safety_doc,
    reason = "public for the models alone"
)]
pub mod magazines;
#[cfg(any(block_loom, block_shuttle))]
#[allow(missing_docs, missing_debug_implementations, reason = "public for the models alone")]
pub mod stack;

pub use block_core::{BuildError, StaticMemory};
#[cfg(feature = "alloc")]
pub use block_core::{Lease, SharedPool};
pub use pool::LockFreeAlloc;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
