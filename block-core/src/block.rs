//! `Block`, the owning handle of one block.
//!
//! The type proves that the block has one owner (invariant 1). So allocating a handle and dropping
//! it needs neither a mark nor a check of the address: the safe path is also the fastest one.
//!
//! # Why a block returns to the pool that it came from
//!
//! A pool pointer `P` is [`StableDeref`]: while a `P` is alive, and is neither dropped nor borrowed
//! mutably, every `deref` returns the same pool, and that pool is alive. A handle never borrows its
//! `P` mutably. So the pool that `drop` reaches is the one that `alloc_in` allocated from, and the
//! region of that pool, which by the contract of [`BlockAlloc`] stays the same, still owns the
//! block.
//!
//! Safe code cannot implement `StableDeref`. An implementation that breaks its contract breaks
//! invariant 1.

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use stable_deref_trait::StableDeref;

use crate::{AllocError, BlockAlloc, FreeError};

/// The exclusive owner of one block. Frees it when dropped.
///
/// `P` is a pointer to the pool: `&A`, `&dyn BlockAlloc`, `Arc<A>`, `&'static A`. The handle derefs
/// to the block's bytes, which are always initialised: zero at first, later the bytes of the last
/// user.
///
/// The bound [`StableDeref`] means that the pointer derefs to the same pool for as long as it
/// lives. The references, boxes, reference-counted pointers and lock guards of the standard library
/// are `StableDeref`. For your own pointer type, implement that unsafe trait.
///
/// A handle is `Send` if `P` is, and `Sync` if `P` is. If it is forgotten (`mem::forget`), the
/// block stays allocated.
///
/// # Examples
///
/// ```
/// # use block_core::{AllocError, Block, BlockAlloc};
/// use std::sync::Arc;
///
/// // An owning handle outlives the scope that created it, and can move to another thread.
/// fn request<A: BlockAlloc + 'static>(pool: &Arc<A>) -> Result<Block<Arc<A>>, AllocError> {
///     let mut block = Block::alloc_in(Arc::clone(pool))?;
///     block[0] = 1;
///     Ok(block)
/// }
/// ```
///
/// A block cannot be used after its pool is dropped:
///
/// ```compile_fail,E0505
/// # use block_core::{BlockAlloc, BlockAllocExt};
/// fn outlive<A: BlockAlloc>(pool: A) {
///     let block = pool.alloc().unwrap();
///     drop(pool);
///     assert_eq!(block[0], 0);
/// }
/// ```
///
/// It cannot be used after it was freed:
///
/// ```compile_fail,E0382
/// # use block_core::{BlockAlloc, BlockAllocExt};
/// fn reuse<A: BlockAlloc>(pool: &A) {
///     let mut block = pool.alloc().unwrap();
///     pool.free(block);
///     block[0] = 1;
/// }
/// ```
///
/// Neither can a slice of it:
///
/// ```compile_fail,E0505
/// # use block_core::{BlockAlloc, BlockAllocExt};
/// fn keep<A: BlockAlloc>(pool: &A) {
///     let mut block = pool.alloc().unwrap();
///     let bytes = &mut block[..];
///     pool.free(block);
///     bytes[0] = 1;
/// }
/// ```
///
/// It cannot move to another thread if its pool pointer cannot:
///
/// ```compile_fail,E0277
/// # use block_core::{Block, BlockAlloc};
/// use std::rc::Rc;
///
/// fn elsewhere<A: BlockAlloc + 'static>(pool: Rc<A>) {
///     let block = Block::alloc_in(pool).unwrap();
///     std::thread::spawn(move || drop(block));
/// }
/// ```
/// The pool pointer must be `StableDeref`. This one could deref to another pool later:
///
/// ```compile_fail,E0277
/// # use block_core::{Block, BlockAlloc};
/// # use std::{cell::Cell, ops::Deref};
/// struct Turning<'a, A>(Cell<&'a A>);
///
/// impl<A> Deref for Turning<'_, A> {
///     type Target = A;
///     fn deref(&self) -> &A {
///         self.0.get()
///     }
/// }
///
/// fn turn<A: BlockAlloc>(first: &A, second: &A) {
///     let block = Block::alloc_in(Turning(Cell::new(first))).unwrap();
///     block.pool().0.set(second);
/// }
/// ```
#[must_use = "a block that is dropped at once goes straight back to its pool"]
pub struct Block<P: StableDeref<Target: BlockAlloc>> {
    bytes: NonNull<[u8]>,
    pool: P,
    /// A handle owns its bytes like a `Box<[u8]>`.
    _owned: PhantomData<[u8]>,
}

