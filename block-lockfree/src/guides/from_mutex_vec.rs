//! For programs whose buffers wait in a `Mutex<Vec<Vec<u8>>>`: popped or allocated, pushed back when done.
//!
//! # Before
//!
//! ```
//! use std::error::Error;
//! use std::sync::Mutex;
//!
//! struct Pool {
//!     free: Mutex<Vec<Vec<u8>>>,
//! }
//!
//! impl Pool {
//!     fn take(&self) -> Vec<u8> {
//!         self.free.lock().unwrap().pop().unwrap_or_else(|| vec![0; 64]) // as many as asked for
//!     }
//!
//!     fn give(&self, block: Vec<u8>) {
//!         self.free.lock().unwrap().push(block);
//!     }
//! }
//!
//! /// Decodes a number in a buffer.
//! fn decode(pool: &Pool, line: &[u8]) -> Result<u32, Box<dyn Error + Send + Sync>> {
//!     let mut buffer = pool.take();
//!     let text = buffer.get_mut(..line.len()).ok_or("too long")?; // leaves the pool: no push
//!     for (to, from) in text.iter_mut().zip(line) {
//!         *to = from ^ 0x55;
//!     }
//!     let number = std::str::from_utf8(text)?.parse()?; // twice more
//!     pool.give(buffer);
//!     Ok(number)
//! }
//!
//! let encode = |text: &str| text.bytes().map(|byte| byte ^ 0x55).collect::<Vec<u8>>();
//! let (good, bad) = (encode("321"), encode("three"));
//! let pool = Pool { free: Mutex::new(Vec::new()) };
//! std::thread::scope(|scope| {
//!     for _ in 0..4 {
//!         scope.spawn(|| {
//!             assert_eq!(decode(&pool, &good).unwrap(), 321);
//!             assert!(decode(&pool, &bad).is_err(), "no number");
//!             assert!(decode(&pool, &[0; 65]).is_err(), "too long");
//!         });
//!     }
//! });
//! ```
//!
//! # After
//!
//! ```
//! use block_core::{BlockAlloc, BlockAllocExt};
//! use block_lockfree::LockFreeAlloc;
//! use std::error::Error;
//!
//! /// Decodes a number in a buffer.
//! fn decode<A: BlockAlloc>(pool: &A, line: &[u8]) -> Result<u32, Box<dyn Error + Send + Sync>> {
//!     let mut buffer = pool.alloc()?; // at most as many as there are
//!     let text = buffer.get_mut(..line.len()).ok_or("too long")?; // goes back
//!     for (to, from) in text.iter_mut().zip(line) {
//!         *to = from ^ 0x55;
//!     }
//!     Ok(std::str::from_utf8(text)?.parse()?) // goes back, whichever way
//! }
//!
//! let encode = |text: &str| text.bytes().map(|byte| byte ^ 0x55).collect::<Vec<u8>>();
//! let (good, bad) = (encode("321"), encode("three"));
//! let pool = LockFreeAlloc::new(64, 4)?; // four threads, one block each: never exhausted
//! std::thread::scope(|scope| {
//!     for _ in 0..4 {
//!         scope.spawn(|| {
//!             assert_eq!(decode(&pool, &good).unwrap(), 321);
//!             assert!(decode(&pool, &bad).is_err(), "no number");
//!             assert!(decode(&pool, &[0; 65]).is_err(), "too long");
//!         });
//!     }
//! });
//! assert_eq!(pool.available(), 4); // what the old one could not say
//! # Ok::<(), Box<dyn Error>>(())
//! ```
//!
//! `decode` does not name the pool. The plainest one behind the same trait, a free list in a mutex, is
//! `block_mutex::MutexAlloc::new(64, 4)?`: what you had, with the bound and the handles.
//!
//! # Call for call
//!
//! | a `Mutex<Vec<Vec<u8>>>` | here |
//! |---|---|
//! | an empty `Vec`, filled as needed | [`LockFreeAlloc::new(size, blocks)`](LockFreeAlloc::new): fixed, committed as needed |
//! | `pop`, or else allocate | [`alloc()?`](BlockAllocExt::alloc), or [`AllocError::Exhausted`] |
//! | a loop around `pop` and `Condvar::wait` | `alloc_wait()` of a pool in `block_core::wait::Waiting`, see [below](#if-you-wait-for-a-buffer) |
//! | `push` at every way out | none: the handle does it, also when a thread panics |
//! | `drain`, `append` for many at once | [`alloc_bulk`](BlockAllocExt::alloc_bulk), [`free_bulk`](BlockAllocExt::free_bulk): all or none |
//! | `lock().unwrap().len()` | [`available()`](BlockAlloc::available): a diagnostic, it walks the free blocks |
//! | `Vec<u8>`, `&mut Vec<u8>` in signatures | [`Block`], or better `&mut [u8]` |
//! | a `Vec` with a filled length | `BlockBuf` of `block_core::buffer`, with the feature `bytes` |
//! | `clear()` or `fill(0)` before `push` | `fill(0)`, or [`zero_on_release`](RegionOptions::zero_on_release) |
//! | `Arc<Mutex<..>>` | `SharedPool<LockFreeAlloc>` and its `alloc_owned`, if handles must own their pool |
//!
//! # What bites
//!
//! - **It can be exhausted.** Where `pop` found nothing and allocated, `alloc` is an error. Refuse the
//!   request; or stop taking in work until blocks are back; or wait, see
//!   [below](#if-you-wait-for-a-buffer); or take a `Vec` this once and count it, which gives the bound up.
//! - **A block does not grow.** A `Vec` in a pool may have become longer on the way, without anybody's
//!   noticing. Choose the largest size, or a pool for each of a few sizes.
//! - **A handle that is forgotten stays held** (`mem::forget`, a list that is never emptied), and the pool
//!   is one smaller for ever. The old one replaced it from the heap.
//! - **Handles that borrow end before the pool does.** For threads that are not scoped use an `Arc`, or a
//!   pool in a static, below.
//! - **Blocks keep the last holder's bytes**, as a `Vec` that was pushed back does. For secrets, or to read
//!   before writing, have them cleared, at the cost of a pass over each block:
//!
//!   ```
//!   use block_core::{BlockAllocExt, BlockLayout, Region};
//!   use block_lockfree::LockFreeAlloc;
//!
//!   let (plain, layout) = (LockFreeAlloc::new(64, 1)?, BlockLayout::new(64, 1)?);
//!   let region = Region::options().zero_on_release(true).map(layout)?;
//!   let clearing = LockFreeAlloc::from_region(region)?;
//!   for pool in [&plain, &clearing] {
//!       pool.alloc()?.fill(7);
//!   }
//!   assert_eq!((plain.alloc()?[0], clearing.alloc()?[0]), (7, 0));
//!   # Ok::<(), Box<dyn std::error::Error>>(())
//!   ```
//!
//! # If you wait for a buffer
//!
//! Where the `Vec` had a bound already, and a `Condvar` for those who found it empty, the loop becomes a call
//! of a pool that is wrapped for it, with the feature `wait` of this crate:
//!
//! ```
//! use block_core::AllocError;
//! use block_core::wait::Waiting;
//! use block_lockfree::LockFreeAlloc;
//! use std::time::Duration;
//!
//! let pool = Waiting::new(LockFreeAlloc::new(64, 1)?);
//! std::thread::scope(|scope| {
//!     for _ in 0..4 {
//!         scope.spawn(|| pool.alloc_wait().unwrap().fill(1)); // one block: they take turns
//!     }
//! });
//! let _held = pool.alloc_timeout(Duration::from_secs(1))?;
//! let soon = Duration::from_millis(1);
//! assert_eq!(pool.alloc_timeout(soon).unwrap_err(), AllocError::TimedOut);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A task awaits `alloc_async()`, in any runtime, and may be dropped meanwhile. There is no `notify_one` to
//! forget: a block that comes back is given to whoever has waited longest, and nobody who comes later takes
//! it first. What was true at the `Condvar` still is: who waits for a buffer while it holds one may wait for
//! those who do the same. A wrapped pool pays a fence for each block that comes back; others pay nothing.
//!
//! # Sharing it
//!
//! | threads | pool | handle | costs |
//! |---|---|---|---|
//! | in a scope | a local variable | `Block<&LockFreeAlloc>` | nothing |
//! | that come and go | `SharedPool<LockFreeAlloc>` | `Block<Lease<LockFreeAlloc>>` | nothing per block; a reference per owner |
//! | all of the program's | a `LazyLock` in a static | `Block<&'static LockFreeAlloc>` | a load and a branch a call; the pool is never freed |
//!
//! ```
//! use block_core::{Block, BlockAllocExt};
//! use block_lockfree::{Lease, LockFreeAlloc, SharedPool};
//! use std::sync::LazyLock;
//!
//! static PACKETS: LazyLock<LockFreeAlloc> =
//!     LazyLock::new(|| LockFreeAlloc::new(1500, 64).expect("100 KiB to map"));
//!
//! let packet: Block<&'static LockFreeAlloc> = PACKETS.alloc()?;
//! std::thread::spawn(move || drop(packet)).join().unwrap();
//!
//! let pool = SharedPool::new(LockFreeAlloc::new(1500, 64)?);
//! let packet: Block<Lease<LockFreeAlloc>> = pool.alloc_owned()?;
//! std::thread::spawn(move || drop(packet)).join().unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How many blocks
//!
//! Threads times the most that one holds at a time, plus what can lie in queues between them. Nothing on
//! top for the caches: with T threads of k blocks each a pool of T * k is never exhausted, see
//! [`exactness`](crate::exactness). When in doubt take more: a block that is never used costs address
//! space, and no memory.
//!
//! # What is better
//!
//! - The most that the buffers can take is known when the program starts.
//! - No way out loses a block: not `?`, not `return`, not a panic. No lock is poisoned.
//! - Threads do not meet: a call works on the thread's own cache. The figures beside a mutex are in the
//!   README of the workspace; on two threads the lock costs tens of times as much.
//! - A block that was given back cannot be used: that does not compile.

#[cfg(doc)]
use crate::LockFreeAlloc;
#[cfg(doc)]
use block_core::{AllocError, Block, BlockAlloc, BlockAllocExt, RegionOptions};
