//! A pool with several owners, kept alive by the blocks that are allocated from it.
//!
//! ```text
//!  SharedPool ---+      +--------------------------+
//!  SharedPool ---+----> | pool A | owners (2 here) |      on the heap
//!  Block<Lease> -+      +--------------------------+
//! ```
//!
//! # Invariant
//!
//! The memory is freed exactly once, after the last owner is dropped and the last owned block is
//! freed, by whichever comes last.
//!
//! - A backend that [can retire](BlockAlloc::can_retire) tells which free was the last one. Its
//!   blocks are not counted while an owner exists, so a [`Lease`] is a bare pointer that is valid
//!   because its block is allocated.
//! - For any other backend each owned block counts as an owner, as with an `Arc`.
//!
//! What orders the owners is written in [`owners`], and what orders the frees of a retired pool in
//! its backend.

mod owners;

use core::fmt;
use core::ops::Deref;
use core::ptr::{self, NonNull};

use alloc_crate::boxed::Box;
use stable_deref_trait::StableDeref;

use self::owners::Owners;
use crate::backend::Retirable;
use crate::{AllocError, Block, BlockAlloc, FreeError, Region, Stats, bulk};

/// An owner of a pool, whose blocks own the pool too.
///
/// [`alloc_owned`](Self::alloc_owned) returns a block that can move to another thread, into a task
/// or into a channel, like a block of an `Arc<A>`. Unlike with an `Arc`, no reference is counted
/// per block, so owned blocks cost what borrowed ones cost, on any number of threads.
///
/// A clone is another owner of the same pool and counts one reference. The pool is freed after its
/// last owner is dropped and its last block is freed. A `SharedPool` derefs to the backend, so
/// every other call works on it as well.
///
/// # When the pool is not freed
///
/// The pool stays allocated, which is safe but leaks its memory:
///
/// - if a block was forgotten (`mem::forget`) or a raw block was never freed, through the
///   `SharedPool` or before it was created;
/// - if the last owner is dropped in a signal handler that interrupted a call on the pool.
///
/// Do not drop the last owner or free the last block in a signal handler: that frees the pool,
/// and freeing memory is not async-signal-safe.
///
/// # Backends
///
/// `LockFreeAlloc` and `MutexAlloc` need no count per block. For a backend that does not implement
/// [`BlockAlloc::retire`], and for `Waiting` and `Box<dyn BlockAlloc>`, each owned block counts a
/// reference, as with an `Arc`.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::{BlockAlloc, SharedPool};
///
/// let pool = SharedPool::new(Pool::new(1500, 64));
/// let mut request = pool.alloc_owned()?;
/// request[0] = 1;
///
/// // The block owns the pool: it may outlive the scope and move to another thread.
/// let handler = std::thread::spawn(move || request[0]);
/// assert_eq!(handler.join().unwrap(), 1);
/// assert_eq!(pool.available(), 64);
/// # Ok::<(), block_core::AllocError>(())
/// ```
pub struct SharedPool<A: BlockAlloc>(NonNull<Leased<A>>);

/// The pool pointer of an owned block.
///
/// One word. It has no constructor: it exists only in a [`Block`], or with the feature `bytes` in a
/// `BlockBuf` or `BlockBytes`, that was allocated from a [`SharedPool`].
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::{Block, Lease, SharedPool};
///
/// let pool = SharedPool::new(Pool::new(64, 4));
/// let block: Block<Lease<Pool>> = pool.alloc_owned()?;
/// assert_eq!(block.len(), 64);
/// # Ok::<(), block_core::AllocError>(())
/// ```
pub struct Lease<A: BlockAlloc>(NonNull<Leased<A>>);

/// The pool behind a [`Lease`]: derefs to the backend.
///
/// As a [`BlockAlloc`] it allocates from and frees to the same backend. A block that is freed
/// through it may be the last one of a pool without owners; then it frees the pool.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::{BlockAlloc, SharedPool};
///
/// let pool = SharedPool::new(Pool::new(64, 4));
/// let block = pool.alloc_owned()?;
/// assert_eq!(block.pool().available(), 3, "the pool of a block");
/// # Ok::<(), block_core::AllocError>(())
/// ```
// A thread may free it while another one returns from its last call, hence `Retirable` as a whole.
#[repr(transparent)]
pub struct Leased<A: BlockAlloc>(Retirable<Inner<A>>);

