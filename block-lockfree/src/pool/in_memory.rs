//! Pools in memory that the caller supplies: the region and the links in one piece, nothing on the
//! heap.

use core::mem::MaybeUninit;

use block_core::backend::Retirable;
use block_core::backend::{Footprint, ZeroedMemory};
use block_core::{BlockLayout, BuildError, Region, StaticMemory};

use super::{LockFreeAlloc, Parts};
use crate::links::Links;
use crate::magazines::Magazines;
use crate::stack::Stack;

impl LockFreeAlloc {
    /// Creates a pool in the caller's memory. Blocks, metadata and links are there, and nothing is
    /// on the heap, now or later. The pool has no magazines, see
    /// [`with_magazine`](Self::with_magazine), which may be called on it with the feature `std` and
    /// then allocates memory for them.
    ///
    /// Writes zeros to the memory, in time linear in its size.
    ///
    /// # Errors
    ///
    /// Returns [`RegionError::MemoryTooSmall`](block_core::RegionError::MemoryTooSmall) with the
    /// bytes needed and given if the memory is smaller than the pool needs at this alignment, which
    /// is at most [`static_bytes`](Self::static_bytes).
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockAlloc, BlockLayout};
    /// use block_lockfree::LockFreeAlloc;
    ///
    /// let layout = BlockLayout::new(256, 64)?.with_align(4096)?;
    /// // Once in the life of the program. Without a heap, use a `static mut`: see `docs/static-pools.md`.
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
        // SAFETY: the pool is new, so no block is allocated.
        unsafe { pool.0.region.poison_all() };
        Ok(pool)
    }

    /// Returns the number of bytes with which [`from_static`](Self::from_static) always succeeds,
    /// whatever the alignment of the memory: per block the stride, one byte, 8 bytes of link and
    /// depth (16 from `u32::MAX` blocks on) and, with the feature `bytes` of `block-core`, one
    /// word. Saturates if no memory can be that large.
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

    /// Returns the footprint of a pool of this layout in one piece of aligned memory: the size of a
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

    /// Creates a pool in the memory of a static, at compile time.
    /// [`static_pool!`](crate::static_pool) uses it; call it directly to declare the memory
    /// yourself. It works like [`from_static`](Self::from_static), but writes nothing, so the pool
    /// exists when the program starts.
    ///
    /// # Panics
    ///
    /// Panics if the memory is smaller than the [`footprint`](Self::footprint), or if the layout
    /// asks for an alignment above [`StaticMemory::ALIGN`]. In the initializer of a static this is
    /// a compile error.
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
    ///     // In its own section, which is zeroed when the program starts.
    ///     #[cfg_attr(target_os = "linux", unsafe(link_section = ".bss.frames"))]
    ///     static mut MEMORY: StaticMemory<{ LockFreeAlloc::footprint(&LAYOUT).bytes() }> =
    ///         StaticMemory::new();
    ///     let memory = &raw mut MEMORY;
    ///     // SAFETY: this is the only reference to it.
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

    /// Creates a pool in memory that has the footprint of this layout.
    const fn in_zeroed(layout: BlockLayout, memory: &mut ZeroedMemory) -> Self {
        let region = Region::in_memory(layout, memory);
        let region = region.with_poisoning();
        let free = Stack::over(layout.capacity(), Links::in_memory(layout.capacity(), memory));
        let magazines = Magazines::none(&region);
        let region = Retirable::new(region);
        Self(Retirable::new(Parts { region, free, magazines, had_magazines: false }))
    }
}
