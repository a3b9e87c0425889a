//! The reference backend: a free list in a `Vec`, behind a mutex.
//!
//! It keeps all promises of a pool with the simplest code. Every call takes one lock for a few
//! instructions. Read this backend first. Use it if calls are rare, and to check faster backends.
//!
//! Do not call it from a signal handler, which would wait for the call that it interrupted, nor in
//! a forked child if other threads of the parent used the pool: one of them may have held the lock.
//! The page `block-lockfree/docs/security.md` lists which mistakes are detected, also for this
//! crate.
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
//! `bytes`, `allocator-api2`, `allocator-api2-04` and `wait` are the features of
//! [`block_core`](block_core#features) with the same names.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod free_list;
mod pool;

pub use block_core::{BuildError, Lease, SharedPool};
pub use pool::MutexAlloc;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
