//! `Block`, the owning handle of one block.
//!
//! The type is the proof that the block has one holder (invariant 1). Allocating a handle and
//! dropping it therefore needs no mark in the ledger, and no check of the address: the safe path
//! is also the shortest one.
//!
//! # Why a block returns to the pool that it came from
//!
//! A pool pointer `P` is [`StableDeref`]: while a `P` is alive, and is neither dropped nor borrowed
//! mutably, every `deref` returns the same pool, and that pool is alive. A handle never lends its
//! `P` mutably. So the pool that `drop` reaches is the one that `alloc_in` allocated from, and the
//! region of that pool, which by the contract of [`BlockAlloc`] stays the same, still owns the block.
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

/// One block, held exclusively, given back when dropped.
///
/// `P` points to the pool: `&A`, `&dyn BlockAlloc`, `Arc<A>`, `&'static A`. The handle derefs to
/// the block's bytes, which are always initialised: zero at first, later what the last holder
/// left.
///
/// The bound [`StableDeref`] means that the pointer derefs to the same pool for as long as it lives.
/// The references, boxes, reference-counted pointers and lock guards of the standard library are
/// `StableDeref`. For your own pointer type, implement that unsafe trait.
///
/// A handle is `Send` if `P` is, and `Sync` if `P` is. Forgetting it (`mem::forget`) leaves the
/// block held; nothing worse.
///
/// # Examples
///
/// ```
/// # use block_core::{AllocError, Block, BlockAlloc};
/// use std::sync::Arc;
///
/// // An owning handle outlives the scope that made it, and may move to another thread.
/// fn request<A: BlockAlloc + 'static>(pool: &Arc<A>) -> Result<Block<Arc<A>>, AllocError> {
///     let mut block = Block::alloc_in(Arc::clone(pool))?;
///     block[0] = 1;
///     Ok(block)
/// }
/// ```
///
/// What must not compile does not. Using a block after its pool is gone:
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
/// Using it after it was given back:
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
/// A slice of it after it was given back:
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
/// Moving one whose pool pointer may not leave its thread:
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
/// A pool pointer that is not `StableDeref`. This one could deref to another pool later:
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

// SAFETY: the bytes are the handle's alone (invariant 1) and plain memory; what else moves is `P`.
unsafe impl<P: StableDeref<Target: BlockAlloc> + Send> Send for Block<P> {}
// SAFETY: shared access reads the bytes only; what else is shared is `P`.
unsafe impl<P: StableDeref<Target: BlockAlloc> + Sync> Sync for Block<P> {}

impl<P: StableDeref<Target: BlockAlloc>> Block<P> {
    /// Takes a block of the pool behind `pool`.
    ///
    /// # Errors
    ///
    /// [`AllocError::Exhausted`] if every block was held at some instant during the call.
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

    /// Gives up the handle and keeps the block, which is now out raw: it goes back by
    /// [`BlockAlloc::free_raw`], or into a handle again by [`Block::from_raw`].
    ///
    /// Drops `P`; where that is the last owner of the pool, the pointer dies with it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{Block, BlockAlloc, BlockAllocExt};
    /// fn through_c<A: BlockAlloc>(pool: &A) {
    ///     let pointer = pool.alloc().unwrap().into_raw();
    ///     // ... a callback gets it back as a bare pointer ...
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

    /// Gives up the handle and keeps the block.
    #[inline]
    fn into_pool(self) -> P {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is never dropped nor used again, so `pool` is moved out once.
        unsafe { core::ptr::read(&raw const this.pool) }
    }

    /// Makes a handle out of a raw block again.
    ///
    /// # Errors
    ///
    /// As [`BlockAlloc::free_raw`]: the pointer must be that of a block of this pool that is out
    /// raw. On an error nothing has changed.
    ///
    /// # Safety
    ///
    /// If this succeeds:
    ///
    /// - The caller was the holder of the block, and the block is not used afterwards through any copy
    ///   of the pointer. Only the address of `block` counts: any pointer to the start of the block
    ///   will do.
    /// - Every byte of the block is initialised, as it was when it was allocated: the handle derefs to
    ///   all of them. This holds for every region, also for one that zeroes on release. See
    ///   [typed data](BlockAlloc#typed-data).
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{Block, BlockAlloc, FreeError};
    /// fn twice_is_an_error(pool: &dyn BlockAlloc) {
    ///     let pointer = pool.alloc_raw().unwrap();
    ///     // SAFETY: the bytes are used through the handle alone.
    ///     let block = unsafe { Block::from_raw(pointer, pool) }.unwrap();
    ///     // SAFETY: this must fail, and changes nothing.
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
        // The region's own pointer: the caller's may reach less far than the block.
        let len = region.layout().block_size();
        let bytes = NonNull::slice_from_raw_parts(region.own(block), len);
        Ok(Self::holding(bytes, pool))
    }

    /// Gives up the handle and keeps the block, without a mark.
    #[inline]
    pub(crate) fn into_parts(self) -> (NonNull<[u8]>, P) {
        (self.bytes, self.into_pool())
    }

    /// The handle of a block.
    ///
    /// # Safety
    ///
    /// The caller holds the block, one of `pool`'s with all its bytes, without a mark, and gives it up.
    #[inline]
    pub(crate) unsafe fn from_parts(bytes: NonNull<[u8]>, pool: P) -> Self {
        Self::holding(bytes, pool)
    }

    /// The pointer to the pool that this block came from.
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
    /// Gives up the handle for a slice that lives as long as the pool is borrowed. The block stays
    /// held; it goes back by [`BlockAlloc::free_raw`] with the slice's pointer.
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
        // SAFETY: the block stays held, by this slice alone (invariant 1), for as long as the
        // pool, which `'a` does not outlive; its bytes are initialised (invariant 6).
        unsafe { bytes.as_mut() }
    }
}

impl<P: StableDeref<Target: BlockAlloc>> Drop for Block<P> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the pool is the one that handed out the block (see the module's text). Until now
        // this handle was the only holder of the block, which has no mark.
        unsafe { self.pool.release(self.bytes.cast()) };
    }
}

impl<P: StableDeref<Target: BlockAlloc>> Deref for Block<P> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: the handle is the only holder (invariant 1) of `block_size` valid (invariant 4)
        // and initialised (invariant 6) bytes.
        unsafe { self.bytes.as_ref() }
    }
}

impl<P: StableDeref<Target: BlockAlloc>> DerefMut for Block<P> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: the bytes are valid (invariant 4), initialised (6), and held by this handle alone
        // (1), which is borrowed mutably.
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
