//! Coming from something else: the same small program before and after, what bites, what is better.
//!
//! | you have | what changes most | page |
//! |---|---|---|
//! | `block_allocator` 0.2, the crate of 2015 | slices become handles, wrong frees become errors | [`from_block_allocator`] |
//! | `BytesMut` and `Bytes` of the crate `bytes` | a buffer does not grow, and blocks are finite | [`from_bytes`] |
//! | `Mutex<Vec<Vec<u8>>>` | the pool has a bound, and nothing needs to be pushed back | [`from_mutex_vec`] |
//!
//! Every example on these pages is compiled and run by `cargo test -p block-lockfree --doc guides`.
//! Before and after end with the same assertions.
//!
//! # Examples
//!
//! What all of them arrive at:
//!
//! ```
//! use block_core::{BlockAlloc, BlockAllocExt};
//! use block_lockfree::LockFreeAlloc;
//!
//! let pool = LockFreeAlloc::new(1500, 4096)?; // once, for all threads
//! let mut packet = pool.alloc()?; // an error when all are held
//! packet[0] = 0x45;
//! drop(packet); // back in the pool
//! assert_eq!(pool.available(), 4096);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod from_block_allocator;
pub mod from_bytes;
pub mod from_mutex_vec;
