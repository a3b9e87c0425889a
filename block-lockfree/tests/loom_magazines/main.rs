//! Models of the magazines: owners, reclaimers, thread ends, under the memory model.
//!
//! Run with `RUSTFLAGS="--cfg block_loom" cargo test --release -p block-lockfree --test loom_magazines`.
//! Each model says how many preemptions it is explored within; `LOOM_MAX_PREEMPTIONS` overrides it.
//!
//! Here magazines hold up to four blocks, the depot has one cell, a reclaim is over after one pop,
//! and owners use the real fence: the asymmetric one is beyond loom. The numbers of threads are
//! given, not claimed.
//!
//! loom looks for the races of a store with the last access of a word alone, and so misses orders:
//! of a compare-and-swap after a load of its own, for one. Two things make up for it. Every call
//! begins with an update of one word, so all orders of whole calls are explored. And each model
//! runs twice, with its two bodies exchanged between the main thread and the spawned one.
//!
//! Each block has a payload cell that its holder writes plainly, so a block with two holders, or a
//! missing happens-before edge between one holder and the next, is a reported race. So is a turn
//! with a magazine's plain memory that is not the caller's.

#![cfg(block_loom)]

mod owners;
mod pool;
mod retire;
mod transfers;
