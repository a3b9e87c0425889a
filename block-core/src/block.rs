//! The handle that safe code holds: a block that gives itself back.
//!
//! The type is the proof that the block is held exactly once (invariant 1), so taking one and
//! dropping it needs no mark in the ledger: the safe path is also the shortest one.
//!
//! # Which smart pointers will do
//!
//! Those that deref to the same pool each time: `&A`, `Box<A>`, `Rc<A>`, `Arc<A>`, or a type around
//! the pool itself. (A pool that moves takes its region along, by the contract of [`BlockAlloc`].)
//!
//! Of a `P` in safe code that answers differently, no block lands in a pool that it does not belong
//! to: the handle carries the block's address and length itself, and asks the pool that it is given
//! whether the address lies in its region, and regions that are alive do not overlap. If not, it
//! panics, and the block stays held. (A region within a block of another pool, which takes unsafe code
//! to make, is not covered.)
//!
//! All this rests on the pool outliving the handle. The compiler sees to it only while a reference
//! from `deref` is in use; beyond that it follows from what safe code can do with `P`: the handle
//! keeps it, lends it out shared and never mutably, and a pool that was reached through a shared
//! `P` is not destroyed while `P` is only shared or moved. A `P` with unsafe code of its own that
//! destroys what it once gave out at such a time is not covered.

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use crate::{AllocError, BlockAlloc, FreeError};

/// One block, held exclusively, given back when dropped.
///
/// `P` points to the pool: `&A`, `&dyn BlockAlloc`, `Arc<A>`, `&'static A`. The handle derefs to
/// the block's bytes, which are always initialised: zero at first, later what the last holder
/// left.
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
#[must_use = "a block that is dropped at once goes straight back to its pool"]
pub struct Block<P: Deref<Target: BlockAlloc>> {
    bytes: NonNull<[u8]>,
    pool: P,
    /// A handle owns its bytes like a `Box<[u8]>`.
    _owned: PhantomData<[u8]>,
}

// SAFETY: the bytes are the handle's alone (invariant 1) and plain memory; what else moves is `P`.
unsafe impl<P: Deref<Target: BlockAlloc> + Send> Send for Block<P> {}
// SAFETY: shared access reads the bytes only; what else is shared is `P`.
unsafe impl<P: Deref<Target: BlockAlloc> + Sync> Sync for Block<P> {}

impl<P: Deref<Target: BlockAlloc>> Block<P> {
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
        // One deref, so that block and length are of one pool whatever `P` does.
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
    /// # Panics
    ///
    /// If `P` derefs to another pool than the one that the block came from.
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
        let Ok(index) = region.locate(block) else {
            // The handle goes first: its drop would panic too, and two panics at once abort.
            drop(self.into_pool());
            other_pool()
        };
        seeded!(region.ledger().mark(index), "into-raw-forgets-the-mark" => ());
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
    /// If this succeeds, the block is not used afterwards through any copy of the pointer.
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
        if !seeded!(region.ledger().take(index), "from-raw-believes-the-caller" => true) {
            return Err(FreeError::NotAllocated);
        }
        // The region's own pointer: the caller's may be an equal address without the right to it.
        let len = region.layout().block_size();
        let bytes = NonNull::slice_from_raw_parts(region.block(index), len);
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
    ///     let bytes: &mut [u8] = pool.alloc().unwrap().into_slice();
    ///     bytes[0] = 1;
    ///     // SAFETY: the slice is not used again.
    ///     unsafe { pool.free_raw(NonNull::from(bytes).cast()) }
    /// }
    /// ```
    #[must_use = "the block stays held until the slice's pointer is freed"]
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn into_slice(self) -> &'a mut [u8] {
        let mut bytes = self.bytes;
        let _marked = self.into_raw();
        // SAFETY: the block stays held, by this slice alone (invariant 1), for as long as the
        // pool, which `'a` does not outlive; its bytes are initialised (invariant 6).
        unsafe { bytes.as_mut() }
    }
}

impl<P: Deref<Target: BlockAlloc>> Drop for Block<P> {
    #[inline]
    fn drop(&mut self) {
        let block = self.bytes.cast();
        let pool = &*self.pool;
        if !seeded!(pool.region().contains(block), "drop-into-any-pool" => true) {
            other_pool();
        }
        // SAFETY: the address lies in the region of `pool`, so `pool` is the one that handed it
        // out (see the module's text); the handle held it alone, without a mark, until now.
        unsafe { pool.release(block) };
    }
}

/// The block stays held; to go on would corrupt another pool.
#[cold]
fn other_pool() -> ! {
    panic!("the handle's pointer derefs to another pool than the one that the block came from")
}

impl<P: Deref<Target: BlockAlloc>> Deref for Block<P> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: the handle is the only holder (invariant 1) of `block_size` valid (invariant 4)
        // and initialised (invariant 6) bytes.
        unsafe { self.bytes.as_ref() }
    }
}

impl<P: Deref<Target: BlockAlloc>> DerefMut for Block<P> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: the bytes are valid (invariant 4), initialised (6), and held by this handle alone
        // (1), which is borrowed mutably.
        unsafe { self.bytes.as_mut() }
    }
}

impl<P: Deref<Target: BlockAlloc>> AsRef<[u8]> for Block<P> {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl<P: Deref<Target: BlockAlloc>> AsMut<[u8]> for Block<P> {
    #[inline]
    fn as_mut(&mut self) -> &mut [u8] {
        self
    }
}

impl<P: Deref<Target: BlockAlloc>> fmt::Debug for Block<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("address", &self.bytes.cast::<u8>())
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
