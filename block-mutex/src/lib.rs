//! The reference backend: a free list in a `Vec`, behind a mutex.
//!
//! It keeps every promise of a pool in the simplest code. Every call takes one lock for a few
//! instructions. Use it where calls are infrequent, as an introduction, or as the reference for a
//! faster pool.
//!
//! Do not call the pool from a signal handler: the handler would wait for the call that it
//! interrupted. Do not call it in the child of a `fork` if other threads of the parent used the
//! pool: one of them may have held the lock. The page `block-lockfree/docs/security.md` says, for
//! this crate too, which mistakes are detected and which memory an overrun reaches.
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
//! `bytes`, `allocator-api2`, `allocator-api2-04` and `wait` enable the
//! [features of `block_core`](block_core#features) with these names.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod free_list;
mod pool;

pub use block_core::{BuildError, Lease, SharedPool};
pub use pool::MutexAlloc;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
