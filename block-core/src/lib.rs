//! What every pool of equal-sized memory blocks shares: the layout of the memory, the arithmetic
//! between block numbers and addresses, the record of blocks given out raw, the trait that a
//! backend implements, and the handles that safe code holds.
//!
//! | idea | items |
//! |---|---|
//! | shape of the memory, checked once | [`BlockLayout`], [`LayoutError`] |
//! | the memory itself, and which addresses are blocks | [`Region`], [`RegionOptions`], [`BlockIndex`] |
//! | lazily committed metadata beside the blocks | [`backend::SideTable`] |
//! | regions in statics, without a heap and an operating system | [`StaticMemory`], [`backend::ZeroedMemory`], [`backend::Footprint`] |
//! | what a backend does | [`BlockAlloc`] |
//! | where a pool's blocks are, and how near to its limit it has been | [`Stats`] |
//! | what safe code holds, one or several at once | [`BlockAllocExt`], [`Block`] |
#![cfg_attr(
    feature = "bytes",
    doc = "| blocks as buffers: written, frozen, shared, sliced | [`buffer`] |"
)]
#![cfg_attr(
    any(feature = "allocator-api2", feature = "allocator-api2-04"),
    doc = "| a pool for boxes, vectors and maps | [`PoolAllocator`] |"
)]
#![cfg_attr(
    all(feature = "std", unix),
    doc = "| a region as registered buffers of io_uring | [`FixedBuffers`], [`FixedBlock`] |"
)]
#![cfg_attr(
    feature = "std",
    doc = "| vectored reads and writes over several blocks | [`io_slices`], [`io_slices_mut`] |"
)]
#![cfg_attr(
    feature = "wait",
    doc = "| a pool whose blocks can be waited for, by threads and by tasks | [`wait`] |"
)]
//! | mistakes with bare pointers, found if asked for | [`RegionOptions::verify_on_acquire`], [`BlockLayout::with_guard`] |
//! | proof that a backend keeps its promises | `conformance`, with the feature of that name |
//! | how to write a backend | [`docs/writing-a-backend.md`][writing-a-backend] |
//! | how the promises are verified | [`docs/evidence.md`][evidence] |
//!
//! [writing-a-backend]: https://docs.rs/crate/block-core/latest/source/docs/writing-a-backend.md
//! [evidence]: https://docs.rs/crate/block-core/latest/source/docs/evidence.md
//!
//! This crate holds no free list, and no thread and no lock but to wait and to test. Those are the
//! backends': `block-lockfree` for speed, `block-mutex` as the reference. In the examples `Pool` is any
//! of them: `use block_lockfree::LockFreeAlloc as Pool`, and `Pool::new(block_size, capacity)?`.
//!
//! # What to hold a block by
//!
//! | you have | take |
//! |---|---|
//! | one holder at a time | [`Block`]: bytes of fixed length, no cost beyond the block's |
//! | bytes that are filled, then read by several, in parts | `buffer::BlockBuf` and `BlockBytes` (feature `bytes`): a count for each block |
//! | values: boxes, vectors, maps | `PoolAllocator` (feature `allocator-api2`), a pool of its own |
//! | a pointer for other code | [`BlockAlloc::alloc_raw`]: checked when it comes back |
//!
//! A pool pointer is [`StableDeref`], which means that it derefs to the same pool for as long as it lives.
//!
//! | pool pointer | goes to another thread | costs |
//! |---|---|---|
//! | `&A` | within a scope | nothing |
//! | `&'static A` | yes | nothing; the pool is never freed |
//! | `Arc<A>` | yes | two atomic operations a block, on a count that all threads share |
//!
//! # Invariants
//!
//! Every backend keeps these; SAFETY comments and tests cite them by number.
//!
//! 1. **Exclusive.** A block is in exactly one place: on a free list, in one cache, or with one
//!    holder.
//! 2. **Conserved.** Free blocks + cached blocks + held blocks = capacity, always; a forgotten
//!    handle counts as held.
//! 3. **Exact exhaustion.** An allocation fails only if at some instant during the call every
//!    block was held.
//! 4. **Bounded and aligned.** Every pointer handed out lies inside the region, a multiple of the
//!    stride from its base, aligned, and is valid for `block_size` bytes.
//! 5. **Checked free.** [`BlockAlloc::free_raw`] of anything that is not a block given out raw
//!    returns an error and changes nothing. A stale free after the block was legitimately given
//!    out again cannot be told apart from a right one.
//! 6. **Initialised.** The bytes of a block are always initialised: zero at first, later whatever
//!    the last holder left, or zero with [`RegionOptions::zero_on_release`]. Those of a
//!    [guard](BlockLayout::with_guard) are as they must be when the block is handed out.
//!
//! A backend may add its own, numbered from 7 on: the lock-free one does, see there. What follows for those
//! who are attacked or make mistakes, which are found and which are not, is on the page
//! `block-lockfree/docs/security.md`.
//!
//! # Under a sanitizer
//!
//! A sanitizer takes a region for one piece of memory. In a program that is built with `--cfg block_asan` the
//! pools tell AddressSanitizer which blocks are out: a touch of a free block, or of a byte behind a block
//! that is out, ends the program with a report (`use-after-poison`).
//!
//! ```console
//! RUSTFLAGS="-Zsanitizer=address -Cunsafe-allow-abi-mismatch=sanitizer --cfg block_asan" \
//!     cargo +nightly test --target x86_64-unknown-linux-gnu
//! ```
//!
//! - Blocks end where [`BlockLayout::block_size`] says, to the byte, and not at the stride. Where the stride is
//!   the same, what is behind a block is the next one, and an overrun shows while that is free.
//! - Blocks beyond a region's first 16 MiB, and all blocks of a pool that was built at compile time, are
//!   poisoned from when they first come back.
//! - Where the first block's address or the stride is no multiple of eight, neighbours share a byte of the
//!   sanitizer's own memory: such regions are left as they are. So are those whose stride is above a MiB, and
//!   those of backends other than `block-lockfree` and `block-mutex`.
//!
//! With `-Zsanitizer=thread` and `--cfg block_tsan` ThreadSanitizer is told what the mutexes of `block-mutex`
//! and of `wait` order: the standard library, in which a thread waits for one, is not compiled for it. The
//! stack and the magazines need nothing of the kind, and neither do buffers.
//!
//! # Under Miri
//!
//! Tests that use pools run under Miri, as they are. A region lies on the heap there, without guard pages, and
//! options that need a mapping (locked memory, prefault, huge pages) are errors. Pools of `block-lockfree` use
//! a fence in place of `membarrier`, and give magazines to 128 threads at a time.
//!
//! # Features
//!
//! - `std` (default): anonymous mappings, prefault, locked memory, huge pages, registered buffers,
//!   vectored reads and writes.
//! - `alloc`: regions and tables on the heap, without `std`.
//! - `bytes`: blocks as reference-counted buffers that implement the traits of the crate `bytes`: the
//!   module `buffer`. Costs every region of the program a word a block, committed as blocks become
//!   buffers.
//! - `allocator-api2`: pools as the memory of containers that take an `Allocator` of that crate's version
//!   0.2; needs neither `std` nor `alloc`. `allocator-api2-04` is the same for version 0.4.
//! - `wait`: pools whose blocks can be waited for: the module `wait`; implies `std`.
//! - `conformance`: the property suite.
//!
//! Without any of them a region still works in memory that the caller supplies, see
//! [`Region::from_static`], or in a static, built when the program is compiled, see
//! [`StaticMemory`].

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// For a build in which another crate turns on `allocator-api2/nightly`.
#![cfg_attr(all(block_nightly, feature = "allocator-api2"), feature(allocator_api))]
// The pages show the methods of slices as well, and how the standard library was built is no matter.
#![cfg_attr(docsrs, doc(auto_cfg(hide(no_global_oom_handling))))]

