//! Options for how the memory of a region is obtained, and for hardening.

use crate::{BlockLayout, Region, RegionError};

/// The kind of pages of a mapping.
///
/// # Examples
///
/// ```
/// use block_core::{BlockLayout, HugePages, Region};
///
/// # #[cfg(feature = "std")] {
/// let layout = BlockLayout::new(2048, 4096)?;
/// let region = Region::options().huge_pages(HugePages::Transparent).map(layout)?;
/// assert_eq!(region.layout().capacity(), 4096);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HugePages {
    /// The system's ordinary pages.
    #[default]
    Off,
    /// Ordinary pages that the system may merge into huge ones. Never an error: a system without
    /// huge pages keeps its ordinary ones.
    Transparent,
    /// Huge pages of this many bytes from the system's reserve: a power of two of at least 64 KiB
    /// that the processor supports (2 MiB and 1 GiB on x86-64). Linux only. Fails if too few are
    /// reserved.
    Explicit(usize),
}

/// Options for the memory of a [`Region`], from [`Region::options`].
///
/// The side tables of a region (see [`Region::side_table`]) and the magazines of a lock-free pool
/// are prefaulted and locked with it.
///
/// # Examples
///
/// ```
/// use block_core::{BlockLayout, Region};
///
/// // A region for a thread that must never take a page fault.
/// # #[cfg(feature = "std")] {
/// let region = Region::options()
///     .prefault(true)
///     .zero_on_release(true)
///     .map(BlockLayout::new(256, 64)?)?;
/// assert!(region.zeroes_on_release());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "options do nothing until `map`, `heap` or `from_static` is called on them"]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegionOptions {
    pub(crate) huge_pages: HugePages,
    pub(crate) prefault: bool,
    pub(crate) lock: bool,
    pub(crate) zero_on_release: bool,
    pub(crate) verify_on_acquire: bool,
}

impl RegionOptions {
    /// The same as `default`, as a constant.
    pub(crate) const OFF: Self = Self {
        huge_pages: HugePages::Off,
        prefault: false,
        lock: false,
        zero_on_release: false,
        verify_on_acquire: false,
    };

