//! The calls of every pool for safe code, which return handles.

use crate::{AllocError, Block, BlockAlloc, bulk};

/// The calls of every pool for safe code, including `dyn BlockAlloc`.
///
/// # Examples
///
/// One block is allocated and freed:
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::BlockAllocExt;
///
/// let pool = Pool::new(1500, 8);
/// let mut block = pool.alloc()?;
/// block[..5].copy_from_slice(b"hello");
/// pool.free(block); // or let it go out of scope
/// # Ok::<(), block_core::AllocError>(())
/// ```
///
/// The handles borrow the pool, as `&A`. If the pool is borrowed for `'static`, they can be sent to
/// other threads.
pub trait BlockAllocExt: BlockAlloc {
    /// Allocates a block as a handle that frees it when dropped.
    ///
    /// # Errors
    ///
    /// Returns [`AllocError::Exhausted`] if every block was allocated at some instant during the
    /// call.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::{AllocError, BlockAlloc, BlockAllocExt};
    ///
    /// let pool = Pool::new(1500, 1);
    /// let any: &dyn BlockAlloc = &pool;
    /// let block = any.alloc()?;
    /// assert_eq!(block.len(), 1500);
    /// assert_eq!(any.alloc().unwrap_err(), AllocError::Exhausted);
    /// # Ok::<(), AllocError>(())
    /// ```
    #[inline]
    fn alloc(&self) -> Result<Block<&Self>, AllocError> {
        Block::alloc_in(self)
    }

    /// Frees a block, to the pool that it came from: the same as dropping it.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::{BlockAlloc, BlockAllocExt};
    ///
    /// let pool = Pool::new(1500, 1);
    /// pool.free(pool.alloc()?);
    /// assert_eq!(pool.available(), 1);
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    fn free(&self, block: Block<&Self>) {
        drop(block);
    }

    /// Allocates a block for each entry, or none, in one transfer and without the heap. Handles
    /// that are in the entries are dropped first. Costs as much as
    /// [`acquire_bulk`](BlockAlloc::acquire_bulk) plus a few stores per block.
    ///
    /// # Errors
    ///
    /// Returns [`AllocError::Exhausted`] if too few blocks were free; every entry is `None` then.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::{AllocError, BlockAlloc, BlockAllocExt};
    ///
    /// let pool = Pool::new(1500, 40);
    /// let mut burst = [const { None }; 32];
    /// pool.alloc_bulk(&mut burst)?;
    /// for block in burst.iter_mut().flatten() {
    ///     block[0] = 1;
    /// }
    /// let first = burst[0].take(); // goes another way
    /// assert_eq!(pool.alloc_bulk(&mut [const { None }; 9]), Err(AllocError::Exhausted));
    ///
    /// pool.free_bulk(&mut burst); // the other 31
    /// assert_eq!((pool.available(), burst.iter().flatten().count()), (39, 0));
    /// # Ok::<(), AllocError>(())
    /// ```
    fn alloc_bulk<'a>(&'a self, blocks: &mut [Option<Block<&'a Self>>]) -> Result<(), AllocError> {
        bulk::alloc(self, || self, blocks)
    }

    /// Gives all the blocks back in one transfer, and leaves `None` in every entry. Entries that
    /// are `None` are passed over; a block of another pool goes back to that one.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::{BlockAlloc, BlockAllocExt};
    ///
    /// let pool = Pool::new(1500, 2);
    /// let mut sent = [pool.alloc().ok(), None, pool.alloc().ok()];
    /// pool.free_bulk(&mut sent);
    /// assert_eq!(pool.available(), 2);
    /// ```
    fn free_bulk<'a>(&'a self, blocks: &mut [Option<Block<&'a Self>>]) {
        bulk::free(self, blocks);
    }

    /// Allocates `N` blocks, all or none, in one transfer and without the heap.
    ///
    /// The array is returned by value and lies on the stack: 24 bytes per block on 64-bit targets.
    /// A build without optimization copies it on the way, so leave room for five times its size. If
    /// that is too much, use [`alloc_bulk`](Self::alloc_bulk) with a `Vec` of entries.
    ///
    /// # Errors
    ///
    /// [`AllocError::Exhausted`]: fewer than `N` were free.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::BlockAllocExt;
    ///
    /// let pool = Pool::new(1500, 2);
    /// let [mut header, mut body] = pool.alloc_array()?;
    /// (header[0], body[0]) = (1, 2);
    /// assert!(pool.alloc_array::<2>().is_err(), "both are held");
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    fn alloc_array<const N: usize>(&self) -> Result<[Block<&Self>; N], AllocError> {
        bulk::alloc_array(self, || self)
    }
}

impl<A: BlockAlloc + ?Sized> BlockAllocExt for A {}