// The pool first, at the offsets that a borrowed pool has: with the count in front, bursts of owned
// blocks cost 1.2 to 1.3 times as much.
#[repr(C)]
struct Inner<A> {
    pool: A,
    owners: Separate<Owners>,
}

/// On cache lines of its own, since every call reads what is next to it.
#[repr(align(128))]
struct Separate<T>(T);

// SAFETY: a pool is shared by threads (`BlockAlloc` implies `Send + Sync`), and any thread may
// drop it.
unsafe impl<A: BlockAlloc> Send for SharedPool<A> {}
// SAFETY: as for `Send`.
unsafe impl<A: BlockAlloc> Sync for SharedPool<A> {}
// SAFETY: as for `Send`.
unsafe impl<A: BlockAlloc> Send for Lease<A> {}
// SAFETY: as for `Send`.
unsafe impl<A: BlockAlloc> Sync for Lease<A> {}

impl<A: BlockAlloc> SharedPool<A> {
    /// Creates the first owner of a pool.
    ///
    /// # Examples
    ///
    /// A backend that is chosen at run time:
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::{BlockAlloc, SharedPool};
    ///
    /// let backend: Box<dyn BlockAlloc> = Box::new(Pool::new(1500, 64));
    /// let pool = SharedPool::new(backend);
    /// assert_eq!(pool.alloc_owned()?.len(), 1500);
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[must_use]
    pub fn new(pool: A) -> Self {
        let inner = Inner { pool, owners: Separate(Owners::new()) };
        Self(NonNull::from(Box::leak(Box::new(Leased(Retirable::new(inner))))))
    }

    /// Allocates a block that owns the pool together with every `SharedPool`.
    ///
    /// # Errors
    ///
    /// [`AllocError::Exhausted`] if every block was allocated at some instant during the call.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::{AllocError, SharedPool};
    ///
    /// let pool = SharedPool::new(Pool::new(64, 1));
    /// let block = pool.alloc_owned()?;
    /// assert_eq!(pool.alloc_owned().unwrap_err(), AllocError::Exhausted);
    ///
    /// drop(pool);
    /// assert_eq!(block[..], [0; 64], "the block keeps the pool alive");
    /// # Ok::<(), AllocError>(())
    /// ```
    #[inline]
    pub fn alloc_owned(&self) -> Result<Block<Lease<A>>, AllocError> {
        Block::alloc_in(self.lease())
    }

    /// Allocates a block for every entry, or none.
    ///
    /// Blocks that are in the entries before the call are freed first.
    ///
    /// # Errors
    ///
    /// [`AllocError::Exhausted`] if fewer blocks than entries were free at some instant during the
    /// call. Every entry is `None` then.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::{BlockAlloc, SharedPool};
    ///
    /// let pool = SharedPool::new(Pool::new(64, 8));
    /// let mut blocks = [const { None }; 5];
    /// pool.alloc_owned_bulk(&mut blocks)?;
    /// assert_eq!(pool.available(), 3);
    /// pool.free_owned_bulk(&mut blocks);
    /// assert_eq!(pool.available(), 8);
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    pub fn alloc_owned_bulk(
        &self,
        blocks: &mut [Option<Block<Lease<A>>>],
    ) -> Result<(), AllocError> {
        bulk::alloc(self.leased(), || self.lease(), blocks)
    }

