//! The reference backend: a free list in a `Vec`, behind a mutex.
//!
//! Everything that a pool promises, in the plainest code that keeps it. Every call takes one lock
//! for a few instructions. Read this one first; use it where calls are rare, and as the oracle for
//! faster ones.
//!
//! Not to be called from a signal handler, which would wait for the call that it interrupted, nor in a
//! child of `fork` beside threads that use the pool: one of those may have held the lock. Which mistakes are
//! found, and what an overrun reaches, is on the page `block-lockfree/docs/security.md`, for this crate as well.
//!
//! # Examples
//!
//! ```
//! use block_core::BlockAllocExt;
//! use block_mutex::MutexAlloc;
//!
//! let pool = MutexAlloc::new(1500, 64)?;
//! let mut packet = pool.alloc()?;
//! packet[..4].copy_from_slice(&[0xde, 0xad, 0xbe, 0xef]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! `bytes`, `allocator-api2`, `allocator-api2-04` and `wait` are those of [`block_core`](block_core#features), switched on from
//! here.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod free_list;
mod pool;

pub use block_core::{BuildError, Lease, SharedPool};
pub use pool::MutexAlloc;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
