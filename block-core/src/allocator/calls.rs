//! The trait `Allocator` for pools, once for each version of `allocator-api2`, which have the same
//! trait and contract.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::PoolAllocator;
use super::answer::{nothing, offered};
use crate::BlockAlloc;

impl<A: BlockAlloc + ?Sized> PoolAllocator<A> {
    /// Returns the allocation of `layout` in this block.
    #[inline]
    fn answer(&self, block: NonNull<u8>, layout: Layout) -> NonNull<[u8]> {
        NonNull::slice_from_raw_parts(block, offered(self.block_size(), layout.size()))
    }

    /// Returns the allocation of `layout` in the same block, if it fits.
    #[inline]
    fn in_place(&self, block: NonNull<u8>, layout: Layout) -> Option<NonNull<[u8]>> {
        self.fits(layout).then(|| self.answer(self.0.region().own(block), layout))
    }
}

/// Implements the trait of one version of the crate.
macro_rules! implement {
    ($api:ident) => {
        const _: () = {
            use $api::alloc::{AllocError, Allocator};

            // SAFETY: an answer is `nothing` if and only if no bytes were asked for, and then its
            // length is 0; a block's answer is longer. So what fits an allocation has no bytes if
            // and only if it is no block, and every method can tell by the layout alone. Blocks are
            // valid for `block_size` bytes (invariant 4), each with one container (invariant 1),
            // until the pool is dropped, wherever it moves. `allocate_zeroed` is the trait's own:
            // it writes zeros over all that `allocate` answers.
            unsafe impl<A: BlockAlloc + ?Sized> Allocator for PoolAllocator<A> {
                #[inline]
                fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
                    if layout.size() == 0 {
                        return Ok(nothing(layout));
                    }
                    if !self.fits(layout) {
                        return Err(AllocError);
                    }
                    let block = self.0.acquire().ok_or(AllocError)?;
                    Ok(self.answer(block, layout))
                }

                #[inline]
                unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
                    if layout.size() != 0 {
                        let block = self.0.region().own(ptr);
                        // SAFETY: with bytes it is a block, acquired without a mark, and the
                        // caller's until now; the pointer is the region's own, since the caller's
                        // may reach less far than the block.
                        unsafe { self.0.release(block) };
                    }
                }

                #[inline]
                unsafe fn grow(
                    &self,
                    ptr: NonNull<u8>,
                    old_layout: Layout,
                    new_layout: Layout,
                ) -> Result<NonNull<[u8]>, AllocError> {
                    if old_layout.size() == 0 {
                        return self.allocate(new_layout);
                    }
                    self.in_place(ptr, new_layout).ok_or(AllocError)
                }

                #[inline]
                unsafe fn grow_zeroed(
                    &self,
                    ptr: NonNull<u8>,
                    old_layout: Layout,
                    new_layout: Layout,
                ) -> Result<NonNull<[u8]>, AllocError> {
                    if old_layout.size() == 0 {
                        return self.allocate_zeroed(new_layout);
                    }
                    let grown = self.in_place(ptr, new_layout).ok_or(AllocError)?;
                    let (start, kept) = (grown.cast::<u8>(), old_layout.size());
                    // SAFETY: the caller keeps `old_layout.size() <= new_layout.size()`, which is
                    // at most the answer's length, so what is written ends with the block
                    // (invariant 4).
                    unsafe { start.add(kept).write_bytes(0, grown.len() - kept) };
                    Ok(grown)
                }

                #[inline]
                unsafe fn shrink(
                    &self,
                    ptr: NonNull<u8>,
                    old_layout: Layout,
                    new_layout: Layout,
                ) -> Result<NonNull<[u8]>, AllocError> {
                    if new_layout.size() == 0 {
                        // SAFETY: by this function's contract, which for the old layout is that of
                        // `deallocate`.
                        unsafe { self.deallocate(ptr, old_layout) };
                        return Ok(nothing(new_layout));
                    }
                    self.in_place(ptr, new_layout).ok_or(AllocError)
                }
            }
        };
    };
}

#[cfg(feature = "allocator-api2")]
implement!(allocator_api2); // "unstable library feature"? See "Versions" in the docs of `PoolAllocator`.
#[cfg(feature = "allocator-api2-04")]
implement!(allocator_api2_04);
