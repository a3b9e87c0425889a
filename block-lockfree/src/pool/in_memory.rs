//! Pools in memory that the caller supplies: region and links in one piece, nothing from the heap.

use core::mem::MaybeUninit;

use block_core::{BlockLayout, BuildError, Footprint, Region, StaticMemory, ZeroedMemory};

use super::LockFreeAlloc;
use crate::links::Links;
use crate::magazines::Magazines;
use crate::stack::Stack;

impl LockFreeAlloc {
    /// A pool in the caller's memory: blocks, metadata and links lie there, and nothing comes from the
    /// heap, neither now nor later. It has no magazines, see [`with_magazine`](Self::with_magazine);
    /// with the feature `std` that may be called on it, and takes memory for them.
    ///
    /// Writes zeros over the memory: linear in its size.
    ///
    /// # Errors
    ///
    /// [`RegionError::MemoryTooSmall`](block_core::RegionError::MemoryTooSmall) with the bytes needed
    /// and given: the memory has less than [`static_bytes`](Self::static_bytes), and is not aligned
    /// well enough to do with less.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockAlloc, BlockLayout};
    /// use block_lockfree::LockFreeAlloc;
    ///
    /// let layout = BlockLayout::new(256, 64)?.with_align(4096)?;
    /// // Once in a program's life; on a bare machine a `static mut`, see the page on static pools.
    /// let memory = Box::leak(Box::<[u8]>::new_uninit_slice(LockFreeAlloc::static_bytes(&layout)));
    ///
    /// let pool = LockFreeAlloc::from_static(layout, memory)?;
    /// assert_eq!(pool.available(), 64);
    /// # Ok::<(), block_lockfree::BuildError>(())
    /// ```
    pub fn from_static(
        layout: BlockLayout,
        memory: &'static mut [MaybeUninit<u8>],
    ) -> Result<Self, BuildError> {
        let mut memory = ZeroedMemory::new(memory, Self::footprint(&layout))?;
        let pool = Self::in_zeroed(layout, &mut memory);
        // SAFETY: of a pool that is just made no block is held.
        #[cfg(block_asan)]
        unsafe {
            pool.region.poison_all();
        }
        Ok(pool)
    }

    /// Bytes of memory with which [`from_static`](Self::from_static) always succeeds, however the
    /// memory is aligned: for each block its stride, a byte, 8 bytes of link and depth (16 from
    /// `u32::MAX` blocks on) and, with the feature `bytes` of `block-core`, a word. Saturates where no memory
    /// could be as large.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::BlockLayout;
    /// use block_lockfree::LockFreeAlloc;
    ///
    /// const LAYOUT: BlockLayout = match BlockLayout::new(64, 100) {
    ///     Ok(layout) => layout,
    ///     Err(error) => panic!("{}", error.message()),
    /// };
    /// const BYTES: usize = LockFreeAlloc::static_bytes(&LAYOUT);
    /// assert!((100 * (64 + 1 + 8)..=100 * (64 + 1 + 8 + 8) + 63 + 7).contains(&BYTES));
    /// ```
    #[must_use]
    pub const fn static_bytes(layout: &BlockLayout) -> usize {
        Self::footprint(layout).static_bytes()
    }

    /// What a pool of this layout takes in one piece of memory, from an aligned start: the size of a
    /// [`StaticMemory`] for [`in_static`](Self::in_static).
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::BlockLayout;
    /// use block_lockfree::LockFreeAlloc;
    ///
    /// let footprint = LockFreeAlloc::footprint(&BlockLayout::new(64, 100)?);
    /// assert_eq!(footprint.align(), 64);
    /// assert!(footprint.bytes() >= 100 * (64 + 1 + 8));
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    pub const fn footprint(layout: &BlockLayout) -> Footprint {
        Links::behind(Footprint::of_region(layout), layout.capacity())
    }

    /// A pool in a static's memory, at compile time: what [`static_pool!`](crate::static_pool) is
    /// made of, for those who want to declare the memory themselves. As
    /// [`from_static`](Self::from_static), but nothing is written, so the pool is there before the
    /// program starts.
    ///
    /// # Panics
    ///
    /// If the memory is smaller than [`footprint`](Self::footprint) says, or the layout asks for an
    /// alignment above [`StaticMemory::ALIGN`]. Where a static's value is computed that is a compile
    /// error.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockAlloc, BlockLayout};
    /// use block_lockfree::{LockFreeAlloc, StaticMemory};
    ///
    /// const LAYOUT: BlockLayout = match BlockLayout::new(256, 64) {
    ///     Ok(layout) => layout,
    ///     Err(error) => panic!("{}", error.message()),
    /// };
    /// static POOL: LockFreeAlloc = {
    ///     // In a section of its own; one that is zeroed when the program starts.
    ///     #[cfg_attr(target_os = "linux", unsafe(link_section = ".bss.frames"))]
    ///     static mut MEMORY: StaticMemory<{ LockFreeAlloc::footprint(&LAYOUT).bytes() }> =
    ///         StaticMemory::new();
    ///     let memory = &raw mut MEMORY;
    ///     // SAFETY: the only reference ever made to it.
    ///     LockFreeAlloc::in_static(LAYOUT, unsafe { &mut *memory })
    /// };
    /// assert_eq!(POOL.available(), 64);
    /// ```
    #[must_use]
    pub const fn in_static<const BYTES: usize>(
        layout: BlockLayout,
        memory: &'static mut StaticMemory<BYTES>,
    ) -> Self {
        Self::in_zeroed(layout, &mut ZeroedMemory::of_static(memory, Self::footprint(&layout)))
    }

    /// In memory that was asked for with the footprint of this layout.
    const fn in_zeroed(layout: BlockLayout, memory: &mut ZeroedMemory) -> Self {
        let region = Region::in_memory(layout, memory);
        #[cfg(block_asan)]
        let region = region.lending();
        let free = Stack::over(layout.capacity(), Links::in_memory(layout.capacity(), memory));
        let magazines = Magazines::none(&region);
        Self { region, free, magazines, had_magazines: false }
    }
}
