//! Memory that a region or a side table owns: zeroed, aligned, and freed when dropped.
//!
//! Three kinds, one face. An anonymous mapping commits a page when it is first touched. The heap
//! is the fallback where there is no mapping. Memory that the caller supplies needs neither: it
//! comes out of a [`ZeroedMemory`](crate::ZeroedMemory), and nobody frees it.
//!
//! A mapping or an allocation aligned beyond what its source guarantees is reserved `align - 1`
//! bytes larger and aligned within. For the heap this matters: an over-aligned `alloc_zeroed`
//! writes every byte, an ordinary one of many pages commits nothing.

use core::ptr::NonNull;

use crate::{MemoryPurpose, RegionError, RegionOptions};

/// Zeroed memory with an owner.
#[derive(Debug)]
pub(crate) struct Backing {
    base: NonNull<u8>,
    /// Kept for its destructor alone.
    _owner: Owner,
}

#[derive(Debug)]
enum Owner {
    #[cfg(all(feature = "std", any(unix, windows)))]
    Mapping {
        _map: crate::mapping::OwnedMapping,
    },
    #[cfg(feature = "alloc")]
    Heap {
        _memory: HeapMemory,
    },
    Nobody,
}

// SAFETY: a backing owns its memory exclusively and hands out no reference to it; the base is an
// address whose use is the owner's business.
unsafe impl Send for Backing {}
// SAFETY: `&Backing` gives the base address alone, and never changes it.
unsafe impl Sync for Backing {}

impl Backing {
    /// Where the memory starts, aligned as asked.
    #[inline]
    pub(crate) const fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// An anonymous mapping of `bytes` bytes, prepared as `options` say; the heap, without guards,
    /// where the platform has no mappings.
    #[cfg(all(feature = "std", any(unix, windows)))]
    pub(crate) fn map(
        bytes: usize,
        align: usize,
        purpose: MemoryPurpose,
        options: &RegionOptions,
    ) -> Result<Self, RegionError> {
        if cfg!(miri) {
            // Miri is a platform without mappings: it knows neither guard pages nor advice.
            options.refuse_what_needs_a_mapping()?;
            return Self::heap(bytes, align, purpose);
        }
        crate::mapping::map(bytes, align, purpose, options)
            .map(|(map, base)| Self { base, _owner: Owner::Mapping { _map: map } })
    }

    /// The heap, because this platform or build has no mappings; options that need one are errors.
    #[cfg(not(all(feature = "std", any(unix, windows))))]
    pub(crate) fn map(
        bytes: usize,
        align: usize,
        purpose: MemoryPurpose,
        options: &RegionOptions,
    ) -> Result<Self, RegionError> {
        options.refuse_what_needs_a_mapping()?;
        Self::heap(bytes, align, purpose)
    }

    /// `bytes` bytes of the heap.
    #[cfg(feature = "alloc")]
    pub(crate) fn heap(
        bytes: usize,
        align: usize,
        purpose: MemoryPurpose,
    ) -> Result<Self, RegionError> {
        let reserved =
            reserve(bytes, align, HeapMemory::ALIGN).ok_or_else(|| heap_refused(bytes, purpose))?;
        let memory = HeapMemory::zeroed(reserved, purpose)?;
        Ok(Self { base: align_up(memory.start, align), _owner: Owner::Heap { _memory: memory } })
    }

    /// No heap in this build.
    #[cfg(not(feature = "alloc"))]
    pub(crate) fn heap(
        _bytes: usize,
        _align: usize,
        _purpose: MemoryPurpose,
    ) -> Result<Self, RegionError> {
        Err(RegionError::Unsupported { what: "memory from the heap, without the feature `alloc`" })
    }

    /// Memory that nobody frees: it lives for ever, or there is none at this address.
    pub(crate) const fn unowned(base: NonNull<u8>) -> Self {
        Self { base, _owner: Owner::Nobody }
    }
}

/// Bytes to reserve so that `bytes` aligned ones fit, from a source that aligns to `natural`; none
/// if they exceed `isize::MAX`, the most that one object may have.
#[cfg(feature = "alloc")]
pub(crate) fn reserve(bytes: usize, align: usize, natural: usize) -> Option<usize> {
    let reserved = if align <= natural { bytes } else { bytes.checked_add(align - 1)? };
    (reserved <= isize::MAX as usize).then_some(reserved)
}

/// The first address at or after `start` that is a multiple of `align`, in the same memory.
#[cfg(feature = "alloc")]
pub(crate) fn align_up(start: NonNull<u8>, align: usize) -> NonNull<u8> {
    let gap = start.addr().get().wrapping_neg() & (align - 1);
    // SAFETY: the reservation is `align - 1` bytes larger than what is used (`reserve`), so the
    // result stays inside it, or `start` was aligned and the gap is 0.
    unsafe { start.add(gap) }
}

#[cfg(feature = "alloc")]
fn heap_refused(bytes: usize, purpose: MemoryPurpose) -> RegionError {
    RegionError::Heap { bytes, purpose, limit: crate::limits::exceeded_by(bytes, None) }
}

/// A zeroed allocation of the heap, freed on drop.
#[cfg(feature = "alloc")]
#[derive(Debug)]
struct HeapMemory {
    start: NonNull<u8>,
    layout: core::alloc::Layout,
}

#[cfg(feature = "alloc")]
impl HeapMemory {
    /// What every allocator gives without extra work, in bytes.
    const ALIGN: usize = align_of::<usize>();

    fn zeroed(bytes: usize, purpose: MemoryPurpose) -> Result<Self, RegionError> {
        let layout = core::alloc::Layout::from_size_align(bytes, Self::ALIGN)
            .map_err(|_| heap_refused(bytes, purpose))?;
        assert!(bytes > 0, "a backing is never empty");
        // SAFETY: the size is not zero.
        let start = unsafe { alloc_crate::alloc::alloc_zeroed(layout) };
        Ok(Self { start: NonNull::new(start).ok_or_else(|| heap_refused(bytes, purpose))?, layout })
    }
}

#[cfg(feature = "alloc")]
impl Drop for HeapMemory {
    fn drop(&mut self) {
        // SAFETY: allocated in `zeroed` with this layout, freed only here.
        unsafe { alloc_crate::alloc::dealloc(self.start.as_ptr(), self.layout) }
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::reserve;

    #[test]
    fn room_to_align_is_counted_and_no_sum_passes_the_limit() {
        const LIMIT: usize = isize::MAX as usize;
        assert_eq!(reserve(100, 64, 64), Some(100));
        assert_eq!(reserve(100, 64, 8), Some(163));
        assert_eq!(reserve(LIMIT, 1, 1), Some(LIMIT));
        assert_eq!(reserve(LIMIT - 63, 64, 8), Some(LIMIT));
        for (bytes, align) in [(LIMIT - 62, 64), (LIMIT + 1, 1), (usize::MAX, 64), (64, LIMIT + 1)]
        {
            assert_eq!(reserve(bytes, align, 8), None, "{bytes} bytes aligned to {align}");
        }
    }
}
