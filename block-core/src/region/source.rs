//! Where a region's memory comes from: a mapping, the heap, or the caller.

use core::mem::MaybeUninit;
use core::sync::atomic::AtomicBool;

use super::Region;
use super::metadata::Metadata;
use crate::backing::Backing;
use crate::divide::ExactDivisor;
use crate::{BlockLayout, Footprint, MemoryPurpose, RegionError, RegionOptions, ZeroedMemory};

impl Region {
    /// A region in an anonymous mapping, committed page by page as blocks are first used.
    ///
    /// Where the platform has no mappings, the same as [`Region::heap`]. Constant time, whatever
    /// the size.
    ///
    /// On unix it lies between guard pages: an access just before its first block, or past the end of
    /// the page that its last one ends in, ends the process (`SIGSEGV`). From the end of the last block
    /// that is less than a page; blocks that end with their page leave nothing. Guards take two
    /// pages of address space and their page tables, no memory besides. Explicit huge pages have none.
    ///
    /// # Errors
    ///
    /// [`RegionError::Map`] if the system refuses: memory, address space, or more mappings than a
    /// process may have (65,530 on Linux, `vm.max_map_count`; a region takes two or three). Near that limit
    /// Linux 6.13 and later mark the guard pages instead, which takes no mappings, but then
    /// `mlockall(MCL_CURRENT)` does not bring in the blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    ///
    /// // 16 GiB of address space, of which nothing is used yet.
    /// # #[cfg(target_pointer_width = "64")]
    /// let region = Region::map(BlockLayout::new(4096, 4 << 20)?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn map(layout: BlockLayout) -> Result<Self, RegionError> {
        Self::options().map(layout)
    }

    /// A region whose blocks are on the heap, from the program's global allocator. Its metadata
    /// is, too, below 16 KiB a table; larger tables are mapped where the platform has mappings.
    ///
    /// # Errors
    ///
    /// [`RegionError::Heap`] if the allocator refuses, [`RegionError::Map`] if the system refuses
    /// the mapping for the marks, [`RegionError::Unsupported`] without the feature `alloc`.
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

    /// A region in memory that the caller supplies, without a heap and without an operating
    /// system. The blocks come first, aligned within the memory, then the metadata.
    ///
    /// Writes zeros over the memory: linear in its size.
    ///
    /// # Errors
    ///
    /// [`RegionError::MemoryTooSmall`] if the memory has less than [`Region::static_bytes`].
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
    /// // SAFETY: the only reference ever made to it.
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

    /// A region in the next bytes of some memory, at compile time if need be.
    ///
    /// # Panics
    ///
    /// If the memory was asked for with another footprint than one that begins with this region,
    /// see [`Footprint::of_region`].
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

    /// Options for the memory: huge pages, prefault, lock, zero on release, verify on acquire.
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

    /// Bytes of memory with which [`Region::from_static`] always succeeds for this layout,
    /// however the memory is aligned. The metadata is part of it, so the number depends on the
    /// features that this crate is built with.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    ///
    /// // 4 blocks of 64, a byte and perhaps a word for each, up to 63 bytes to align the first.
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
        options.refuse_what_needs_a_mapping()?;
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
        options.refuse_what_needs_a_mapping()?;
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
            has_lent: AtomicBool::new(false),
            options,
            poison: crate::asan::Poison::none(blocks.base()),
            _blocks: blocks,
        }
    }
}
