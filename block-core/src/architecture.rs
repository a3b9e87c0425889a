//! The three floors of the workspace, the way of a block through them, and where to start reading.
//!
#![doc = include_str!("../docs/architecture.svg")]
//!
//! # The floors
//!
//! | crate | holds | never holds |
//! |---|---|---|
//! | `block-core` | [`BlockLayout`], [`Region`], the tables beside the blocks; the trait [`BlockAlloc`]; handles ([`Block`], [`buffer`]), [`wait`], the suite [`conformance`] | a free list; a thread or a lock, but those of `wait` and of the suite |
//! | `block-lockfree`, `block-mutex` | which blocks are free | the other one; arithmetic on addresses, which is the region's |
//! | `bench-harness` | what is measured, and how; pools and allocators of others | what a user of the pools needs |
//!
//! # The way of a block
//!
//! As `block_lockfree` has it. In `block_mutex` there are only a free list, its frontier, and holders.
//!
//! 1. **Frontier.** At first every block lies here, at the end of the stack: where no link was ever
//!    written, the next block by number lies below. So a pool is built in constant time, and memory is
//!    committed as blocks are first used.
//! 2. **Refill.** A thread that takes a block and finds its magazine empty moves a batch into it: one of 31
//!    from the depot, or up to as many from the stack, by one compare-and-swap.
//! 3. **To a holder.** [`acquire`](BlockAlloc::acquire) takes an address off the magazine. A [`Block`]
//!    needs no record, since the type says that it is held. A raw pointer has a mark in the ledger
//!    ([`alloc_raw`](BlockAlloc::alloc_raw), [`Block::into_raw`]). Buffers are counted in the block's
//!    word, from 1 on. In a hardened region [`Region::on_acquire`] looks at the block, and writes its guard.
//! 4. **Back.** [`release`](BlockAlloc::release), by the handle's drop, by the last buffer's, or by
//!    [`free_raw`](BlockAlloc::free_raw) once it has taken the mark out. The backend lets
//!    [`Region::on_release`] look at the guard and write zeros, if the region asks for that, and puts the address
//!    on the magazine.
//! 5. **Flush.** A full magazine gives a batch away: one of 31 to the depot if a cell is empty there; any
//!    other is linked and put on the stack by one compare-and-swap.
//! 6. **Reclaim.** A thread that finds magazine, depot and stack empty keeps all threads out of their
//!    magazines, moves what is in them and in the depot to the stack, and tries again. From then on all
//!    use the stack alone, until 1,024 blocks were taken off it. Only if the stack is found empty in this
//!    state is the pool exhausted.
//! 7. **Past the backend.** A pool in a `wait::Waiting` looks for waiters when a block comes back. The
//!    oldest gets it, zeroed if the region asks for it; the backend does not see it.
//!
//! Without magazines 2, 5 and 6 fall away, and a block goes from the stack to its holder and back.
//!
//! # What to read first
//!
//! 1. `block-core/src/alloc.rs`: the trait, and what an implementation promises.
//! 2. `block-mutex/src/pool.rs`: all those promises kept in the plainest way.
//! 3. `block-core/src/region.rs`, then `block.rs` and `ledger.rs` beside it: addresses, the handle, the
//!    check of a free.
//! 4. `block-lockfree/src/stack.rs`, `magazines/mod.rs`, `magazines/transfer.rs`; then the page
//!    `block-lockfree/docs/exactness.md`, and `magazines/reclaim.rs` after it.
//!
//! # Where each invariant is kept
//!
//! Those of the [crate](crate#invariants), and 7 and 8 of `block_lockfree`.
//!
//! | invariant | in `block-core/src` | in `block-lockfree/src` | in `block-mutex/src` |
//! |---|---|---|---|
//! | 1 exclusive | `block.rs`, `buffer/hold.rs`, `shares/word.rs`, `wait/queue.rs` | `stack.rs` (A, B), `slot.rs`, `depot.rs`, `magazines/` (D) | the lock in `pool.rs` |
//! | 2 conserved | provided bulk calls in `alloc.rs`, `wait/queue.rs` | `stack.rs` (A), `magazines/transfer.rs` | `free_list.rs` |
//! | 3 exact exhaustion | `wait.rs` passes it on | `magazines/reclaim.rs`, by `exactness.rs` | the lock in `pool.rs` |
//! | 4 bounded and aligned | `layout.rs`, `region.rs` | | |
//! | 5 checked free | `free_raw` in `alloc.rs`, `from_raw` in `block.rs`; `divide.rs`, `ledger.rs` | | |
//! | 6 initialised | `backing.rs`, `memory.rs`; `region/loan.rs` | `magazines/hardened.rs` | `pool.rs` |
//! | 7 the tag moves | | `head.rs`, `stack.rs` | |
//! | 8 nobody waits inside | | `magazines/`, `lock.rs`, `patience.rs` | |
//!
//! # Examples
//!
//! One block, and each way to hold it:
//!
//! ```
//! # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
//! use block_core::{Block, BlockAlloc, BlockAllocExt};
//!
//! let pool = Pool::new(64, 1);
//! let handle = pool.alloc()?; // no record: the type is the proof
//! let raw = handle.into_raw(); // a mark in the ledger
//! // SAFETY: the pointer is not used again.
//! let handle = unsafe { Block::from_raw(raw, &pool)? }; // the mark is out again
//! assert_eq!(pool.available(), 0, "one block, held all the time");
//! drop(handle);
//! assert_eq!(pool.available(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
#![cfg_attr(feature = "bytes", doc = "[`buffer`]: crate::buffer")]
#![cfg_attr(not(feature = "bytes"), doc = "[`buffer`]: crate#features")]
#![cfg_attr(feature = "wait", doc = "[`wait`]: crate::wait")]
#![cfg_attr(not(feature = "wait"), doc = "[`wait`]: crate#features")]
#![cfg_attr(feature = "conformance", doc = "[`conformance`]: crate::conformance")]
#![cfg_attr(not(feature = "conformance"), doc = "[`conformance`]: crate#features")]

#[cfg(doc)]
use crate::{Block, BlockAlloc, BlockLayout, Region};