    /// Frees all the blocks and leaves `None` in every entry.
    ///
    /// A block of another pool is freed to the pool that it came from.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::{BlockAlloc, SharedPool};
    ///
    /// let pool = SharedPool::new(Pool::new(64, 8));
    /// let mut blocks = [Some(pool.alloc_owned()?), None];
    /// pool.free_owned_bulk(&mut blocks);
    /// assert_eq!((pool.available(), blocks.iter().flatten().count()), (8, 0));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    pub fn free_owned_bulk(&self, blocks: &mut [Option<Block<Lease<A>>>]) {
        bulk::free(self.leased(), blocks);
    }

    /// Returns the owned block of a pointer from [`Block::into_raw`].
    ///
    /// # Errors
    ///
    /// [`FreeError`], as [`BlockAlloc::free_raw`]; nothing has changed then.
    ///
    /// # Safety
    ///
    /// If this succeeds, `block` came from `into_raw` of an owned block of this pool or was derived
    /// from such a pointer, no copy of it is used afterwards, and every byte of the block is
    /// initialised.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::SharedPool;
    ///
    /// let pool = SharedPool::new(Pool::new(64, 8));
    /// let raw = pool.alloc_owned()?.into_raw(); // for example, to pass it to C
    /// // SAFETY: from `into_raw` just now, and not used afterwards.
    /// let block = unsafe { pool.from_raw(raw)? };
    /// assert_eq!(block.len(), 64);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(clippy::wrong_self_convention, reason = "named after `Block::from_raw`")]
    pub unsafe fn from_raw(&self, block: NonNull<u8>) -> Result<Block<Lease<A>>, FreeError> {
        // SAFETY: by this function's contract. A raw block keeps the reference that its handle had.
        unsafe { Block::from_raw(block, self.lease()) }
    }

    /// Returns the owned block of a borrowed one.
    #[cfg(feature = "wait")]
    #[inline]
    pub(crate) fn own(&self, block: Block<&A>) -> Block<Lease<A>> {
        let (bytes, _pool) = block.into_parts();
        if self.leased().counts_blocks() {
            self.leased().owners().add(1);
        }
        // SAFETY: the handle held this block of the pool, and gives it up. Its reference was just added,
        // if the pool counts them.
        unsafe { Block::from_parts(bytes, self.lease()) }
    }

    /// A lease for a block that is being allocated, or whose reference is there already.
    #[inline]
    pub(crate) fn lease(&self) -> Lease<A> {
        Lease(self.0)
    }

    #[inline]
    fn leased(&self) -> &Leased<A> {
        // SAFETY: this owner keeps it alive.
        unsafe { self.0.as_ref() }
    }
}

impl<A: BlockAlloc> Leased<A> {
    #[inline]
    fn pool(&self) -> &A {
        &self.0.pool
    }

    #[inline]
    fn counts_blocks(&self) -> bool {
        !self.pool().can_retire()
    }

    fn owners(&self) -> &Owners {
        &self.0.owners.0
    }

    /// Frees the pool.
    ///
    /// # Safety
    ///
    /// No owner and no owned block is left, and this is called once.
    #[cold]
    #[inline(never)]
    unsafe fn free(&self) {
        // SAFETY: allocated as a box by `SharedPool::new`, and by the contract nothing uses it any
        // more. The reference is to a cell as a whole, which may be written and freed through it.
        drop(unsafe { Box::from_raw(ptr::from_ref(self).cast_mut()) });
    }
}

impl<A: BlockAlloc> Clone for SharedPool<A> {
    fn clone(&self) -> Self {
        self.leased().owners().add(1);
        Self(self.0)
    }
}

impl<A: BlockAlloc> Drop for SharedPool<A> {
    fn drop(&mut self) {
        let leased = self.leased();
        let counts_blocks = leased.counts_blocks();
        if !leased.owners().remove(1) {
            return;
        }
        // SAFETY: the last owner, so this is called once, and each thread that is inside a call is
        // there through a block.
        if counts_blocks || unsafe { leased.pool().retire() } {
            // SAFETY: neither an owner nor an owned block is left.
            unsafe { leased.free() }
        }
    }
}

impl<A: BlockAlloc> Deref for SharedPool<A> {
    type Target = A;

    #[inline]
    fn deref(&self) -> &A {
        self.leased().pool()
    }
}

impl<A: BlockAlloc> Deref for Lease<A> {
    type Target = Leased<A>;