#[cfg(feature = "alloc")]
extern crate alloc as alloc_crate;
#[cfg(any(feature = "std", test, block_counting, block_loom, block_shuttle))]
extern crate std;

mod alloc;
#[cfg(any(feature = "allocator-api2", feature = "allocator-api2-04"))]
mod allocator;
mod asan;
pub mod backend;
mod block;
#[cfg(feature = "alloc")]
mod boxed;
#[cfg(feature = "bytes")]
pub mod buffer;
mod bulk;
mod error;
mod ext;
#[cfg(all(feature = "std", unix))]
mod fixed;
mod layout;
#[cfg(all(debug_assertions, feature = "std"))]
mod leaks;
#[cfg(not(all(debug_assertions, feature = "std")))]
#[path = "leaks_absent.rs"]
mod leaks;
mod ledger;
mod memory;
mod options;
mod os;
mod region;
#[cfg(feature = "alloc")]
mod shared_pool;
#[cfg(feature = "bytes")]
mod shares;
mod spread;
mod stats;
mod sync;
#[cfg(all(block_tsan, feature = "std"))]
#[doc(hidden)]
pub mod told;
#[cfg(feature = "std")]
mod vectored;
#[cfg(feature = "wait")]
pub mod wait;

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(block_counting)]
#[doc(hidden)]
pub mod counting;
// Public for the models alone, those of this crate and of the backends.
#[cfg(any(block_loom, block_shuttle))]
#[doc(hidden)]
pub mod models;

pub use alloc::BlockAlloc;
#[cfg(any(feature = "allocator-api2", feature = "allocator-api2-04"))]
pub use allocator::PoolAllocator;
#[cfg(all(any(feature = "allocator-api2", feature = "allocator-api2-04"), feature = "alloc"))]
pub use allocator::SharedPoolAllocator;
#[cfg(feature = "allocator-api2")]
pub use allocator_api2;
#[cfg(feature = "allocator-api2-04")]
pub use allocator_api2_04;
pub use block::Block;
pub use error::{AllocError, BuildError, FreeError, MemoryPurpose, RegionError};
pub use ext::BlockAllocExt;
#[cfg(all(feature = "std", unix))]
pub use fixed::{FixedBlock, FixedBuffers, FixedBuffersError};
pub use layout::{BlockIndex, BlockLayout, LayoutError};
pub use memory::StaticMemory;
pub use options::{HugePages, RegionOptions};
pub use os::limits::ResourceLimit;
pub use region::Region;
#[cfg(feature = "alloc")]
pub use shared_pool::{Lease, Leased, SharedPool};
pub use stable_deref_trait::StableDeref;
pub use stats::Stats;
#[cfg(all(feature = "std", feature = "bytes"))]
pub use vectored::read_vectored;
#[cfg(feature = "std")]
pub use vectored::{io_slices, io_slices_mut};

pub(crate) use memory::ZeroedMemory;
pub(crate) use memory::footprint::Footprint;
pub(crate) use memory::side_table::{SideTable, ZeroIsValid};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(all(doctest, feature = "conformance"))]
#[doc = include_str!("../docs/writing-a-backend.md")]
mod writing_a_backend {}
