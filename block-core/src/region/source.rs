//! Constructors of regions: in a mapping, on the heap, or in the caller's memory.

use core::mem::MaybeUninit;
use core::sync::atomic::AtomicBool;

use super::Region;
use super::metadata::Metadata;
use crate::layout::exact_division::ExactDivisor;
use crate::memory::backing::Backing;
use crate::{BlockLayout, Footprint, MemoryPurpose, RegionError, RegionOptions, ZeroedMemory};

impl Region {
    /// Creates a region in an anonymous mapping, committed page by page when blocks are first used.
    ///
    /// Takes constant time, whatever the size. On platforms without mappings this is the same as
    /// [`Region::heap`].
    ///
    /// On unix the region is between guard pages: an access just before the first block, or past
    /// the page in which the last block ends, ends the process with `SIGSEGV`. An overrun of the
    /// last block within that page is not detected. The guards take two pages of address space and
    /// their page tables, but no memory. Regions on explicit huge pages have no guards.
    ///
    /// # Errors
    ///
    /// Returns [`RegionError::Map`] if the system refuses the memory, the address space, or the
    /// mappings: on Linux a process may have 65,530 (`vm.max_map_count`), and a region takes two or
    /// three. Near that limit Linux 6.13 and later mark the guard pages instead, which takes no
    /// mappings, but then `mlockall(MCL_CURRENT)` does not bring in the blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    ///
    /// // 16 GiB of address space, without memory until blocks are used.
    /// # #[cfg(target_pointer_width = "64")]
    /// let region = Region::map(BlockLayout::new(4096, 4 << 20)?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn map(layout: BlockLayout) -> Result<Self, RegionError> {
        Self::options().map(layout)
    }

    /// Creates a region whose blocks are on the heap, from the program's global allocator. Tables
    /// of metadata below 16 KiB are on the heap, too; larger ones are mapped if the platform has
    /// mappings.
    ///
    /// # Errors
    ///
    /// Returns [`RegionError::Heap`] if the allocator refuses the memory, [`RegionError::Map`] if
    /// the system refuses a mapping for metadata, and [`RegionError::Unsupported`] without the
    /// feature `alloc`.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockIndex, BlockLayout, Region};
    ///
    /// let region = Region::heap(BlockLayout::new(64, 16)?.with_align(1 << 16)?)?;
    /// assert_eq!(region.block(BlockIndex::new(1)).addr().get() % (1 << 16), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn heap(layout: BlockLayout) -> Result<Self, RegionError> {
        Self::options().heap(layout)
    }

    /// Creates a region in memory that the caller supplies, without a heap and without an operating
    /// system. The blocks come first, aligned, then the metadata.
    ///
    /// Writes zeros to the memory, in time linear in its size.
    ///
    /// # Errors
    ///
    /// Returns [`RegionError::MemoryTooSmall`] if the memory is smaller than the region needs at
    /// this alignment, which is at most [`Region::static_bytes`].
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    /// use std::mem::MaybeUninit;
    ///
    /// const LAYOUT: BlockLayout = match BlockLayout::new(32, 100) {
    ///     Ok(layout) => layout,
    ///     Err(_) => panic!(),
    /// };
    /// static mut MEMORY: [MaybeUninit<u8>; Region::static_bytes(&LAYOUT)] =
    ///     [MaybeUninit::uninit(); Region::static_bytes(&LAYOUT)];
    ///
    /// // SAFETY: this is the only reference to it.
    /// let memory: &'static mut [_] = unsafe { &mut *(&raw mut MEMORY) };
    /// let region = Region::from_static(LAYOUT, memory)?;
    /// assert_eq!(region.layout().capacity(), 100);
    /// # Ok::<(), block_core::RegionError>(())
    /// ```
    pub fn from_static(
        layout: BlockLayout,
        memory: &'static mut [MaybeUninit<u8>],
    ) -> Result<Self, RegionError> {
        Self::options().from_static(layout, memory)
    }

    /// Creates a region in the next bytes of some memory, also at compile time.
    ///
    /// # Panics
    ///
    /// Panics if the footprint of the memory does not have this region at this position, see
    /// [`Footprint::of_region`].
    ///
    /// # Examples
    ///
    /// At compile time, see [`StaticMemory`](crate::StaticMemory); at run time:
    ///
    /// ```
    /// use block_core::backend::{Footprint, ZeroedMemory};
    /// use block_core::{BlockLayout, Region};
    ///
    /// let layout = BlockLayout::new(64, 10)?;
    /// let needed = Footprint::of_region(&layout);
    /// let memory = Box::leak(Box::<[u8]>::new_uninit_slice(needed.static_bytes()));
    /// let region = Region::in_memory(layout, &mut ZeroedMemory::new(memory, needed)?);
    /// assert_eq!(region.layout().capacity(), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub const fn in_memory(layout: BlockLayout, memory: &mut ZeroedMemory) -> Self {
        Self::taken_from(memory, layout, RegionOptions::OFF)
    }

    /// Returns the default options: no huge pages, no prefaulting, no locking, no hardening.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    ///
    /// let region = Region::options().zero_on_release(true).map(BlockLayout::new(64, 16)?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn options() -> RegionOptions {
        RegionOptions::default()
    }

    /// Returns the number of bytes with which [`Region::from_static`] always succeeds for this
    /// layout, whatever the alignment of the memory. It includes the metadata, so it depends on the
    /// features of this crate.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    ///
    /// // 4 blocks of 64 bytes, one byte and perhaps one word for each, and up to 63 bytes to align.
    /// let words = if cfg!(feature = "bytes") { 4 * size_of::<usize>() } else { 0 };
    /// assert_eq!(Region::static_bytes(&BlockLayout::new(64, 4)?), 4 * 64 + words + 4 + 63);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    pub const fn static_bytes(layout: &BlockLayout) -> usize {
        Footprint::of_region(layout).static_bytes()
    }

    pub(crate) fn mapped(layout: BlockLayout, options: RegionOptions) -> Result<Self, RegionError> {
        let (bytes, align) = (layout.region_bytes(), layout.align());
        let blocks = Backing::map(bytes, align, MemoryPurpose::Blocks, &options)?;
        Self::with_own_metadata(blocks, layout, options)
    }

    pub(crate) fn on_heap(
        layout: BlockLayout,
        options: RegionOptions,
    ) -> Result<Self, RegionError> {
        options.require_no_mapping()?;
        let blocks = Backing::heap(layout.region_bytes(), layout.align(), MemoryPurpose::Blocks)?;
        Self::with_own_metadata(blocks, layout, options)
    }

    fn with_own_metadata(
        blocks: Backing,
        layout: BlockLayout,
        options: RegionOptions,
    ) -> Result<Self, RegionError> {
        debug_assert_eq!(blocks.base().addr().get() % layout.align(), 0);
        let metadata = Metadata::new(&layout, &options)?;
        Ok(Self::over(blocks, layout, metadata, options))
    }

    pub(crate) fn in_static(
        layout: BlockLayout,
        memory: &'static mut [MaybeUninit<u8>],
        options: RegionOptions,
    ) -> Result<Self, RegionError> {
        options.require_no_mapping()?;
        let mut memory = ZeroedMemory::new(memory, Footprint::of_region(&layout))?;
        Ok(Self::taken_from(&mut memory, layout, options))
    }

    #[track_caller]
    const fn taken_from(
        memory: &mut ZeroedMemory,
        layout: BlockLayout,
        options: RegionOptions,
    ) -> Self {
        let blocks = memory.take(layout.region_bytes(), layout.align());
        let metadata = Metadata::in_memory(&layout, memory);
        Self::over(blocks, layout, metadata, options)
    }

    const fn over(
        blocks: Backing,
        layout: BlockLayout,
        metadata: Metadata,
        options: RegionOptions,
    ) -> Self {
        Self {
            base: blocks.base(),
            stride: ExactDivisor::new(layout.stride()),
            layout,
            metadata,
            is_hardened: options.zero_on_release || options.verify_on_acquire || layout.guard() > 0,
            is_reporting: AtomicBool::new(false),
            options,
            poison: crate::asan::Poison::none(blocks.base()),
            _blocks: blocks,
        }
    }
}