// SAFETY: the handle owns the bytes (invariant 1), which are plain memory. The rest is `P`.
unsafe impl<P: StableDeref<Target: BlockAlloc> + Send> Send for Block<P> {}
// SAFETY: shared access only reads the bytes. The rest is `P`.
unsafe impl<P: StableDeref<Target: BlockAlloc> + Sync> Sync for Block<P> {}

impl<P: StableDeref<Target: BlockAlloc>> Block<P> {
    /// Allocates a block of the pool behind `pool`.
    ///
    /// # Errors
    ///
    /// Returns [`AllocError::Exhausted`] if every block was allocated at some instant during the
    /// call.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{AllocError, Block, BlockAlloc};
    /// fn twice(pool: &dyn BlockAlloc) -> Result<bool, AllocError> {
    ///     let (a, b) = (Block::alloc_in(pool)?, Block::alloc_in(pool)?);
    ///     Ok(a.as_ptr() != b.as_ptr())
    /// }
    /// ```
    #[inline]
    pub fn alloc_in(pool: P) -> Result<Self, AllocError> {
        let target = &*pool;
        let block = target.acquire().ok_or(AllocError::Exhausted)?;
        let len = target.region().layout().block_size();
        Ok(Self::holding(NonNull::slice_from_raw_parts(block, len), pool))
    }

    #[inline]
    fn holding(bytes: NonNull<[u8]>, pool: P) -> Self {
        Self { bytes, pool, _owned: PhantomData }
    }

    /// Turns the handle into a raw block: free it with [`BlockAlloc::free_raw`], or turn it into a
    /// handle again with [`Block::from_raw`].
    ///
    /// Drops `P`. If that was the last owner of the pool, the pointer becomes invalid with the
    /// pool.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{Block, BlockAlloc, BlockAllocExt};
    /// fn through_c<A: BlockAlloc>(pool: &A) {
    ///     let pointer = pool.alloc().unwrap().into_raw();
    ///     // ... a callback gets it as a pointer ...
    ///     // SAFETY: the pointer is not used any more.
    ///     let block = unsafe { Block::from_raw(pointer, pool) }.unwrap();
    ///     assert_eq!(block.as_ptr(), pointer.as_ptr());
    /// }
    /// ```
    #[must_use = "the block stays held until the pointer is freed"]
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn into_raw(self) -> NonNull<u8> {
        let block = self.bytes.cast();
        let region = self.pool.region();
        // SAFETY: a handle's block is a block of its pool's region (see the module's text).
        let index = unsafe { region.index_of(block) };
        region.ledger().mark(index);
        self.into_pool();
        block
    }

    /// Consumes the handle without freeing the block, and returns the pool pointer.
    #[inline]
    fn into_pool(self) -> P {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is never dropped or used again, so `pool` is moved out once.
        unsafe { core::ptr::read(&raw const this.pool) }
    }

