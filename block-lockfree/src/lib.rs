//! A lock-free pool of equal-sized memory blocks.
//!
//! The free blocks form a stack whose head is one 64-bit word: the number of the block on top, and
//! a tag that moves at every pop. To take a block is to read its link and swap the word; to give
//! one back is to write its link and swap the word. Links lie in a table beside the blocks.
//!
//! ```text
//!   head word            links (4 bytes a block)        region (stride bytes a block)
//! +-----+-------+      +---+---+---+---+---+---       +-------+-------+-------+---
//! | tag | index |----->| 0 | 5 | 2 | . | . | 0 ...    |block 0|block 1|block 2| ...
//! +-----+-------+      +---+---+---+---+---+---       +-------+-------+-------+---
//!                        0 = never pushed: the next block by number lies below
//! ```
//!
//! A table of zeros is the full list in order, so a pool of any size is built in constant time and
//! commits memory page by page, as blocks leave this *frontier* for the first time.
//!
//! [`available`](block_core::BlockAlloc::available) counts by walking the blocks that were given
//! back; a counter would cost every call one more atomic operation on a shared line.
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
//!
//! # Features
//!
//! - `std` (default): mappings instead of the heap.
//!
//! Without it the crate is `no_std` and needs a heap. Targets without 64-bit atomics are served
//! through `portable-atomic`, with a lock.

#![no_std]

#[cfg(any(test, loom))]
extern crate std;

mod head;
mod links;
mod pool;
#[cfg(not(loom))]
mod stack;
// The models under tests/ work on the stack itself.
#[cfg(loom)]
#[allow(missing_docs, missing_debug_implementations, reason = "public for the models alone")]
pub mod stack;
mod sync;

pub use block_core::BuildError;
pub use pool::LockFreeAlloc;
