//! Metadata separate from the blocks: one zeroed entry per block, committed when it is first
//! touched.
//!
//! A table is never between the blocks, so a write past the end of a block reaches other blocks,
//! and no link or mark before it has passed the last block. A guard page follows the last block of
//! a mapping.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicUsize};

use crate::memory::backing::Backing;
use crate::{MemoryPurpose, RegionError, RegionOptions, ZeroedMemory};

/// Types for which zero bytes are a valid value, and which have no destructor. A table of entries
/// without bytes does not compile:
///
/// ```compile_fail,E0080
/// use block_core::backend::ZeroIsValid;
/// use block_core::{BlockLayout, Region};
///
/// struct Nothing;
/// // SAFETY: no bytes, no destructor.
/// unsafe impl ZeroIsValid for Nothing {}
///
/// let region = Region::map(BlockLayout::new(64, 10).unwrap()).unwrap();
/// let table = region.side_table::<Nothing>();
/// ```
///
/// # Safety
///
/// A value of this type whose bytes are all zero is valid, and dropping one does nothing.
///
/// # Examples
///
/// ```
/// use block_core::backend::ZeroIsValid;
/// use block_core::{BlockLayout, Region};
///
/// #[derive(Debug)]
/// #[repr(transparent)]
/// struct UseCount(std::sync::atomic::AtomicU32);
/// // SAFETY: a wrapper around an integer, for which zero is valid; no destructor.
/// unsafe impl ZeroIsValid for UseCount {}
///
/// let region = Region::map(BlockLayout::new(64, 10)?)?;
/// let counts = region.side_table::<UseCount>()?;
/// assert_eq!(counts.len(), 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub unsafe trait ZeroIsValid {}

// SAFETY: integers, for which zero is valid; no destructor.
unsafe impl ZeroIsValid for AtomicU8 {}
// SAFETY: an integer, for which zero is valid; no destructor.
unsafe impl ZeroIsValid for AtomicU16 {}
// SAFETY: an integer, for which zero is valid; no destructor.
unsafe impl ZeroIsValid for AtomicU32 {}
// SAFETY: an integer, for which zero is valid; no destructor.
unsafe impl ZeroIsValid for AtomicUsize {}
// SAFETY: a pointer, for which zero is valid (null); no destructor.
unsafe impl<T> ZeroIsValid for AtomicPtr<T> {}

/// A fixed array of entries that start as zero, from
/// [`Region::side_table`](crate::Region::side_table).
///
/// Tables of many pages are lazily committed: an entry that was never touched costs no memory.
///
/// # Examples
///
/// ```
/// use block_core::{BlockLayout, Region};
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// let region = Region::map(BlockLayout::new(64, 1000)?)?;
/// let uses = region.side_table::<AtomicU32>()?;
/// uses[999].fetch_add(1, Ordering::Relaxed);
/// assert_eq!(uses[999].load(Ordering::Relaxed), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SideTable<T> {
    backing: Backing,
    len: usize,
    entries: PhantomData<T>,
}

impl<T: ZeroIsValid> SideTable<T> {
    /// Tables of fewer bytes are on the heap, since a mapping is at least a page.
    const SMALLEST_MAPPING: usize = 1 << 14;

    /// The conditions that [`ZeroIsValid`] cannot express.
    const ENTRIES_FIT: () = {
        assert!(!core::mem::needs_drop::<T>(), "an entry of a side table has a destructor");
        assert!(size_of::<T>() > 0, "an entry of a side table has no bytes");
    };

