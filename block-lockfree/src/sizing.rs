//! How big should a pool be?
//!
//! As big as the most blocks that are ever held at once, and a margin. A pool remembers that number,
//! its *high-water mark*, from the day it was made, and asking for it costs calls nothing:
//! [`stats`](block_core::BlockAlloc::stats).
//!
//! # The recipe
//!
//! 1. **Make it far too big at first.** A block that was never used takes address space, not memory, so a
//!    pool of a million blocks costs what is used of it. (Not with huge pages, prefaulting or locking: leave
//!    those for later.)
//! 2. **Run the real load**, the heaviest that you must stand: the slowest peers, the largest burst, start
//!    and end included.
//! 3. **Read the mark.** If it is the capacity, the pool was too small to tell: begin again with twice as
//!    many.
//!
//!    | pool | `high_water` |
//!    |---|---|
//!    | [`with_magazine(0)`](crate::LockFreeAlloc::with_magazine), `block-mutex` | exact: the most that were in use at once |
//!    | with magazines, the default | an upper bound that includes cached blocks: at most 62 for each thread, and 496, above that |
//!
//!    Magazines make it larger because a mark that counts every call would cost every call; blocks in
//!    magazines are to be had all the same. So for an exact figure measure without magazines, and go back
//!    to them afterwards: what a program holds at once is its own affair and not the pool's.
//! 4. **Add a margin** for the load that you have not seen: a quarter, where nothing better is known.
//! 5. **Watch it in service.** [`exhaustions`](block_core::Stats::exhaustions) that rise mean that calls are
//!    refused: more blocks, fewer users, or a pool that is waited for (`block_core::wait`).
//!    [`reclaims`](block_core::Stats::reclaims) that rise without them mean that the pool is near its
//!    limit: it works, and each costs microseconds. The example `metrics` hands these numbers to whatever
//!    collects yours.
//!
//! A smaller pool is right where work may wait for a block: then it is the bound on what is under way, and
//! what counts is the mean and not the peak. Blocks held in the mean = blocks taken a second × seconds that
//! one is held (J. Little, 1961). A pool much below that stands in the way; one above it only rounds bursts
//! off.
//!
//! What it takes: [`stride`](block_core::BlockLayout::stride) times the blocks ever used, and nine bytes of
//! metadata for each.
//!
//! # An example
//!
//! `cargo run -p block-lockfree --example sizing` finds a pool's size in this way, and shows that the same
//! load fits in it.
//!
//! ```
//! use block_core::{BlockAlloc, BlockAllocExt, Stats};
//! use block_lockfree::LockFreeAlloc;
//!
//! /// What to build the pool with, after this was measured.
//! fn recommended(measured: &Stats) -> Option<usize> {
//!     let was_enough = measured.high_water < measured.capacity;
//!     was_enough.then(|| measured.high_water + measured.high_water.div_ceil(4))
//! }
//!
//! let pool = LockFreeAlloc::new(2048, 1 << 19)?.with_magazine(0);
//! for burst in [10, 300, 40] {
//!     let requests: Vec<_> = (0..burst).map(|_| pool.alloc()).collect::<Result<_, _>>()?;
//!     drop(requests);
//! }
//! assert_eq!(recommended(&pool.stats()), Some(375));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