    /// Turns a raw block into a handle.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`BlockAlloc::free_raw`] if the pointer is not that of a raw
    /// block of this pool, and changes nothing.
    ///
    /// # Safety
    ///
    /// If this succeeds:
    ///
    /// - The caller had the block, and the block is not used afterwards through any copy of the
    ///   pointer. Only the address of `block` matters: any pointer to the start of the block is
    ///   accepted.
    /// - Every byte of the block is initialised, as it was when it was allocated: the handle derefs
    ///   to all of them. This holds for every region, also for one that zeroes on release. See
    ///   [typed data](BlockAlloc#typed-data).
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{Block, BlockAlloc, FreeError};
    /// fn twice_is_an_error(pool: &dyn BlockAlloc) {
    ///     let pointer = pool.alloc_raw().unwrap();
    ///     // SAFETY: the bytes are only used through the handle.
    ///     let block = unsafe { Block::from_raw(pointer, pool) }.unwrap();
    ///     // SAFETY: this call fails and changes nothing.
    ///     let again = unsafe { Block::from_raw(pointer, pool) };
    ///     assert_eq!(again.unwrap_err(), FreeError::NotAllocated);
    /// }
    /// ```
    pub unsafe fn from_raw(block: NonNull<u8>, pool: P) -> Result<Self, FreeError> {
        let target = &*pool;
        let region = target.region();
        let index = region.locate(block)?;
        if !region.ledger().take(index) {
            return Err(FreeError::NotAllocated);
        }
        // The region's own pointer, since the caller's may have narrower provenance.
        let len = region.layout().block_size();
        let bytes = NonNull::slice_from_raw_parts(region.own(block), len);
        Ok(Self::holding(bytes, pool))
    }

    /// Consumes the handle without freeing or marking the block.
    #[inline]
    pub(crate) fn into_parts(self) -> (NonNull<[u8]>, P) {
        (self.bytes, self.into_pool())
    }

    /// Creates the handle of a block.
    ///
    /// # Safety
    ///
    /// The caller has the block, all bytes of one of `pool`'s, without a mark, and gives it up.
    #[inline]
    pub(crate) unsafe fn from_parts(bytes: NonNull<[u8]>, pool: P) -> Self {
        Self::holding(bytes, pool)
    }

    /// Returns the pointer to the pool that this block came from.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{Block, BlockAlloc, BlockAllocExt};
    /// fn neighbour<A: BlockAlloc>(block: &Block<&A>) -> usize {
    ///     block.pool().available()
    /// }
    /// ```
    #[inline]
    pub fn pool(&self) -> &P {
        &self.pool
    }
}

impl<'a, A: BlockAlloc + ?Sized> Block<&'a A> {
    /// Turns the handle into a slice that lives as long as the pool is borrowed. The block stays
    /// allocated; free it with [`BlockAlloc::free_raw`] and the pointer of the slice.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockAlloc, BlockAllocExt, FreeError};
    /// # use std::ptr::NonNull;
    /// fn as_the_original_did<A: BlockAlloc>(pool: &A) -> Result<(), FreeError> {
    ///     let bytes: &mut [u8] = pool.alloc().unwrap().leak();
    ///     bytes[0] = 1;
    ///     // SAFETY: the slice is not used again.
    ///     unsafe { pool.free_raw(NonNull::from(bytes).cast()) }
    /// }
    /// ```
    #[must_use = "the block stays held until the slice's pointer is freed"]
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn leak(self) -> &'a mut [u8] {
        let mut bytes = self.bytes;
        let _marked = self.into_raw();
        // SAFETY: the block stays allocated to this slice (invariant 1) for as long as the pool,
        // which `'a` does not outlive, and its bytes are initialised (invariant 6).
        unsafe { bytes.as_mut() }
    }
}

impl<P: StableDeref<Target: BlockAlloc>> Drop for Block<P> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the block is from this pool (see the module's text). Only this handle had the
        // block, which has no mark.
        unsafe { self.pool.release(self.bytes.cast()) };
    }
}

impl<P: StableDeref<Target: BlockAlloc>> Deref for Block<P> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: the handle owns (invariant 1) `block_size` valid (invariant 4) and initialised
        // (invariant 6) bytes.
        unsafe { self.bytes.as_ref() }
    }
}

impl<P: StableDeref<Target: BlockAlloc>> DerefMut for Block<P> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: the bytes are valid (invariant 4), initialised (6), and owned by this handle (1),
        // which is borrowed mutably.
        unsafe { self.bytes.as_mut() }
    }
}

impl<P: StableDeref<Target: BlockAlloc>> AsRef<[u8]> for Block<P> {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl<P: StableDeref<Target: BlockAlloc>> AsMut<[u8]> for Block<P> {
    #[inline]
    fn as_mut(&mut self) -> &mut [u8] {
        self
    }
}

impl<P: StableDeref<Target: BlockAlloc>> fmt::Debug for Block<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("address", &self.bytes.cast::<u8>())
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
