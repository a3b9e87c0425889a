//! Memory for pools without a heap and without an operating system: in a static, or wherever the
//! caller has some.
//!
//! Two sources, one face. [`StaticMemory`] is zero and aligned by its type, so a region can be built
//! over it when the program is compiled: nothing has to be written, and its address need not be
//! known. Any other memory is aligned and zeroed at run time. Either is a [`ZeroedMemory`] from then
//! on, which regions and tables are taken out of, each byte once.

use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use crate::backing::Backing;
use crate::{Footprint, RegionError};

/// So many zeroed bytes, aligned to 64, for a region that is built at compile time.
///
/// In a `static mut` it takes no place in the program's image, and nothing is copied at start-up: it
/// lies where the other zeroed statics do (`.bss`).
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
///     // SAFETY: the only reference ever made to it: nobody else can name it, and the initializer
///     // of a static is evaluated once.
///     let mut memory = ZeroedMemory::of_static(unsafe { &mut *memory }, NEEDED);
///     Region::in_memory(LAYOUT, &mut memory)
/// };
///
/// assert_eq!(REGION.layout().capacity(), 100);
/// ```
// Nothing ever writes into it before it is given to a `ZeroedMemory`, which is for ever: there is no
// way to its bytes.
#[repr(C, align(64))]
pub struct StaticMemory<const BYTES: usize>([u8; BYTES]);

const _: () = assert!(align_of::<StaticMemory<1>>() == StaticMemory::<1>::ALIGN);

impl<const BYTES: usize> StaticMemory<BYTES> {
    /// What it is aligned to, in bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::StaticMemory;
    ///
    /// assert_eq!(align_of::<StaticMemory<100>>(), StaticMemory::<100>::ALIGN);
    /// ```
    pub const ALIGN: usize = 64;

    /// Zeroed memory.
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

/// Zeroed memory that lives for ever and is this value's alone: regions and tables are taken out of
/// it one after the other.
///
/// How much there must be is the [`Footprint`] of what is taken, in that order.
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
    /// What `start` is aligned to.
    align: usize,
    /// From `start` on, all of it zero and nobody else's.
    bytes: usize,
    /// Bytes from `start` on that belong to regions and tables by now.
    taken: usize,
}

// SAFETY: the memory is this value's alone, and plain.
unsafe impl Send for ZeroedMemory {}
// SAFETY: `&ZeroedMemory` reads numbers and an address.
unsafe impl Sync for ZeroedMemory {}

impl ZeroedMemory {
    /// Of the caller's memory as much as the footprint says, aligned within it. Writes zeros over
    /// that.
    ///
    /// # Errors
    ///
    /// [`RegionError::MemoryTooSmall`] if the memory has too few bytes from its first aligned one on;
    /// [`Footprint::static_bytes`] always suffice.
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

    /// That of a static, as it is: nothing is written, so this works at compile time.
    ///
    /// # Panics
    ///
    /// If the static has fewer bytes than the footprint, or the footprint needs an alignment above
    /// [`StaticMemory::ALIGN`]. Where a static's value is computed that is a compile error.
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

    /// The next so many bytes, aligned.
    ///
    /// # Panics
    ///
    /// If there are too few left, or the start is aligned to less.
    #[track_caller]
    pub(crate) const fn take(&mut self, bytes: usize, align: usize) -> Backing {
        let start = self.taken.next_multiple_of(align);
        assert!(
            align <= self.align && start <= self.bytes && bytes <= self.bytes - start,
            "this was not part of the footprint that the memory was asked for with"
        );
        self.taken = start + bytes;
        // SAFETY: `start` is at most `bytes`, so the sum stays inside the memory.
        Backing::unowned(unsafe { self.start.add(start) })
    }
}