    #[inline]
    fn deref(&self) -> &Leased<A> {
        // SAFETY: the block that this lease belongs to keeps the pool alive, or the `SharedPool`
        // that allocates the block.
        unsafe { self.0.as_ref() }
    }
}

// SAFETY: the pool is on the heap and does not move when the lease does.
unsafe impl<A: BlockAlloc> StableDeref for Lease<A> {}

impl<A: BlockAlloc> Deref for Leased<A> {
    type Target = A;

    #[inline]
    fn deref(&self) -> &A {
        self.pool()
    }
}

// SAFETY: the backend's own blocks and answers. The raw calls are the backend's as well: a raw
// block has no reference of its own. The pool is freed by the one call that found it unused.
unsafe impl<A: BlockAlloc> BlockAlloc for Leased<A> {
    #[inline]
    fn region(&self) -> &Region {
        self.pool().region()
    }

    #[inline]
    fn acquire(&self) -> Option<NonNull<u8>> {
        let block = self.pool().acquire()?;
        if self.counts_blocks() {
            self.owners().add(1);
        }
        Some(block)
    }

    #[inline]
    unsafe fn release(&self, block: NonNull<u8>) {
        let is_last = if self.counts_blocks() {
            // SAFETY: by this function's contract.
            unsafe { self.pool().release(block) };
            self.owners().remove(1)
        } else {
            // SAFETY: by this function's contract.
            unsafe { self.pool().release_owned(block) }
        };
        if is_last {
            // SAFETY: the pool reported that this was its last block.
            unsafe { self.free() }
        }
    }

    fn available(&self) -> usize {
        self.pool().available()
    }

    fn stats(&self) -> Stats {
        self.pool().stats()
    }

    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        let is_done = self.pool().acquire_bulk(blocks);
        if is_done && self.counts_blocks() {
            self.owners().add(blocks.len());
        }
        is_done
    }

    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        if blocks.is_empty() {
            return;
        }
        let is_last = if self.counts_blocks() {
            let count = blocks.len();
            // SAFETY: by this function's contract.
            unsafe { self.pool().release_bulk(blocks) };
            self.owners().remove(count)
        } else {
            // SAFETY: by this function's contract.
            unsafe { self.pool().release_bulk_owned(blocks) }
        };
        if is_last {
            // SAFETY: the pool reported that these were its last blocks.
            unsafe { self.free() }
        }
    }

    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    fn alloc_raw(&self) -> Result<NonNull<u8>, AllocError> {
        self.pool().alloc_raw()
    }

    #[inline]
    unsafe fn free_raw(&self, block: NonNull<u8>) -> Result<(), FreeError> {
        // SAFETY: by this function's contract.
        unsafe { self.pool().free_raw(block) }
    }

    #[cfg_attr(debug_assertions, track_caller)]
    fn alloc_bulk_raw(&self, blocks: &mut [Option<NonNull<u8>>]) -> Result<(), AllocError> {
        self.pool().alloc_bulk_raw(blocks)
    }

    unsafe fn free_bulk_raw(&self, blocks: &mut [Option<NonNull<u8>>]) -> Result<(), FreeError> {
        // SAFETY: by this function's contract.
        unsafe { self.pool().free_bulk_raw(blocks) }
    }

    fn counts_owned_blocks(&self) -> bool {
        self.counts_blocks()
    }
}

/// The pool's [`Stats`] in one line.
impl<A: BlockAlloc> fmt::Display for SharedPool<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}

impl<A: BlockAlloc> fmt::Debug for SharedPool<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedPool")
            .field("region", self.region())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl<A: BlockAlloc> fmt::Debug for Leased<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leased").field("region", self.region()).finish_non_exhaustive()
    }
}

impl<A: BlockAlloc> fmt::Debug for Lease<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(&**self).finish()
    }
}

const _: () = {
    const fn is_shared_by_threads<T: Send + Sync>() {}
    const fn check<A: BlockAlloc>() {
        is_shared_by_threads::<SharedPool<A>>();
        is_shared_by_threads::<Block<Lease<A>>>();
    }
    check::<Box<dyn BlockAlloc>>();
};
