//! Memory for pools without a heap and without an operating system: in a static, or elsewhere in
//! memory of the caller.
//!
//! [`StaticMemory`] is zeroed and aligned by its type, so a region can be created over it at
//! compile time: nothing is written, and the address need not be known. Other memory is aligned and
//! zeroed at run time. Both become a [`ZeroedMemory`], from which regions and tables take their
//! parts.

pub(crate) mod backing;
pub(crate) mod footprint;
pub(crate) mod side_table;

use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use self::backing::Backing;
use crate::{Footprint, RegionError};

/// Zeroed memory of `BYTES` bytes, aligned to 64, for a region that is created at compile time.
///
/// A `static mut` of this type is in `.bss`: it takes no space in the program's file, and nothing
/// is copied when the program starts.
///
/// # Examples
///
/// ```
/// use block_core::backend::{Footprint, ZeroedMemory};
/// use block_core::{BlockLayout, Region, StaticMemory};
///
/// const LAYOUT: BlockLayout = match BlockLayout::new(32, 100) {
///     Ok(layout) => layout,
///     Err(error) => panic!("{}", error.message()),
/// };
/// const NEEDED: Footprint = Footprint::of_region(&LAYOUT);
///
/// static REGION: Region = {
///     static mut MEMORY: StaticMemory<{ NEEDED.bytes() }> = StaticMemory::new();
///     let memory = &raw mut MEMORY;
///     // SAFETY: this is the only reference: no other code can name the static, and the initializer of
///     // a static is evaluated once.
///     let mut memory = ZeroedMemory::of_static(unsafe { &mut *memory }, NEEDED);
///     Region::in_memory(LAYOUT, &mut memory)
/// };
///
/// assert_eq!(REGION.layout().capacity(), 100);
/// ```
// The bytes are private, so nothing writes them before a `ZeroedMemory` borrows them for `'static`.
#[repr(C, align(64))]
pub struct StaticMemory<const BYTES: usize>([u8; BYTES]);

const _: () = assert!(align_of::<StaticMemory<1>>() == StaticMemory::<1>::ALIGN);

impl<const BYTES: usize> StaticMemory<BYTES> {
    /// The alignment in bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::StaticMemory;
    ///
    /// assert_eq!(align_of::<StaticMemory<100>>(), StaticMemory::<100>::ALIGN);
    /// ```
    pub const ALIGN: usize = 64;

    /// Creates zeroed memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::StaticMemory;
    ///
    /// static mut MEMORY: StaticMemory<1000> = StaticMemory::new();
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self([0; BYTES])
    }
}

impl<const BYTES: usize> Default for StaticMemory<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize> fmt::Debug for StaticMemory<BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticMemory").field("bytes", &BYTES).finish_non_exhaustive()
    }
}

/// Zeroed memory that lives forever, from which regions and tables take their parts one after the
/// other.
///
/// Its size is the [`Footprint`] of these parts in the same order.
///
/// # Examples
///
/// A backend's region and table, in memory of the caller:
///
/// ```
/// use block_core::backend::{Footprint, SideTable, ZeroedMemory};
/// use block_core::{BlockLayout, Region};
/// use std::sync::atomic::AtomicU32;
///
/// let layout = BlockLayout::new(64, 10)?;
/// let needed = Footprint::of_region(&layout).with_table::<AtomicU32>(10);
/// let memory = Box::leak(Box::<[u8]>::new_uninit_slice(needed.static_bytes()));
///
/// let mut memory = ZeroedMemory::new(memory, needed)?;
/// let region = Region::in_memory(layout, &mut memory);
/// let links = SideTable::<AtomicU32>::in_memory(10, &mut memory);
/// assert_eq!((region.layout().capacity(), links.len()), (10, 10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ZeroedMemory {
    start: NonNull<u8>,
    /// The alignment of `start`.
    align: usize,
    /// The number of zeroed bytes from `start` on.
    bytes: usize,
    /// The number of bytes from `start` on that were taken.
    taken: usize,
}

