//! For programs written against the crate `block_allocator` 0.2, which needs a nightly compiler of 2016
//! and builds on none of today's.
//!
//! # Before
//!
//! The crate itself cannot be compiled any more: `block_allocator` is a stand-in here, with the same
//! names and signatures, over a pool of this crate.
//!
//! ```
//! # mod block_allocator { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/block_allocator.rs")); }
//! use block_allocator::{AllocError, Allocator};
//!
//! struct Packet<'a> {
//!     bytes: &'a mut [u8],
//!     len: usize,
//! }
//!
//! fn receive<'a>(pool: &Allocator<'a>, input: &[u8]) -> Result<Packet<'a>, AllocError> {
//!     let bytes = pool.alloc()?;
//!     if input.len() > bytes.len() {
//!         pool.free(bytes)?; // forgotten, it would be lost for good
//!         return Err(AllocError::BadArgument("too long".to_string()));
//!     }
//!     bytes[..input.len()].copy_from_slice(input);
//!     Ok(Packet { bytes, len: input.len() })
//! }
//!
//! let pool = Allocator::new(256, 2)?;
//! let (one, two) = (receive(&pool, b"one")?, receive(&pool, b"two")?);
//! assert_eq!((&one.bytes[..one.len], &two.bytes[..two.len]), (&b"one"[..], &b"two"[..]));
//! assert!(receive(&pool, b"three").is_err(), "both blocks are held");
//! pool.free(one.bytes)?;
//! assert!(receive(&pool, &[0; 257]).is_err(), "longer than a block");
//! let three = receive(&pool, b"three")?;
//! assert_eq!(&three.bytes[..three.len], b"three");
//!
//! pool.free(two.bytes)?;
//! // SAFETY: held until it is freed, and not used afterwards.
//! unsafe {
//!     let raw: *mut u8 = pool.alloc_raw()?;
//!     raw.write(7);
//!     assert_eq!(raw.read(), 7);
//!     pool.free_raw(raw)?;
//! }
//! # Ok::<(), AllocError>(())
//! ```
//!
//! # After
//!
//! ```
//! use block_core::{Block, BlockAlloc, BlockAllocExt};
//! use block_lockfree::LockFreeAlloc;
//! use std::error::Error;
//! use std::ptr::NonNull;
//!
//! struct Packet<'a> {
//!     bytes: Block<&'a LockFreeAlloc>, // derefs to [u8]
//!     len: usize,
//! }
//!
//! fn receive<'a>(pool: &'a LockFreeAlloc, input: &[u8]) -> Result<Packet<'a>, Box<dyn Error>> {
//!     let mut bytes = pool.alloc()?;
//!     if input.len() > bytes.len() {
//!         return Err("too long".into()); // the block goes back by itself
//!     }
//!     bytes[..input.len()].copy_from_slice(input);
//!     Ok(Packet { bytes, len: input.len() })
//! }
//!
//! let pool = LockFreeAlloc::new(256, 2)?;
//! let (one, two) = (receive(&pool, b"one")?, receive(&pool, b"two")?);
//! assert_eq!((&one.bytes[..one.len], &two.bytes[..two.len]), (&b"one"[..], &b"two"[..]));
//! assert!(receive(&pool, b"three").is_err(), "both blocks are held");
//! pool.free(one.bytes); // or drop it
//! assert!(receive(&pool, &[0; 257]).is_err(), "longer than a block");
//! let three = receive(&pool, b"three")?;
//! assert_eq!(&three.bytes[..three.len], b"three");
//!
//! pool.free(two.bytes);
//! let raw: NonNull<u8> = pool.alloc_raw()?; // safe to call
//! // SAFETY: the block is this code's, and not used after it was freed.
//! unsafe {
//!     raw.write(7);
//!     assert_eq!(raw.read(), 7);
//!     pool.free_raw(raw)?;
//!     assert!(pool.free_raw(raw).is_err(), "freed twice: refused, and nothing has changed");
//! }
//! # Ok::<(), Box<dyn Error>>(())
//! ```
//!
//! # Call for call
//!
//! | `block_allocator` | here |
//! |---|---|
//! | `Allocator::new(256, 100)`: a power of two of at least 4, or a panic | [`LockFreeAlloc::new`]: any size from 1 byte on, or [`BuildError::Layout`] |
//! | `Allocator<'a>` | [`LockFreeAlloc`], without a lifetime |
//! | `alloc()`: `&'a mut [u8]` | [`alloc`](BlockAllocExt::alloc): [`Block<&LockFreeAlloc>`](Block) |
//! | the same in an `Arc<Allocator>` | [`Block::alloc_in(Arc::clone(&pool))`](Block::alloc_in): a handle that keeps the pool |
//! | `free(slice)?` | [`free(block)`](BlockAllocExt::free), or nothing: dropping it is enough |
//! | `unsafe alloc_raw()`: `*mut u8` | [`alloc_raw`](BlockAlloc::alloc_raw): [`NonNull<u8>`](core::ptr::NonNull), and safe |
//! | `unsafe free_raw(pointer)` | [`free_raw`](BlockAlloc::free_raw), still `unsafe`, but a wrong pointer is refused |
//! | `get_block_size()`: `u32` | [`block_size`](BlockAlloc::block_size): `usize`; also `capacity`, `available` |
//! | `AllocError::NoMemory` | [`AllocError::Exhausted`] |
//! | `AllocError::MemoryMapFail(String)` | [`BuildError::Region`], with bytes and error number |
//! | `AllocError::BadArgument(String)` | [`FreeError::Foreign`], [`Misaligned`](FreeError::NotBlockStart) or [`NotAllocated`](FreeError::NotAllocated) |
//!
//! # Where a plain slice must stay
//!
//! [`Block::leak`] is the old signature. Of a pool in a static the slice is `&'static mut`. It must
//! be given back by hand, as before, and by its pointer:
//!
//! ```
//! use block_core::{BlockAlloc, BlockAllocExt};
//! use std::ptr::NonNull;
//!
//! block_lockfree::static_pool! { static PACKETS: [[u8; 256]; 4]; }
//!
//! let packet: &'static mut [u8] = PACKETS.alloc()?.leak();
//! packet[0] = 7;
//! // SAFETY: the slice is not used again.
//! unsafe { PACKETS.free_raw(NonNull::from(packet).cast())? };
//! assert_eq!(PACKETS.available(), 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What bites
//!
//! - **Alignment.** The original's blocks were aligned to their size, up to a page, as it happened. Here
//!   `min(64, block_size.next_power_of_two())` is promised and no more: for direct file input and output,
//!   or a device, ask for more with [`BlockLayout::with_align`] and [`LockFreeAlloc::from_region`].
//! - **A handle gives its block back when it goes out of scope.** A pointer taken from one is no longer
//!   yours then: keep the handle, or take [`Block::into_raw`].
//! - **Handle and raw pointer do not mix.** `free_raw` of a live handle's address is refused
//!   (`NotAllocated`); a block leaves a handle by `into_raw` or `leak`, and enters one by
//!   [`Block::from_raw`].
//! - **A struct cannot hold a pool and handles that borrow it.** Use `Arc` or a static pool.
//! - **Sizes are rounded up to the alignment.** Blocks of 1,500 bytes lie 1,536 apart.
//! - **Each thread has a cache.** That costs half a KiB a thread. `with_magazine(0)` is what the original
//!   was: one compare-and-swap a call.
//!
//! # What is gone
//!
//! - A slice could outlive its memory: its lifetime was not tied to the allocator. This compiled,
//!
//!   ```
//!   # mod block_allocator { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/block_allocator.rs")); }
//!   # use block_allocator::Allocator;
//!   let pool = Allocator::new(256, 1)?;
//!   let slice = pool.alloc()?;
//!   drop(pool); // unmapped the memory
//!   slice[0] = 1; // (the stand-in's is still there)
//!   # Ok::<(), block_allocator::AllocError>(())
//!   ```
//!
//!   and this does not:
//!
//!   ```compile_fail,E0505
//!   # use block_core::BlockAllocExt;
//!   # use block_lockfree::LockFreeAlloc;
//!   let pool = LockFreeAlloc::new(256, 1)?;
//!   let mut block = pool.alloc()?;
//!   drop(pool);
//!   block[0] = 1;
//!   # Ok::<(), Box<dyn std::error::Error>>(())
//!   ```
//! - Nothing noticed a block that was freed twice: two holders had it then.
//! - The address one past the end passed the bounds test, and the free panicked behind it.
//! - Sizes were multiplied in 32 bits: an arena of 4 GiB refused right frees, and from 2^30 blocks on the
//!   table was too small. All arithmetic is in `usize` now, and checked.
//! - At most `u32::MAX - 1` blocks, on 64-bit machines only: neither holds.
//! - Construction wrote a table entry for each block. Now it takes the same time for any number.
//!
//! # Buffers for `iobuf`
//!
//! The blocks went to the crate `iobuf`, which no longer builds either, through its trait `Allocator`. Its
//! buffers are here in `block_core::buffer` (feature `bytes`), counted beside the blocks, without a heap.
//!
//! | `iobuf` | here |
//! |---|---|
//! | `AppendBuf`, `UniqueIobuf` | `BlockBuf`: one writer; up to the block's size instead of 2 GB |
//! | `AROIobuf`, `AppendBuf::atomic_slice_from_begin` | `BlockBytes`, `BlockBuf::freeze_to` |
//! | `unique()` | `BlockBytes::try_into_mut` |
//! | `RWIobuf` clones, all of which write the same bytes | none: a byte is written by one holder, or read by many |
//! | `iobuf::Allocator` for buffers | none needed: `BlockBuf::alloc_in(pool)` |
//! | the same for other containers | `PoolAllocator` (feature `allocator-api2`) |
//!
//! `PoolAllocator` refuses what a block cannot hold, which code between the two crates had to see to:
//!
//! ```
//! use allocator_api2::vec::Vec;
//! use block_core::PoolAllocator;
//! use block_core::buffer::BlockBuf;
//! use block_lockfree::LockFreeAlloc;
//!
//! let pool = LockFreeAlloc::new(256, 4)?;
//! let mut buffer = BlockBuf::alloc_in(&pool)?;
//! buffer.extend_from_slice(b"head body");
//! let (head, body) = (buffer.freeze_to(5), buffer.freeze());
//! assert_eq!((&head[..], &body[..]), (&b"head "[..], &b"body"[..]));
//!
//! let values = PoolAllocator::new(LockFreeAlloc::new(256, 4)?); // a pool of its own
//! let mut samples: Vec<u32, _> = Vec::new_in(&values);
//! assert!(samples.try_reserve_exact(64).is_ok() && samples.try_reserve_exact(65).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(doc)]
use crate::LockFreeAlloc;
#[cfg(doc)]
use block_core::{
    AllocError, Block, BlockAlloc, BlockAllocExt, BlockLayout, BuildError, FreeError,
};
