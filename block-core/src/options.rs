//! How a region's memory is had, and what is done to its blocks: huge pages, prefault, lock; zero on
//! release, verify on acquire.

use crate::{BlockLayout, Region, RegionError};

/// Which pages back a mapping.
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
    /// Ordinary pages that the system is advised to merge into huge ones where it can. Never an
    /// error: a system without them keeps its ordinary pages.
    Transparent,
    /// Huge pages from the system's reserve, in bytes a page: a power of two of at least 64 KiB
    /// that the processor has (2 MiB and 1 GiB on x86-64). Linux only. Fails when too few are
    /// reserved.
    Explicit(usize),
}

/// Options for the memory of a [`Region`], from [`Region::options`].
///
/// The side tables of a region (see [`Region::side_table`]) are prefaulted and locked with it, and so are the
/// magazines of a lock-free pool.
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
    /// All of them off; what `default` returns, where that cannot be called.
    pub(crate) const OFF: Self = Self {
        huge_pages: HugePages::Off,
        prefault: false,
        lock: false,
        zero_on_release: false,
        verify_on_acquire: false,
    };

    /// Which pages back the mapping. Default: [`HugePages::Off`].
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, HugePages, Region};
    ///
    /// let layout = BlockLayout::new(4096, 512)?;
    /// match Region::options().huge_pages(HugePages::Explicit(2 << 20)).map(layout) {
    ///     Ok(region) => assert_eq!(region.layout().capacity(), 512),
    ///     Err(error) => eprintln!("{error}"), // says how to reserve some
    /// }
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    pub const fn huge_pages(mut self, pages: HugePages) -> Self {
        self.huge_pages = pages;
        self
    }

    /// Touch every page at construction, so that no later access faults. Default: off, pages are
    /// committed as blocks are first used.
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

    /// Lock the memory, so that it is never written to swap; this prefaults it, too.
    /// Default: off. Needs a limit on locked memory (`ulimit -l`) of at least the region's size.
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

    /// Write zeros over a block each time that it is given back. Default: off. Costs one pass
    /// over the block for each release; off it costs nothing in the
    /// lock-free pool's calls, and a branch in others'.
    ///
    /// Every byte of the block is written, so a raw block may be freed with uninitialised bytes, such as
    /// the padding of a struct. See [typed data](crate::BlockAlloc#typed-data).
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

    /// Look at a block each time that it is handed out: all of it must still be zero. Implies
    /// [`zero_on_release`](Self::zero_on_release). Default: off. Costs one more pass over the block, a
    /// read, for each acquisition; off it costs nothing in the
    /// lock-free pool's calls, and a branch in others'.
    ///
    /// A byte that is not zero is a write after free: somebody wrote to the block by a pointer that it
    /// kept. The process ends then, by a panic that never unwinds: hooks and standard error get the
    /// message, with block, offset and byte. It is no error, since nobody can say what else is wrong by
    /// then. Where the write comes after the next holder has the block, nobody sees it.
    ///
    /// # Examples
    ///
    /// One line to turn on; and with a guard behind each block what overruns it is found as well, see
    /// [`BlockLayout::with_guard`]:
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

    /// A region of this layout in an anonymous mapping; see [`Region::map`].
    ///
    /// # Errors
    ///
    /// [`RegionError::Map`], [`RegionError::HugePages`], [`RegionError::NoSuchHugePages`],
    /// [`RegionError::BadHugePageSize`], [`RegionError::Lock`], or [`RegionError::Unsupported`]
    /// where the platform lacks an option.
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

    /// A region of this layout on the heap; see [`Region::heap`].
    ///
    /// # Errors
    ///
    /// [`RegionError::Heap`], [`RegionError::Map`] for the metadata of many blocks, or
    /// [`RegionError::Unsupported`] if an option needs a mapping (all do but
    /// [`zero_on_release`](Self::zero_on_release) and [`verify_on_acquire`](Self::verify_on_acquire)).
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

    /// A region of this layout in the caller's memory; see [`Region::from_static`].
    ///
    /// # Errors
    ///
    /// [`RegionError::MemoryTooSmall`], or [`RegionError::Unsupported`] if an option needs a
    /// mapping (all do but [`zero_on_release`](Self::zero_on_release) and
    /// [`verify_on_acquire`](Self::verify_on_acquire)).
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

    /// An error if an option is on that only a mapping can honour.
    pub(crate) fn refuse_what_needs_a_mapping(&self) -> Result<(), RegionError> {
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