    /// Creates a table of `len` entries, which must not be 0, prefaulted and locked as `options`
    /// say.
    pub(crate) fn new(len: usize, options: &RegionOptions) -> Result<Self, RegionError> {
        const { Self::ENTRIES_FIT };
        let bytes = len
            .checked_mul(size_of::<T>())
            .filter(|bytes| *bytes <= isize::MAX as usize - (align_of::<T>() - 1))
            .ok_or(RegionError::TableTooLarge { entries: len, entry_size: size_of::<T>() })?;
        // Huge pages are for the blocks. A small table would waste them.
        let options = RegionOptions { huge_pages: crate::HugePages::Off, ..*options };
        let is_plain = !options.lock && !options.prefault;
        let on_heap = bytes < Self::SMALLEST_MAPPING && is_plain && cfg!(feature = "alloc");
        let backing = if on_heap {
            Backing::heap(bytes, align_of::<T>(), MemoryPurpose::Metadata)
        } else {
            Backing::map(bytes, align_of::<T>(), MemoryPurpose::Metadata, &options)
        };
        Ok(Self::over(backing?, len))
    }

    /// Creates a table of `len` zeroed entries without a region, lazily committed if it is large.
    ///
    /// # Errors
    ///
    /// Returns [`RegionError::Map`] or [`RegionError::Heap`] if the memory is refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::backend::SideTable;
    /// use std::sync::atomic::AtomicU32;
    ///
    /// let counters = SideTable::<AtomicU32>::zeroed(100)?;
    /// assert_eq!(counters.len(), 100);
    /// # Ok::<(), block_core::RegionError>(())
    /// ```
    pub fn zeroed(len: usize) -> Result<Self, RegionError> {
        if len == 0 { Ok(Self::empty()) } else { Self::new(len, &RegionOptions::default()) }
    }

    /// Creates a table without entries.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::backend::SideTable;
    /// use std::sync::atomic::AtomicU32;
    ///
    /// static NOTHING: SideTable<AtomicU32> = SideTable::empty();
    /// assert!(NOTHING.is_empty());
    /// ```
    #[must_use]
    pub const fn empty() -> Self {
        const { Self::ENTRIES_FIT };
        Self::over(Backing::unowned(NonNull::<T>::dangling().cast()), 0)
    }

    /// Creates a table of `len` entries in the next bytes of some memory, also at compile time.
    ///
    /// # Panics
    ///
    /// Panics if the footprint of the memory does not have this table at this position, see
    /// [`Footprint::with_table`](crate::Footprint::with_table).
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::backend::{Footprint, SideTable, ZeroedMemory};
    /// use block_core::{BlockLayout, Region};
    /// use std::sync::atomic::AtomicU32;
    ///
    /// let layout = BlockLayout::new(64, 10)?;
    /// let needed = Footprint::of_region(&layout).with_table::<AtomicU32>(10);
    /// let memory = Box::leak(Box::<[u8]>::new_uninit_slice(needed.static_bytes()));
    /// let mut memory = ZeroedMemory::new(memory, needed)?;
    /// let _region = Region::in_memory(layout, &mut memory);
    /// assert_eq!(SideTable::<AtomicU32>::in_memory(10, &mut memory).len(), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub const fn in_memory(len: usize, memory: &mut ZeroedMemory) -> Self {
        const { Self::ENTRIES_FIT };
        let bytes = len.saturating_mul(size_of::<T>());
        Self::over(memory.take(bytes, align_of::<T>()), len)
    }

    /// Creates a table over memory for `len` zeroed entries.
    pub(crate) const fn over(backing: Backing, len: usize) -> Self {
        Self { backing, len, entries: PhantomData }
    }
}

impl<T> Deref for SideTable<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: the backing has aligned space for `len` entries. It was zeroed when it was
        // created, and every later write went through this slice. Zero is a valid `T` by
        // `ZeroIsValid`, which all constructors require.
        unsafe { core::slice::from_raw_parts(self.backing.base().cast().as_ptr(), self.len) }
    }
}

const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<SideTable<AtomicU8>>();
    shared_by_threads::<SideTable<AtomicUsize>>();
};

impl<T> fmt::Debug for SideTable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SideTable").field("len", &self.len).finish_non_exhaustive()
    }
}
