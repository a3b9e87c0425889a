//! What these pools hold against whom, what they find, and what they do not.
//!
//! The attacker in mind sends requests: it chooses their sizes, contents, number and timing, and sees the
//! answers. It can use a pool up, and no more than that pool: peers of different trust get pools of their
//! own. It cannot make safe code reach beyond a block, get a block twice or overflow a size. Where *unsafe*
//! code lets it write to a free block or past a block's end, there is no list to forge: what says which
//! blocks are free lies [elsewhere](#what-an-overrun-reaches). Nothing here stops other code of the same
//! process, which may write anywhere, or who may read its memory; nor side channels: calls take longer at
//! an empty magazine or a contended line, refusals tell how full a pool is, and which block comes next
//! follows from the calls before. Blocks keep their last holder's bytes,
//! [unless asked](#what-stays-in-memory).
//!
//! Numbered invariants are those of [`block_core`](block_core#invariants) and of [this crate](crate#invariants).
//! All of it holds for `block-mutex`, too, except where it is named.
//!
//! # What safe code can rely on
//!
//! - **A handle's bytes are its own** (1), inside the region (4) and initialised (6). It cannot outlive its
//!   pool, nor its slices the handle: that does not compile, see [`Block`](block_core::Block). Slices are
//!   checked as everywhere in Rust.
//! - **Sizes from outside are safe to pass on.** Every product that a region will need is checked when its
//!   [`BlockLayout`](block_core::BlockLayout) is made, and refused with an error. What is granted is
//!   address space: memory comes as blocks are first used, and where the system has none left then it
//!   ends the process. So bound a capacity that comes from outside.
//! - **Exhaustion is an error**, and comes only when every block was held ([`exactness`](crate::exactness)).
//! - **Forgotten handles** stay held, handles that a panic drops go back.
//! - **A handle returns its block to the pool that it came from.** A pool pointer derefs to the same pool
//!   for as long as it lives: it must be [`StableDeref`](block_core::StableDeref), which takes unsafe code
//!   to implement.
//!
//! Safe code may *read what the last holder left*, in a [`Block`](block_core::Block) and in the spare room
//! of a buffer. Send no more of a block than you have written.
//!
//! # What unsafe callers must hold
//!
//! | call | is checked | the caller's part |
//! |---|---|---|
//! | [`free_raw`](block_core::BlockAlloc::free_raw), [`free_bulk_raw`](block_core::BlockAlloc::free_bulk_raw), [`Block::from_raw`](block_core::Block::from_raw) | that it is a block of this pool and out raw (5) | the caller holds the block; once the call succeeds nobody uses any copy of the pointer. So it is not stale. Every byte of the block is [initialised](block_core::BlockAlloc#typed-data) |
//! | [`release`](block_core::BlockAlloc::release), [`release_bulk`](block_core::BlockAlloc::release_bulk) | nothing | the pointer is this pool's, held by the caller, without a mark (not from a `_raw` call), given up once, not used again. Every byte of the block is [initialised](block_core::BlockAlloc#typed-data) |
//! | [`from_static`](crate::LockFreeAlloc::from_static), [`in_static`](crate::LockFreeAlloc::in_static) | size, alignment | the memory is the pool's alone for ever, and not shared with another process. [`static_pool!`](crate::static_pool) needs no promise |
//! | a device or the kernel reads or writes a block (`FixedBuffers`) | that the bytes are one block's | the handle lives until the completion was seen |
//! | `unsafe impl BlockAlloc` | by the suite `block_core::conformance` | the contract of [`BlockAlloc`](block_core::BlockAlloc#safety) |
//! | `unsafe impl StableDeref` for a pool pointer | nothing | the contract of [`StableDeref`](block_core::StableDeref): `deref` returns the same pool each time, also after a move, and that pool is alive for as long as the pointer |
//!
//! # Which mistakes are found
//!
//! "Always" is in release builds, with nothing switched on. The [hardening options](#hardening-options) find
//! more, in any build.
//!
//! | mistake | always | with an option | debug builds | under a sanitizer | never |
//! |---|---|---|---|---|---|
//! | raw free of a foreign or interior pointer, one before or past the region | `Foreign`, `NotBlockStart` | | | | |
//! | double free: at once, later, by two threads at once, twice in one list | `NotAllocated` | | | | |
//! | raw free of what a handle, a buffer or `acquire` holds | `NotAllocated` | | | | |
//! | stale free while the block is free, or has a holder of those kinds | `NotAllocated` | | | | |
//! | **stale free when the block is out raw again** | | | | address: the new holder's next touch | by the call: it succeeds |
//! | `from_raw` twice, two handles of one raw pointer | `NotAllocated` | | | | if it went out raw in between |
//! | wrong pool: a raw pointer | `Foreign` | | | | |
//! | wrong pool: a handle | goes back to its own | | | | |
//! | wrong `release`: no block of this pool | | | a panic when it comes to the stack | | in release builds, and while it is in a magazine |
//! | wrong `release`: twice, a stale one, or of a block with a mark | | | | | it has two holders from then on, or a stale mark |
//! | use after free, by a handle or its slice | does not compile | | | | |
//! | write after free, by a raw pointer | | `verify_on_acquire`: when the block is handed out again | | address: while the block is free; thread: beside a holder on another thread | once it is held again, by one thread |
//! | read after free, by a raw pointer | | `zero_on_release`: it reads zeros | | the same | the same |
//! | overrun of a slice | a panic | | | | |
//! | overrun of a raw pointer into padding | | `with_guard`: when the block is given back | | address | otherwise: harmless |
//! | … into the next block | | `with_guard`, if it goes through the padding; `verify_on_acquire`: if that is free | | address: while that is free | while that is held |
//! | … beyond the last block, or before the first | the process ends: in a mapping, beyond the last block's page | | | address: on the heap, beyond what aligns the region | otherwise: see [below](#what-an-overrun-reaches) |
//! | last holder's bytes read | not a mistake | `zero_on_release`: they are zeros | | | |
//! | raw block never freed | counts in `stats().in_use` | | a report when the pool is dropped, with the call that took it unless the region is in the caller's memory (with `std`, and not in a panic) | | in a static, which is never dropped |
//! | forgotten handle | counts in `stats().in_use` | | | | |
//! | raw pointer used when its pool is gone | | | that report, before it | address: regions on the heap | a mapping: it faults until the address is used anew |
//! | sizes that overflow | `LayoutError` | | | | |
//! | no memory behind a block | | `prefault`, `lock_in_memory`: at construction | | | the system ends the process |
//! | a handler's early `Exhausted` | | | | | looks like any other |
//! | mix-up by a tag that came round | | | | | [see below](#how-long-the-tag-lasts) |
//!
//! "Address" is AddressSanitizer in a build with `--cfg block_asan`, "thread" ThreadSanitizer; what is left
//! out even then stands [there](block_core#under-a-sanitizer). `.ci/sanitizers` runs both. Every refusal
//! has its tests, on the page `block_core::evidence`.
//!
//! # Hardening options
//!
//! One line each turns them on, for one pool, at run time; off, which they are by default, a pool has no
//! byte for them behind a block. No instruction either: a pool of this crate chooses its way when it is
//! built (`magazines/hardened.rs`), and the test for it is one that is there anyway. A refill of a magazine,
//! a build without `std` and the mutex have a branch each.
//!
//! | option | what it does | what it finds |
//! |---|---|---|
//! | [`RegionOptions::zero_on_release(true)`](block_core::RegionOptions::zero_on_release) | zeros over a block that is given back | nothing: bytes do not stay |
//! | [`RegionOptions::verify_on_acquire(true)`](block_core::RegionOptions::verify_on_acquire) | and looks at all of them when it is handed out | a write to a free block |
//! | [`BlockLayout::with_guard(bytes)`](block_core::BlockLayout::with_guard) | a pattern behind each block, written when it is handed out, looked at when it is given back | a write beyond its end; one in front of the next block |
//!
//! What is found ends the process: a panic, which hooks and logs see as any other, and an abort before
//! anything unwinds. There is no error to handle: memory is corrupt already, and nobody knows how much of it.
//!
//! ```text
//! block-core: overrun: block 1 of 4, offset 100
//!     found 0x00 at 0x7f2a5c9d40e4, expected 0x6b;
//!     1 of the 28 bytes guarded behind the block's 100 are wrong. It is given back just now.
//!     Look for what wrote beyond its end while it was out, or in front of the next block.
//!     If all of them are zero, the backend may lack a call of `Region::on_acquire`.
//! ```
//!
//! - They find mistakes, and stop no attacker: the pattern follows from the block's address, and who can read
//!   it can write it again. Of random wrong bytes one in 256 is by chance the right one; a zero never is.
//! - A write is found when the block changes hands next, by a call that has nothing to do with it.
//! - To look is as async-signal-safe as the call is. To report is not: a handler that finds something may
//!   wait for a lock that its thread holds, and ends the process later than it should.
//! - What a block takes of the padding up to its alignment is guarded, however wide: with large alignments
//!   that is much to write.
//! - A block's first loan reads it before anybody writes: a page fault more for each page that is new.
//!
//! What they cost: 10 to 18 ns for a block taken and given back on one thread, whichever it is, and for each KiB
//! of the block some 7 ns if it is zeroed, 15 if it is looked at as well (README, "Measured";
//! `cargo run --release -p bench-harness --example hardening`).
//!
//! # What an overrun reaches
//!
//! Links, marks of raw blocks, counts of buffers and magazines lie in tables beside the blocks, never in or
//! between them (`block-core/src/table.rs`, `block-lockfree/src/links.rs`). Within the region an overrun
//! hits padding, up to the stride, and then the next blocks: their holders' bytes, or those of free blocks. A
//! write to a free block is found by its next holder, among zeros too (and with `verify_on_acquire` by the
//! pool); but no list goes through it, so it never makes a later `alloc` return a chosen address.
//!
//! **The blocks of a mapping lie between guard pages** on unix: pages that nobody can access. An overrun that
//! leaves the region ends the process there, by `SIGSEGV`. It is stopped where it runs on from byte to byte;
//! an offset that nobody checked may jump over a guard, and reach what the table says of a mapping without.
//! Guards cost nothing by the call. Tables have none: no caller holds an address in them. What lies around the
//! region:
//!
//! | region | tables | behind the last block | before the first |
//! |---|---|---|---|
//! | [`Region::map`](block_core::Region::map), the default | on the heap below 16 KiB each, unless prefaulted or locked; otherwise mappings of their own | the rest of the last block's page, which is nobody's; then the guard | at once the guard |
//! | the same with [explicit huge pages](block_core::HugePages::Explicit), where a guard would be a huge page, too; or on Windows | the same | the rest of a page; then whatever mapping is next, on Linux often one made earlier: **another pool's blocks, links or magazines** | at once another mapping, on Linux often one made later: this pool's own tables |
//! | [`Region::heap`](block_core::Region::heap) | the same | the heap: other allocations, the allocator's own words | the same |
//! | [`Region::from_static`](block_core::Region::from_static) | counts and marks behind the blocks, links and magazines as above | **its own counts and marks** | what is before the caller's memory |
//! | [`from_static`](crate::LockFreeAlloc::from_static), [`in_static`](crate::LockFreeAlloc::in_static), [`static_pool!`](crate::static_pool) | all of them behind the blocks | **its own counts, marks, then links** | the same |
//!
//! What a table that was written over does: a wrong link loses blocks, gives one out twice or ends in a
//! panic, but names none outside the region: numbers are checked where they become addresses
//! ([`Region::block`](block_core::Region::block)). A wrong mark lets a double free pass, or refuses a right
//! one. A wrong count gives a buffer's block back early. Magazines hold addresses, which are not checked:
//! one written there is given out as a block. [`with_magazine(0)`](crate::LockFreeAlloc::with_magazine) has
//! none.
//!
//! # How long the tag lasts
//!
//! The stack's word has an index of `ceil(log2(capacity + 1))` bits and a tag of all others (invariant 7;
//! `block-lockfree/src/head.rs` has the steps of a mix-up). The tag counts blocks popped off the stack, so
//!
//! ```text
//! window = 2^(64 - ceil(log2(capacity + 1))) popped blocks
//!        = that / (blocks popped off the stack a second) seconds
//! ```
//!
//! | capacity | tag bits | 10^6 pops a second | 10^7 | 10^8 | 10^9 |
//! |---|---|---|---|---|---|
//! | 64 | 57 | 4570 years | 457 years | 45.7 years | 4.57 years |
//! | 1000 | 54 | 571 years | 57.1 years | 5.71 years | 208 days |
//! | 65536 | 47 | 4.46 years | 163 days | 16.3 days | 1.63 days |
//! | 1000000 | 44 | 204 days | 20.4 days | 2.04 days | 4.89 hours |
//! | 10000000 | 40 | 12.7 days | 1.27 days | 3.05 hours | 18.3 minutes |
//! | 1000000000 | 34 | 4.77 hours | 28.6 minutes | 2.86 minutes | 17.2 s |
//! | 4294967296 | 31 | 35.8 minutes | 3.58 minutes | 21.5 s | 2.15 s |
//! | 8589934592 | 30 | 17.9 minutes | 1.79 minutes | 10.7 s | 1.07 s |
//!
//! Which column: every call pops without magazines, and a pair takes some 14 ns there, so 10^8 is more than
//! single calls reach on one core; bulk calls come to 2.4 x 10^8 blocks (README, "Measured"). With magazines
//! what counts is blocks *refilled from the stack*: a batch is one compare-and-swap, but moves the tag by all
//! its blocks, up to 31. What a thread takes out of its magazine or the depot moves nothing, so a program
//! that takes and gives back in turns pops next to nothing. Between a reclaim and the 1,024th block after it,
//! every call pops.
//!
//! A mix-up needs all of this at once, in `Stack::pop` and its bulk kin alone:
//!
//! 1. a thread is stopped between its load of the head and its compare-and-swap;
//! 2. when it goes on a multiple of the window has been popped, to the block: of stops that last a window
//!    or more, about one in 2^(tag bits);
//! 3. the same block is on top then;
//! 4. another block lies below it than did at first.
//!
//! Then blocks are lost, or one that is held is given out again, and nothing says so. Who sends requests
//! can neither stop a thread there nor count to the block. Who can (a debugger, a freezer of processes)
//! has the process anyway. `block-mutex` has no tag.
//!
//! # Signal handlers
//!
//! `acquire`, `release`, their bulk and `_raw` forms, handles over `&A`, and the check of a free are
//! async-signal-safe on any pool of this crate, in the middle of any call that they interrupt. Why: nothing
//! is allocated in them, and the stack changes in one step. A handler that finds its thread's magazine in
//! use (`active`, `slot.rs`) goes to the stack, and does not reclaim. The one lock, the reclaimers', knows
//! whether its own thread is at it, and tells a handler so instead of letting it wait for itself
//! (`lock.rs`). A handler that must wait for another thread waits for a few instructions of that one, and
//! gives up if it is waited for in turn (`patience.rs`). To wait is `sched_yield` and sleeping, to reclaim
//! `membarrier`: POSIX lists none of them as safe; on Linux each is a bare system call.
//!
//! - The handler's call may be the first that its thread makes on any pool. It claims a number, and sets the
//!   value of a `pthread_key_create`d key. That allocates no memory with musl and bionic, nor with glibc
//!   for the first 32 keys of a process. If a program with glibc has created 32 keys before it builds its
//!   first pool, its pools have no magazines: they work on the stack, and `Debug` prints `magazine: 0`.
//!   So build one pool early. On other systems, and where the crate lies in a library that is loaded at
//!   run time, let each thread make a call outside a handler first.
//! - It may be told `Exhausted` while other magazines have blocks (invariant 8). It may change `errno`.
//! - `available()` and `stats()` in a handler that interrupted a call are right within the blocks that this
//!   call was moving. `Display` and `Debug` add formatting, which does not allocate: where the text goes is what matters.
//!
//! | not in a handler | why |
//! |---|---|
//! | building a pool, `with_magazine`, dropping one (also by the last `Arc`, or by the last owner or block of a `SharedPool`) | heap, mappings, `pthread_atfork`, a `Once`; debug builds print |
//! | `block_core::wait::Waiting`, all of it | a lock, and wakers; see its page |
//! | `Bytes::from` of a buffer | one allocation. Buffers themselves only count, atomically |
//! | containers over `PoolAllocator` | growing is safe in itself (in place or refused), but `Vec::push` ends the program when refused, and a container that was interrupted is half changed |
//! | whatever panics, such as a slice out of range | panics allocate and print |
//! | any call, where `portable-atomic` has a lock for 64 bits | [what to do](crate::static_pools#interrupt-handlers) |
//! | any call on `block-mutex` | it would wait for the lock that its own thread holds |
//!
//! # Forks
//!
//! A child of `fork()` may use a pool of this crate, whatever the parent's other threads were doing: the same
//! calls as a handler. It finds each block once, and reaches exhaustion. A fork is noted by a hook set
//! with `pthread_atfork`, which only writes static words (`thread/fork.rs`). On Linux and Android a hook of
//! the program may run before it and use a pool: the system clears a page in the child, and a call that is
//! about to wait looks there first. On other systems register such a hook after the first pool was built.
//! Threads that stayed in the parent count as ended: their slots as inactive, a lock that they hold as
//! free. Whatever moves is first taken out and then put, so a copy made in the middle may lack it and
//! never has it twice ([`exactness`](crate::exactness#after-a-fork)).
//!
//! - **Missing in the child**: blocks that other threads held, for ever, and those they were moving, at most
//!   a magazine and a batch for each. Numbers of such threads are free again in the child.
//! - **Pinned pages** (buffers that are registered with io_uring, memory that a device works on) are copied at
//!   the fork while other threads go on to write to them: what the child finds in their blocks, and in tables
//!   that lie on the same pages, may be half of one state and half of another. Use no such pool in a child that
//!   was forked beside threads inside calls, or register after the fork.
//! - **Copied into the child**: every byte of every block. Locked memory is not locked there (`mlock(2)`).
//! - `_Fork` and a bare `clone` do not run the hook: use no pool between them and `exec`. A handler that runs
//!   in a child of `vfork` may use one. Memory that
//!   parent and child both write (`MAP_SHARED`) must not be a pool's.
//! - `Waiting` and `block-mutex` are not fork-safe: the lock may be held by a thread that the child lacks.
//!
//! # Threads that end inside a call
//!
//! A thread may end in the middle of a call: it is cancelled (`pthread_cancel`), or a handler that
//! interrupted it calls `pthread_exit`. (Rust allows neither to unwind frames that have destructors.) No
//! other thread waits for it once the destructors of its keys have run: a slot or lock names its user, and
//! counts as free when that user has ended (`thread.rs`). At most the blocks that the call was moving are
//! lost, a magazine and a batch, and none is given out twice.
//!
//! - A thread without a number (more than 2,048 others lived) that ends while it reclaims is not told from one
//!   that is at work: later reclaims wait for it.
//! - A thread that leaves a handler by `longjmp` lives on, so its slot stays in use. Its own calls on the
//!   pool work on the stack from then on. A call of another thread that finds the pool exhausted waits for
//!   it until it ends. So do not jump out of a handler that may have interrupted a call on a pool with
//!   magazines.
//! - On Windows, threads that `ExitProcess` ends run no destructors. A destructor that runs after that and
//!   exhausts a pool may wait for ever.
//! - `available()` and `stats()` wait for no thread.
//!
//! # What stays in memory
//!
//! | where bytes remain | what helps |
//! |---|---|
//! | in a free block, for its next holder | [`zero_on_release`](block_core::RegionOptions::zero_on_release): whatever way it goes back, all `block_size` bytes; not the padding or guard, which no handle reaches |
//! | in blocks that are held when the pool is dropped (raw, forgotten) | the holder's zeros. A mapping is cleared by the system before others get it, memory of the heap by nobody |
//! | in swap | [`lock_in_memory`](block_core::RegionOptions::lock_in_memory), for blocks and tables. Not in a hibernated machine's image, nor in a child of a fork |
//! | in core dumps, for debuggers | the program's or system's setting; regions are dumped as any memory is |
//!
//! # Examples
//!
//! Every wrong free is refused, but the one that looks like a right one; and bytes do not stay:
//!
//! ```
//! use block_core::{Block, BlockAlloc, BlockAllocExt, BlockLayout, FreeError, Region};
//! use block_lockfree::LockFreeAlloc;
//! use std::ptr::NonNull;
//!
//! let layout = BlockLayout::new(100, 4)?;
//! let pool = LockFreeAlloc::from_region(Region::options().zero_on_release(true).map(layout)?)?;
//! let other = LockFreeAlloc::new(100, 4)?;
//! let handle = pool.alloc()?;
//! let raw = pool.alloc_raw()?;
//!
//! // SAFETY: what is refused changes nothing; after each success the block is used no more by then.
//! unsafe {
//!     raw.write_bytes(7, 100);
//!     assert_eq!(pool.free_raw(raw.add(1)), Err(FreeError::NotBlockStart));
//!     assert_eq!(other.free_raw(raw), Err(FreeError::Foreign));
//!     let held = NonNull::from(&handle[0]);
//!     assert_eq!(pool.free_raw(held), Err(FreeError::NotAllocated));
//!
//!     assert_eq!(pool.free_raw(raw), Ok(()));
//!     assert_eq!(pool.free_raw(raw), Err(FreeError::NotAllocated));
//!     assert!(Block::from_raw(raw, &pool).is_err());
//!
//!     // The same block again, without its last holder's bytes; a stale free is refused still.
//!     let next = pool.alloc()?;
//!     assert_eq!((next.as_ptr(), &next[..]), (raw.as_ptr().cast_const(), &[0; 100][..]));
//!     assert_eq!(pool.free_raw(raw), Err(FreeError::NotAllocated));
//!
//!     // But not once it is out raw: nothing tells the old pointer from the new one.
//!     let again = next.into_raw();
//!     assert_eq!((again, pool.free_raw(raw)), (raw, Ok(())));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
