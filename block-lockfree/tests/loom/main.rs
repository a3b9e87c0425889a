//! Models of the stack: every interleaving within the bounds, under the memory model.
//!
//! Run with `RUSTFLAGS="--cfg block_loom" cargo test --release -p block-lockfree --test loom`. Two
//! threads are explored within four preemptions, three within three, or as many as
//! `LOOM_MAX_PREEMPTIONS` says.
//!
//! Each block has a payload cell that its holder writes plainly, so a block with two holders, or a
//! missing happens-before edge between one holder and the next, is a reported race.

#![cfg(block_loom)]

mod bulk;
mod counts;
mod pool;
mod single;
