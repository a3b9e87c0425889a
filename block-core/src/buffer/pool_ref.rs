//! How the handles of a block refer to their pool.

use alloc_crate::sync::Arc;
use stable_deref_trait::StableDeref;

use crate::shares::Word;
use crate::{AllocError, Block, BlockAlloc, Lease, SharedPool};

mod sealed {
    pub trait Sealed {}
}

/// Pointers to a pool that the handles of a block share: `&A` and `Arc<A>`, for pools of known type
/// and `dyn BlockAlloc`, and `Lease<A>`, of buffers from a [`SharedPool`].
///
/// A block that was taken with an `Arc` counts once in it, however many handles it has: to clone
/// one touches the block's own count, and not the pool's, where all threads would meet.
///
/// Sealed: handles copy the pointer's bits and drop it once, which is right for these three.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::AllocError;
/// use block_core::buffer::{BlockBuf, BlockBytes, PoolRef};
/// use std::sync::Arc;
///
/// fn greeting<P: PoolRef>(pool: P) -> Result<BlockBytes<P>, AllocError> {
///     let mut buffer = BlockBuf::alloc_in(pool)?;
///     buffer.extend_from_slice(b"hello");
///     Ok(buffer.freeze())
/// }
///
/// let pool = Arc::new(Pool::new(1500, 8));
/// let (borrowed, owned) = (greeting(&*pool)?, greeting(Arc::clone(&pool))?);
/// let many = [(); 100].map(|()| owned.clone());
/// assert_eq!(Arc::strong_count(&pool), 2, "the pool, and one block");
/// assert!(many.iter().all(|bytes| *bytes == borrowed));
/// # Ok::<(), AllocError>(())
/// ```
pub trait PoolRef: StableDeref<Target: BlockAlloc> + Send + Sync + sealed::Sealed {
    /// Tells borrowing from owning pointers in a block's word.
    #[doc(hidden)]
    const MARK: usize;

    /// Returns whether a block that was allocated by way of another pointer of this kind may be
    /// freed by way of this one.
    #[doc(hidden)]
    fn may_join(&self) -> bool {
        // A lease's pool counts the blocks that were allocated by way of it, and no others.
        !self.counts_owned_blocks()
    }
}

impl<A: BlockAlloc + ?Sized> sealed::Sealed for &A {}
impl<A: BlockAlloc + ?Sized> PoolRef for &A {
    const MARK: usize = 0;
}

impl<A: BlockAlloc + ?Sized> sealed::Sealed for Arc<A> {}
impl<A: BlockAlloc + ?Sized> PoolRef for Arc<A> {
    const MARK: usize = Word::MARK;
}

impl<A: BlockAlloc> sealed::Sealed for Lease<A> {}
impl<A: BlockAlloc> PoolRef for Lease<A> {
    // A pool in an `Arc` is in no `SharedPool`, so the two need not be told apart.
    const MARK: usize = Word::MARK;

    fn may_join(&self) -> bool {
        true
    }
}

/// Pools that a buffer can be allocated from: a [`PoolRef`], or a [`SharedPool`].
///
/// Sealed, like [`PoolRef`].
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::SharedPool;
/// use block_core::buffer::{BlockBuf, BufferPool};
///
/// fn hello<S: BufferPool>(pool: S) -> Result<BlockBuf<S::Ref>, block_core::AllocError> {
///     let mut buffer = BlockBuf::alloc_in(pool)?;
///     buffer.extend_from_slice(b"hello");
///     Ok(buffer)
/// }
///
/// let (pool, shared) = (Pool::new(64, 1), SharedPool::new(Pool::new(64, 1)));
/// assert!(*hello(&pool)? == *hello(&shared)?);
/// # Ok::<(), block_core::AllocError>(())
/// ```
pub trait BufferPool: buffer_pool::Sealed {
    /// The pool pointer of the buffers.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::buffer::BufferPool;
    ///
    /// fn is_a_reference<'a>() -> bool
    /// where
    ///     &'a Pool: BufferPool<Ref = &'a Pool>,
    /// {
    ///     true
    /// }
    /// assert!(is_a_reference());
    /// ```
    type Ref: PoolRef;

    /// Allocates a block.
    #[doc(hidden)]
    fn alloc(self) -> Result<Block<Self::Ref>, AllocError>;
}

mod buffer_pool {
    pub trait Sealed {}
}

impl<P: PoolRef> buffer_pool::Sealed for P {}
impl<P: PoolRef> BufferPool for P {
    type Ref = P;

    #[inline]
    fn alloc(self) -> Result<Block<P>, AllocError> {
        Block::alloc_in(self)
    }
}

impl<A: BlockAlloc> buffer_pool::Sealed for &SharedPool<A> {}
impl<A: BlockAlloc> BufferPool for &SharedPool<A> {
    type Ref = Lease<A>;

    #[inline]
    fn alloc(self) -> Result<Block<Lease<A>>, AllocError> {
        self.alloc_owned()
    }
}
