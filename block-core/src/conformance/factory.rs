//! Where the suite gets its pools from.

use core::fmt;
use core::ops::Deref;

use crate::{BlockAlloc, Region};

/// A function that makes the pools that the suite tests.
///
/// The suite frees blocks that it does not hold, and expects the pool to refuse each of these frees. If
/// another part of the program held such a block, the pool would have to accept the free, and the block
/// would get a second holder. So nothing else may use the pools, which is a promise that the compiler
/// cannot check.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::BlockAlloc;
/// use block_core::conformance::{Factory, conserved};
///
/// // SAFETY: the closure keeps no part of the pool.
/// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
/// conserved(&pools);
///
/// // SAFETY: as above.
/// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region)) as Box<dyn BlockAlloc>) };
/// conserved(&pools);
/// ```
///
/// Safe code cannot run the suite on a pool that something else uses:
///
/// ```compile_fail,E0308
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::conformance::conserved;
///
/// conserved(&|region| Box::new(Pool::over(region)));
/// ```
#[derive(Clone, Copy)]
pub struct Factory<F>(F);

impl<F> Factory<F> {
    /// Creates a factory from a function that takes a region and returns a pointer to a pool over it,
    /// such as `Box<A>`, `Arc<A>` or `Box<dyn BlockAlloc>`.
    ///
    /// # Safety
    ///
    /// Each pool is new: none of its blocks was allocated. Until the suite drops the pointer to the pool,
    /// nothing else allocates from the pool, frees to it, or holds a block of it.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use std::sync::Arc;
    ///
    /// use block_core::conformance::{Factory, initialised};
    ///
    /// // SAFETY: nothing else has the `Arc`.
    /// initialised(&unsafe { Factory::new(|region| Arc::new(Pool::over(region))) });
    /// ```
    #[must_use]
    pub const unsafe fn new<P>(make: F) -> Self
    where
        F: Fn(Region) -> P,
        P: Deref<Target: BlockAlloc> + Send + Sync,
    {
        Self(make)
    }

    /// A pool over this region.
    pub(super) fn make<P>(&self, region: Region) -> P
    where
        F: Fn(Region) -> P,
    {
        (self.0)(region)
    }
}

impl<F> fmt::Debug for Factory<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Factory").finish_non_exhaustive()
    }
}
