//! How to write a backend: a whole one, and what each of its promises means.
//!
//! A backend decides one thing: which free block comes next. Memory, addresses, checks and handles
//! are there already. So it needs a [`Region`](crate::Region), which knows where block number *n*
//! lies, and some thread-safe collection of numbers.
//!
//! The backend below is a queue: first in, first out, so that a block rests as long as possible
//! before it is used again. That is worth having when looking for code that uses a block after it
//! was given back. It is slower than a stack, which hands out the block that is still in the
//! processor's cache.
//!
//! # The code
//!
//! ```
//! use std::collections::VecDeque;
//! use std::ptr::NonNull;
//! use std::sync::{Mutex, MutexGuard, PoisonError};
//!
//! use block_core::{BlockAlloc, BlockIndex, Region};
//!
//! /// A pool that hands out the block that has been free for longest.
//! pub struct FifoAlloc {
//!     region: Region,
//!     free: Mutex<VecDeque<BlockIndex>>,
//! }
//!
//! impl FifoAlloc {
//!     pub fn from_region(region: Region) -> Self {
//!         let free = (0..region.layout().capacity()).map(BlockIndex::new).collect();
//!         Self { region, free: Mutex::new(free) }
//!     }
//!
//!     /// The queue; it is whole even if a thread panicked with the lock in its hand, because no
//!     /// step below leaves a block half way.
//!     fn free(&self) -> MutexGuard<'_, VecDeque<BlockIndex>> {
//!         self.free.lock().unwrap_or_else(PoisonError::into_inner)
//!     }
//! }
//!
//! // SAFETY: the region is this pool's alone and is never replaced. Under the lock, a number
//! // leaves the queue when its block is handed out and enters it when it is given back: a block is
//! // in one place (invariant 1), none is lost (2), and an empty queue means that every block is
//! // held (3). Pointers come from `Region::block` (4). `acquire` and `release` call `on_acquire` and `on_release`, and nothing
//! // else writes to a block (6). The lock orders a holder's last access before the next one's first. Nothing
//! // unwinds: the queue never grows beyond its first size, so it never allocates.
//! unsafe impl BlockAlloc for FifoAlloc {
//!     fn region(&self) -> &Region {
//!         &self.region
//!     }
//!
//!     fn acquire(&self) -> Option<NonNull<u8>> {
//!         let block = self.region.block(self.free().pop_front()?);
//!         // SAFETY: a block of this region, off the queue just now.
//!         unsafe { self.region.on_acquire(block) };
//!         Some(block)
//!     }
//!
//!     unsafe fn release(&self, block: NonNull<u8>) {
//!         // SAFETY: the caller's promise: a block of this region, held by the caller alone.
//!         let index = unsafe {
//!             self.region.on_release(block);
//!             self.region.index_of(block)
//!         };
//!         self.free().push_back(index);
//!     }
//!
//!     fn available(&self) -> usize {
//!         self.free().len()
//!     }
//!
//!     // All that follows is optional: one lock for many blocks.
//!
//!     fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
//!         let mut free = self.free();
//!         let enough = blocks.len() <= free.len();
//!         blocks.fill_with(|| {
//!             if enough { free.pop_front().map(|index| self.region.block(index)) } else { None }
//!         });
//!         drop(free);
//!         for &block in blocks.iter().flatten() {
//!             // SAFETY: a block of this region, off the queue just now.
//!             unsafe { self.region.on_acquire(block) };
//!         }
//!         enough
//!     }
//!
//!     unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
//!         for &block in blocks.iter().flatten() {
//!             // SAFETY: the caller's promise for each block is that of `release`.
//!             unsafe { self.region.on_release(block) };
//!         }
//!         let mut free = self.free();
//!         for block in blocks.iter_mut().filter_map(Option::take) {
//!             // SAFETY: the caller's promise: a block of this region.
//!             free.push_back(unsafe { self.region.index_of(block) });
//!         }
//!     }
//! }
//!
//! // In a test of your crate it is `block_core::conformance_tests! { fifo, .. }`, for one test of
//! // each property. This page runs them all in a row.
//! use block_core::conformance::{Factory, check_all};
//!
//! // SAFETY: the closure keeps no part of the pool, so nothing but the suite uses it.
//! check_all(&unsafe { Factory::new(|region| Box::new(FifoAlloc::from_region(region))) });
//! ```
//!
//! # What each promise means
//!
//! The numbers are those of the [crate's list](crate#invariants).
//!
//! 1. **Exclusive.** From `acquire` to `release` the block is the holder's. Two threads never get
//!    the same number, so taking a number off the collection is *one* atomic step: to look at the
//!    top and take it off later is the classic fault. And what the last holder wrote must be
//!    *visible* to the next: `release` publishes with Release what `acquire` reads with Acquire
//!    (a lock does both). It also means that a free block is not written to. A list that is linked
//!    through the free blocks themselves breaks invariant 6, and one overrun corrupts it; a
//!    [`SideTable`](crate::SideTable) of numbers does neither.
//! 2. **Conserved.** Whatever way a call ends, each block is free or held. A refused bulk call
//!    takes part in nothing. A thread may end at any time: what a per-thread cache holds then is
//!    inherited or reclaimed, not lost. `available` is exact while nobody is inside a call; at
//!    other times it may report fewer, never more than were free at some instant. To add up caches
//!    while blocks move between them is a way to report more.
//! 3. **Exact exhaustion.** `None` means that at some instant during the call every block was
//!    *held*; not: every block was somewhere else. So a cache that other threads cannot reach into
//!    is not allowed, nor is a reserve, nor to give up because another thread has the lock. Where T
//!    threads hold at most k blocks each and T times k is the capacity, no allocation fails.
//! 4. **Bounded and aligned.** Hand out what [`Region::block`](crate::Region::block) returns, and
//!    this holds by itself. Keep numbers, or those pointers, and no others.
//! 5. **Checked free.** The provided `_raw` calls do this with the region's marks. Leave them as
//!    they are; whoever overrides them must know that the mark goes *before* the block is released,
//!    by one atomic step that only one of two racing callers can win.
//! 6. **Initialised.** Call [`Region::on_release`](crate::Region::on_release) on every block that is given
//!    back, in `release` and in an own `release_bulk`, before anyone else can get it: it writes
//!    zeros if the region was made with zero-on-release, and looks at the guard, if there is one. And call
//!    [`Region::on_acquire`](crate::Region::on_acquire) on every block that is handed out, in `acquire` and in an own
//!    `acquire_bulk`, after it is off the free list and outside of any lock: it writes that guard, and looks
//!    whether a free block was written to. Each costs one branch in a region without these options. A block
//!    that was not lent is reported as overrun when it comes back, and that ends the process.
//!
//! # Which methods to override
//!
//! The four required ones make a whole pool. The bulk calls are worth an override if many blocks
//! can move in one step: a single lock, a single compare-and-swap. It also makes a bulk allocation
//! *atomic*, while the provided one takes blocks one by one and a concurrent call can meanwhile
//! find the pool empty. Both sides must fill every entry or empty every entry.
//!
//! [`stats`](crate::BlockAlloc::stats) is worth one if the backend knows more than how many blocks are free:
//! which were never used, the most that were held, how many calls it refused. What it says is checked by
//! every property that counts.
//!
//! # If a property fails
//!
//! The message names the invariant, what was found, the layout, and for
//! [`agrees_with_the_model`](super::agrees_with_the_model) the shortest sequence of calls that shows
//! it. Start with the first failing property in the order of [`check_all`](super::check_all):
//! a pool that loses blocks fails in many ways. A failure between threads may take a few runs to
//! come again.
