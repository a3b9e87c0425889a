//! The allocator with shared ownership, for containers that outlive every scope.

use core::alloc::Layout;
use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;

use alloc_crate::sync::Arc;

use crate::{BlockAlloc, PoolAllocator};

/// A [`PoolAllocator`] that its containers own together: it is dropped with the last of them.
///
/// A clone is the same pool. A container with a clone borrows nothing, so it can be returned,
/// stored and sent to another thread. Each clone counts a reference, in an atomic that all threads
/// share: for the shortest path prefer `&PoolAllocator`, `&'static` where the pool is never
/// dropped.
///
/// # Examples
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); }
/// # let backend = example::Pool::new(256, 4);
/// use allocator_api2::vec::Vec;
/// use block_core::{PoolAllocator, SharedPoolAllocator};
///
/// let pool = SharedPoolAllocator::from(PoolAllocator::new(backend)); // 4 blocks
/// let mut message = Vec::with_capacity_in(5, pool.clone());
/// message.extend(*b"hello");
/// let length = std::thread::spawn(move || message.len()).join().unwrap();
/// assert_eq!((length, pool.available()), (5, 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Any backend at run time:
///
/// ```
/// # use block_core::{BlockAlloc, PoolAllocator, SharedPoolAllocator};
/// use std::sync::Arc;
///
/// fn any<A: BlockAlloc + 'static>(backend: A) -> SharedPoolAllocator<dyn BlockAlloc> {
///     let pool: Arc<PoolAllocator<dyn BlockAlloc>> = Arc::new(PoolAllocator::new(backend));
///     pool.into()
/// }
/// ```
pub struct SharedPoolAllocator<A: ?Sized>(Arc<PoolAllocator<A>>);

/// Implements the trait of one version of the crate.
macro_rules! implement {
    ($api:ident) => {
        const _: () = {
            use $api::alloc::{AllocError, Allocator};

            // SAFETY: every call is that of the one pool, which lives, and does not move, until the
            // last clone is dropped.
            unsafe impl<A: BlockAlloc + ?Sized> Allocator for SharedPoolAllocator<A> {
                #[inline]
                fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
                    self.0.allocate(layout)
                }

                #[inline]
                unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
                    // SAFETY: by this function's contract.
                    unsafe { self.0.deallocate(ptr, layout) }
                }

                #[inline]
                unsafe fn grow(
                    &self,
                    ptr: NonNull<u8>,
                    old_layout: Layout,
                    new_layout: Layout,
                ) -> Result<NonNull<[u8]>, AllocError> {
                    // SAFETY: by this function's contract.
                    unsafe { self.0.grow(ptr, old_layout, new_layout) }
                }

                #[inline]
                unsafe fn grow_zeroed(
                    &self,
                    ptr: NonNull<u8>,
                    old_layout: Layout,
                    new_layout: Layout,
                ) -> Result<NonNull<[u8]>, AllocError> {
                    // SAFETY: by this function's contract.
                    unsafe { self.0.grow_zeroed(ptr, old_layout, new_layout) }
                }

                #[inline]
                unsafe fn shrink(
                    &self,
                    ptr: NonNull<u8>,
                    old_layout: Layout,
                    new_layout: Layout,
                ) -> Result<NonNull<[u8]>, AllocError> {
                    // SAFETY: by this function's contract.
                    unsafe { self.0.shrink(ptr, old_layout, new_layout) }
                }
            }
        };
    };
}

#[cfg(feature = "allocator-api2")]
implement!(allocator_api2);
#[cfg(feature = "allocator-api2-04")]
implement!(allocator_api2_04);

impl<A: BlockAlloc> From<PoolAllocator<A>> for SharedPoolAllocator<A> {
    fn from(pool: PoolAllocator<A>) -> Self {
        Self(Arc::new(pool))
    }
}

impl<A: BlockAlloc + ?Sized> From<Arc<PoolAllocator<A>>> for SharedPoolAllocator<A> {
    fn from(pool: Arc<PoolAllocator<A>>) -> Self {
        Self(pool)
    }
}

impl<A: ?Sized> Clone for SharedPoolAllocator<A> {
    #[inline]
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: ?Sized> Deref for SharedPoolAllocator<A> {
    type Target = PoolAllocator<A>;

    #[inline]
    fn deref(&self) -> &PoolAllocator<A> {
        &self.0
    }
}

const _: () = {
    const fn crosses_threads<T: Send + Sync>() {}
    crosses_threads::<SharedPoolAllocator<dyn BlockAlloc>>();
};

impl<A: BlockAlloc + ?Sized> fmt::Debug for SharedPoolAllocator<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedPoolAllocator").field(&&**self).finish()
    }
}