    /// Sets the kind of pages. The default is [`HugePages::Off`].
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, HugePages, Region};
    ///
    /// let layout = BlockLayout::new(4096, 512)?;
    /// match Region::options().huge_pages(HugePages::Explicit(2 << 20)).map(layout) {
    ///     Ok(region) => assert_eq!(region.layout().capacity(), 512),
    ///     Err(error) => eprintln!("{error}"), // says how to reserve them
    /// }
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    pub const fn huge_pages(mut self, pages: HugePages) -> Self {
        self.huge_pages = pages;
        self
    }

    /// Sets whether every page is touched when the region is created, so that no later access
    /// faults. Off by default: pages are committed when blocks are first used.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    ///
    /// # #[cfg(feature = "std")]
    /// let region = Region::options().prefault(true).map(BlockLayout::new(64, 100)?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn prefault(mut self, on: bool) -> Self {
        self.prefault = on;
        self
    }

    /// Sets whether the memory is locked, so that it is never swapped out. This also prefaults it.
    /// Off by default. Needs a limit on locked memory (`ulimit -l`) of at least the size of the
    /// region.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    ///
    /// match Region::options().lock_in_memory(true).map(BlockLayout::new(64, 100)?) {
    ///     Ok(region) => assert_eq!(region.layout().capacity(), 100),
    ///     Err(error) => eprintln!("{error}"), // names the limit
    /// }
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    pub const fn lock_in_memory(mut self, on: bool) -> Self {
        self.lock = on;
        self
    }

    /// Sets whether a block is overwritten with zeros each time it is freed. Off by default. Costs
    /// one pass over the block per free. If it is off, it costs nothing in the calls of the
    /// lock-free pool, and a branch in those of other pools.
    ///
    /// Every byte of the block is written, so a raw block may be freed with uninitialised bytes,
    /// such as the padding of a struct. See [typed data](crate::BlockAlloc#typed-data).
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    ///
    /// let region = Region::options().zero_on_release(true).heap(BlockLayout::new(64, 100)?)?;
    /// assert!(region.zeroes_on_release());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn zero_on_release(mut self, on: bool) -> Self {
        self.zero_on_release = on;
        self
    }

    /// Sets whether a block is checked each time it is allocated: all its bytes must still be zero.
    /// Implies [`zero_on_release`](Self::zero_on_release). Off by default. Costs one more pass over
    /// the block per allocation. If it is off, it costs nothing in the calls of the lock-free pool,
    /// and a branch in those of other pools.
    ///
    /// A byte that is not zero means a write after free: some code wrote to the block through an
    /// old pointer. Then the process is aborted, by a panic that does not unwind: the panic hook
    /// and standard error get the message with block, offset and byte. There is no error to handle,
    /// since nobody knows what else was overwritten. A write that comes after the block was
    /// allocated again is not found.
    ///
    /// # Examples
    ///
    /// With a guard behind each block, overruns are found as well, see [`BlockLayout::with_guard`]:
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    ///
    /// let layout = BlockLayout::new(1500, 100)?.with_guard(16)?;
    /// let region = Region::options().verify_on_acquire(true).heap(layout)?;
    /// assert!(region.zeroes_on_release() && region.is_hardened());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn verify_on_acquire(mut self, on: bool) -> Self {
        self.verify_on_acquire = on;
        self
    }

    /// Creates a region of this layout in an anonymous mapping, see [`Region::map`].
    ///
    /// # Errors
    ///
    /// Returns [`RegionError::Map`], [`RegionError::HugePages`], [`RegionError::NoSuchHugePages`],
    /// [`RegionError::BadHugePageSize`], [`RegionError::Lock`], or [`RegionError::Unsupported`]
    /// if the platform lacks an option.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    ///
    /// let region = Region::options().map(BlockLayout::new(64, 100)?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn map(self, layout: BlockLayout) -> Result<Region, RegionError> {
        Region::mapped(layout, self)
    }

    /// Creates a region of this layout on the heap, see [`Region::heap`].
    ///
    /// # Errors
    ///
    /// Returns [`RegionError::Heap`], [`RegionError::Map`] for the metadata of many blocks, or
    /// [`RegionError::Unsupported`] if an option needs a mapping, as all do except
    /// [`zero_on_release`](Self::zero_on_release) and
    /// [`verify_on_acquire`](Self::verify_on_acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    ///
    /// let region = Region::options().heap(BlockLayout::new(64, 100)?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn heap(self, layout: BlockLayout) -> Result<Region, RegionError> {
        Region::on_heap(layout, self)
    }

    /// Creates a region of this layout in the caller's memory, see [`Region::from_static`].
    ///
    /// # Errors
    ///
    /// Returns [`RegionError::MemoryTooSmall`], or [`RegionError::Unsupported`] if an option needs
    /// a mapping, as all do except [`zero_on_release`](Self::zero_on_release) and
    /// [`verify_on_acquire`](Self::verify_on_acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    /// use std::mem::MaybeUninit;
    ///
    /// let layout = BlockLayout::new(64, 4)?;
    /// let memory = Box::leak(Box::<[u8]>::new_uninit_slice(Region::static_bytes(&layout)));
    /// let region = Region::options().zero_on_release(true).from_static(layout, memory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_static(
        self,
        layout: BlockLayout,
        memory: &'static mut [core::mem::MaybeUninit<u8>],
    ) -> Result<Region, RegionError> {
        Region::in_static(layout, memory, self)
    }

    /// Returns an error if an option is on that needs a mapping.
    pub(crate) fn require_no_mapping(&self) -> Result<(), RegionError> {
        let what = if self.huge_pages != HugePages::Off {
            "huge pages outside an anonymous mapping"
        } else if self.lock {
            "locking memory outside an anonymous mapping"
        } else if self.prefault {
            "prefaulting memory outside an anonymous mapping"
        } else {
            return Ok(());
        };
        Err(RegionError::Unsupported { what })
    }
}
