//! The shared parts of pools of equal-sized memory blocks: the memory layout, the conversion
//! between block indices and addresses, the marks of raw blocks, the trait of every backend, and
//! the handles for safe code.
//!
//! | subject | items |
//! |---|---|
//! | the layout of the memory | [`BlockLayout`], [`LayoutError`] |
//! | the memory, and the addresses of its blocks | [`Region`], [`RegionOptions`], [`BlockIndex`] |
//! | the trait of a backend | [`BlockAlloc`] |
//! | handles for safe code, one or several at a time | [`BlockAllocExt`], [`Block`] |
//! | the statistics of a pool | [`Stats`] |
//! | pools in statics, without a heap and an operating system | [`StaticMemory`] |
//! | items for authors of backends | [`backend`] |
#![cfg_attr(
    feature = "bytes",
    doc = "| buffers that are written, frozen, shared and sliced | [`buffer`] |"
)]
#![cfg_attr(
    any(feature = "allocator-api2", feature = "allocator-api2-04"),
    doc = "| an allocator for boxes, vectors and maps | [`PoolAllocator`] |"
)]
#![cfg_attr(
    all(feature = "std", unix),
    doc = "| a region as registered buffers of io_uring | [`FixedBuffers`], [`FixedBlock`] |"
)]
#![cfg_attr(
    feature = "std",
    doc = "| vectored reads and writes over several blocks | [`io_slices`], [`io_slices_mut`] |"
)]
#![cfg_attr(feature = "wait", doc = "| waiting for a block, in threads and in tasks | [`wait`] |")]
//! | optional checks for mistakes with pointers | [`RegionOptions::verify_on_acquire`], [`BlockLayout::with_guard`] |
//! | the test suite for backends | `conformance`, with the feature of that name |
//! | how to write a backend | [`docs/writing-a-backend.md`][writing-a-backend] |
//! | how the promises are verified | [`docs/evidence.md`][evidence] |
//!
//! [writing-a-backend]: https://docs.rs/crate/block-core/latest/source/docs/writing-a-backend.md
//! [evidence]: https://docs.rs/crate/block-core/latest/source/docs/evidence.md
//!
//! This crate has no free list. The backends have: `block-lockfree` for speed, `block-mutex` as the
//! reference. In the examples `Pool` is any backend, for instance
//! `use block_lockfree::LockFreeAlloc as Pool`, created with `Pool::new(block_size, capacity)?`.
//!
//! # Choosing a handle
//!
//! | you need | use |
//! |---|---|
//! | one owner at a time | [`Block`]: bytes of fixed length, without further cost |
//! | bytes that are filled, then read by several owners, in parts | `buffer::BlockBuf` and `BlockBytes` (feature `bytes`): a reference count per block |
//! | boxes, vectors or maps | `PoolAllocator` (feature `allocator-api2`), which owns its pool |
//! | a pointer for other code | [`BlockAlloc::alloc_raw`]: checked when it is freed |
//!
//! A pool pointer is [`StableDeref`], which means that it derefs to the same pool for as long as it
//! lives.
//!
//! | pool pointer | goes to another thread | costs |
//! |---|---|---|
//! | `&A` | within a scope | nothing |
//! | `&'static A` | yes | nothing; the pool is never freed |
//! | `Lease<A>`, from a `SharedPool<A>` | yes | nothing per block |
//! | `Arc<A>` | yes | two atomic operations per block, on a count that all threads share |
//!
//! # Invariants
//!
//! Every backend keeps these; SAFETY comments and tests cite them by number.
//!
//! 1. **Exclusive.** A block is in exactly one place: on a free list, in one cache, or allocated to
//!    one user.
//! 2. **Conserved.** Free blocks + cached blocks + allocated blocks = capacity, always. The block
//!    of a forgotten handle counts as allocated.
//! 3. **Exact exhaustion.** An allocation fails only if at some instant during the call every
//!    block was allocated.
//! 4. **Bounded and aligned.** Every returned pointer is inside the region, a multiple of the
//!    stride from its base, aligned, and valid for `block_size` bytes.
//! 5. **Checked free.** [`BlockAlloc::free_raw`] of a pointer that is not that of a raw block
//!    returns an error and changes nothing. A stale free after the block was allocated raw again
//!    cannot be detected.
//! 6. **Initialised.** The bytes of a block are always initialised: zero at first, later the bytes
//!    of the last user, or zero with [`RegionOptions::zero_on_release`]. Those of a
//!    [guard](BlockLayout::with_guard) have the guard's pattern when the block is allocated.
//!
//! Backends may have further invariants from number 7 on, as `block-lockfree` has. The page
//! `block-lockfree/docs/security.md` lists which mistakes are detected.
//!
//! # Under a sanitizer
//!
//! To a sanitizer, a region is one piece of memory. In a program that is built with `--cfg
//! block_asan` the pools report allocated blocks to AddressSanitizer: an access to a free block, or
//! to a byte behind an allocated block, ends the program with a report (`use-after-poison`).
//!
//! ```console
//! RUSTFLAGS="-Zsanitizer=address -Cunsafe-allow-abi-mismatch=sanitizer --cfg block_asan" \
//!     cargo +nightly test --target x86_64-unknown-linux-gnu
//! ```
//!
//! - Blocks end exactly at [`BlockLayout::block_size`], not at the stride. If the two are equal,
//!   the bytes behind a block belong to the next one, and an overrun is detected while that block
//!   is free.
//! - Blocks beyond the first 16 MiB of a region, and all blocks of a pool that is created at
//!   compile time, are poisoned from their first free on.
//! - If the address of the first block or the stride is not a multiple of eight, neighbours share a
//!   byte of the sanitizer's own memory. Such regions are not poisoned. Neither are regions with a
//!   stride above 1 MiB, nor those of other backends.
//!
//! With `-Zsanitizer=thread` and `--cfg block_tsan` the mutexes of `block-mutex` and of `wait` are
//! reported to ThreadSanitizer, since the standard library is not compiled for it. The stack, the
//! magazines and buffers need no such reports.
//!
//! # Under Miri
//!
//! Tests that use pools run under Miri without changes. A region is on the heap there, without
//! guard pages, and options that need a mapping (locked memory, prefault, huge pages) are errors.
//! Pools of `block-lockfree` use a fence instead of `membarrier`, and up to 128 threads have
//! magazines.
//!
//! # Features
//!
//! - `std` (default): anonymous mappings, prefault, locked memory, huge pages, registered buffers,
//!   vectored reads and writes.
//! - `alloc`: regions and tables on the heap, without `std`.
//! - `bytes`: reference-counted buffers that implement the traits of the crate `bytes`: the module
//!   `buffer`. Costs every region of the program one word per block, committed when blocks become
//!   buffers.
//! - `allocator-api2`: pools as allocators for containers that take an `Allocator` of version 0.2
//!   of that crate; needs neither `std` nor `alloc`. `allocator-api2-04` is the same for version
//!   0.4.
//! - `wait`: waiting for a block: the module `wait`; implies `std`.
//! - `conformance`: the test suite for backends.
//!
//! Without any of them a region works in memory that the caller supplies, see
//! [`Region::from_static`], or in a static, created at compile time, see [`StaticMemory`].

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// For builds in which another crate enables `allocator-api2/nightly`.
#![cfg_attr(all(block_nightly, feature = "allocator-api2"), feature(allocator_api))]
// The pages show the methods of slices as well, and how the standard library was built is no
// matter.
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
// Public only for the models of this crate and of the backends.
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