// SAFETY: this value owns the memory.
unsafe impl Send for ZeroedMemory {}
// SAFETY: `&ZeroedMemory` only reads numbers and an address.
unsafe impl Sync for ZeroedMemory {}

impl ZeroedMemory {
    /// Uses aligned bytes of the caller's memory, as many as the footprint has. Writes zeros to
    /// them.
    ///
    /// # Errors
    ///
    /// Returns [`RegionError::MemoryTooSmall`] if there are too few bytes from the first aligned
    /// one on. [`Footprint::static_bytes`] are always enough.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::backend::{Footprint, ZeroedMemory};
    /// use block_core::{BlockLayout, RegionError};
    ///
    /// let needed = Footprint::of_region(&BlockLayout::new(64, 10)?);
    /// let error = ZeroedMemory::new(&mut [], needed).unwrap_err();
    /// let expected = RegionError::MemoryTooSmall { needed: needed.static_bytes(), given: 0 };
    /// assert_eq!(error, expected);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        memory: &'static mut [MaybeUninit<u8>],
        footprint: Footprint,
    ) -> Result<Self, RegionError> {
        let (align, bytes, given) = (footprint.align(), footprint.bytes(), memory.len());
        let gap = memory.as_ptr().addr().wrapping_neg() & (align - 1);
        let Some(memory) = memory.get_mut(gap..gap.saturating_add(bytes)) else {
            return Err(RegionError::MemoryTooSmall { needed: footprint.static_bytes(), given });
        };
        memory.fill(MaybeUninit::zeroed());
        Ok(Self { start: NonNull::from(memory).cast(), align, bytes, taken: 0 })
    }

    /// Uses the memory of a static. Writes nothing, so this works at compile time.
    ///
    /// # Panics
    ///
    /// Panics if the static has fewer bytes than the footprint, or if the footprint needs an
    /// alignment above [`StaticMemory::ALIGN`]. In the initializer of a static this is a compile
    /// error.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::backend::{Footprint, ZeroedMemory};
    /// use block_core::{BlockLayout, Region, StaticMemory};
    ///
    /// let layout = BlockLayout::new(64, 10)?;
    /// let memory = Box::leak(Box::new(StaticMemory::<1000>::new()));
    /// let mut memory = ZeroedMemory::of_static(memory, Footprint::of_region(&layout));
    /// assert_eq!(Region::in_memory(layout, &mut memory).layout(), &layout);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    pub const fn of_static<const BYTES: usize>(
        memory: &'static mut StaticMemory<BYTES>,
        footprint: Footprint,
    ) -> Self {
        assert!(
            footprint.align() <= StaticMemory::<BYTES>::ALIGN,
            "blocks in a `StaticMemory` are aligned to 64 bytes at most; for more, build the pool at \
             run time with `from_static`"
        );
        assert!(footprint.bytes() <= BYTES, "the static memory is too small for this layout");
        let start = (&raw mut memory.0).cast();
        // SAFETY: the address of a reference is not null.
        let start = unsafe { NonNull::new_unchecked(start) };
        Self { start, align: StaticMemory::<BYTES>::ALIGN, bytes: footprint.bytes(), taken: 0 }
    }

    /// Takes the next `bytes` aligned bytes.
    ///
    /// # Panics
    ///
    /// Panics if there are too few left, or if the alignment of the start is smaller.
    #[track_caller]
    pub(crate) const fn take(&mut self, bytes: usize, align: usize) -> Backing {
        let start = self.taken.next_multiple_of(align);
        assert!(
            align <= self.align && start <= self.bytes && bytes <= self.bytes - start,
            "the footprint of the memory does not include this part"
        );
        self.taken = start + bytes;
        // SAFETY: `start` is at most `bytes`, so the sum is inside the memory.
        Backing::unowned(unsafe { self.start.add(start) })
    }
}
