//! What handles of a block share a pool by.

use alloc_crate::sync::Arc;
use stable_deref_trait::StableDeref;

use crate::BlockAlloc;
use crate::shares::Word;

mod sealed {
    pub trait Sealed {}
}

/// Pointers to a pool that the handles of a block share: `&A` and `Arc<A>`, of pools of known type and
/// of `dyn BlockAlloc`.
///
/// A block that was taken with an `Arc` counts once in it, however many handles it has: to clone one
/// touches the block's own count, and not the pool's, where all threads would meet.
///
/// Sealed: that handles copy the pointer's bits and drop it once is right for these two.
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
    /// Tells the two apart, in a block's word.
    #[doc(hidden)]
    const MARK: usize;
}

impl<A: BlockAlloc + ?Sized> sealed::Sealed for &A {}
impl<A: BlockAlloc + ?Sized> PoolRef for &A {
    const MARK: usize = 0;
}

impl<A: BlockAlloc + ?Sized> sealed::Sealed for Arc<A> {}
impl<A: BlockAlloc + ?Sized> PoolRef for Arc<A> {
    const MARK: usize = Word::MARK;
}
