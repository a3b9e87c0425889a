//! Memory that a region or a side table owns: zeroed, aligned, and freed when dropped.
//!
//! There are three kinds. An anonymous mapping commits a page when it is first touched. The heap
//! replaces it on platforms without mappings. Memory that the caller supplies comes out of a
//! [`ZeroedMemory`](crate::ZeroedMemory) and is never freed.
//!
//! If the alignment is larger than the source guarantees, `align - 1` more bytes are reserved. This
//! matters for the heap: `alloc_zeroed` with a large alignment writes every byte, while an ordinary
//! one of many pages commits nothing.

use core::ptr::NonNull;

use crate::{MemoryPurpose, RegionError, RegionOptions};

/// Zeroed memory with an owner.
#[derive(Debug)]
pub(crate) struct Backing {
    base: NonNull<u8>,
    /// Kept for its destructor.
    _owner: Owner,
}

#[derive(Debug)]
enum Owner {
    #[cfg(all(feature = "std", any(unix, windows)))]
    Mapping {
        _map: crate::os::mapping::OwnedMapping,
    },
    #[cfg(feature = "alloc")]
    Heap {
        _memory: HeapMemory,
    },
    None,
}

// SAFETY: a backing owns its memory exclusively and returns only its address.
unsafe impl Send for Backing {}
// SAFETY: `&Backing` only returns the address, which never changes.
unsafe impl Sync for Backing {}

impl Backing {
    /// Returns the aligned start of the memory.
    #[inline]
    pub(crate) const fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Creates an anonymous mapping of `bytes` bytes as `options` say.
    #[cfg(all(feature = "std", any(unix, windows)))]
    pub(crate) fn map(
        bytes: usize,
        align: usize,
        purpose: MemoryPurpose,
        options: &RegionOptions,
    ) -> Result<Self, RegionError> {
        if cfg!(miri) {
            // Miri supports neither guard pages nor advice.
            options.require_no_mapping()?;
            return Self::heap(bytes, align, purpose);
        }
        crate::os::mapping::map(bytes, align, purpose, options)
            .map(|(map, base)| Self { base, _owner: Owner::Mapping { _map: map } })
    }

    /// Allocates on the heap, because this platform or build has no mappings. Options that need one
    /// are errors.
    #[cfg(not(all(feature = "std", any(unix, windows))))]
    pub(crate) fn map(
        bytes: usize,
        align: usize,
        purpose: MemoryPurpose,
        options: &RegionOptions,
    ) -> Result<Self, RegionError> {
        options.require_no_mapping()?;
        Self::heap(bytes, align, purpose)
    }

    /// Allocates `bytes` bytes on the heap.
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

    /// Returns an error: this build has no heap.
    #[cfg(not(feature = "alloc"))]
    pub(crate) fn heap(
        _bytes: usize,
        _align: usize,
        _purpose: MemoryPurpose,
    ) -> Result<Self, RegionError> {
        Err(RegionError::Unsupported { what: "memory from the heap, without the feature `alloc`" })
    }

    /// Wraps memory that is never freed: it is static, or there is none at this address.
    pub(crate) const fn unowned(base: NonNull<u8>) -> Self {
        Self { base, _owner: Owner::None }
    }
}

/// Returns the number of bytes to reserve from a source that aligns to `natural`, so that `bytes`
/// aligned bytes fit. Returns `None` if they exceed `isize::MAX`, the largest size of an object.
#[cfg(feature = "alloc")]
pub(crate) fn reserve(bytes: usize, align: usize, natural: usize) -> Option<usize> {
    let reserved = if align <= natural { bytes } else { bytes.checked_add(align - 1)? };
    (reserved <= isize::MAX as usize).then_some(reserved)
}

/// Returns the first multiple of `align` at or after `start`, in the same memory.
#[cfg(feature = "alloc")]
pub(crate) fn align_up(start: NonNull<u8>, align: usize) -> NonNull<u8> {
    let gap = start.addr().get().wrapping_neg() & (align - 1);
    // SAFETY: `align - 1` more bytes are reserved than used (`reserve`), so the result is inside
    // the reservation; or `start` was aligned, and the gap is 0.
    unsafe { start.add(gap) }
}

#[cfg(feature = "alloc")]
fn heap_refused(bytes: usize, purpose: MemoryPurpose) -> RegionError {
    RegionError::Heap { bytes, purpose, limit: crate::os::limits::exceeded_by(bytes, None) }
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
    /// The alignment that every allocator has without extra work, in bytes.
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
        // SAFETY: allocated in `zeroed` with this layout, and freed only here.
        unsafe { alloc_crate::alloc::dealloc(self.start.as_ptr(), self.layout) }
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::reserve;

    #[test]
    fn the_reservation_includes_the_alignment_and_never_exceeds_the_limit() {
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
