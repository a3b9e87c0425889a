//! How a region's memory is had: huge pages, prefault, lock, zero on release.

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
/// The side tables of a region (see [`Region::side_table`]) are prefaulted and locked with it.
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
}

impl RegionOptions {
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
    /// over the block for each release; a pool whose region has it off pays nothing.
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
    /// [`RegionError::Unsupported`] if an option needs a mapping (all but
    /// [`zero_on_release`](Self::zero_on_release) do).
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
    /// mapping (all but [`zero_on_release`](Self::zero_on_release) do).
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

#[cfg(all(feature = "std", any(unix, windows)))]
pub(crate) use mapping::map;

/// Anonymous mappings, prepared as the options say.
#[cfg(all(feature = "std", any(unix, windows)))]
mod mapping {
    use core::ptr::NonNull;

    use memmap2::{MmapOptions, MmapRaw};

    use crate::backing::{align_up, reserve};
    use crate::{HugePages, RegionError, RegionOptions};

    /// The page size that every supported system has at least.
    const SMALLEST_PAGE: usize = 4096;
    /// What transparent huge pages align to on the common processors.
    const TRANSPARENT_PAGE: usize = 2 << 20;

    /// A mapping with `bytes` bytes from an address aligned to `align`, and that address.
    pub(crate) fn map(
        bytes: usize,
        align: usize,
        options: &RegionOptions,
    ) -> Result<(MmapRaw, NonNull<u8>), RegionError> {
        let (map, base) = match options.huge_pages {
            HugePages::Off => lazily(bytes, align),
            HugePages::Transparent if bytes < TRANSPARENT_PAGE => lazily(bytes, align),
            HugePages::Transparent => {
                let (map, base) = lazily(bytes, align.max(TRANSPARENT_PAGE))?;
                // Advice alone: a system without transparent huge pages ignores or refuses it.
                #[cfg(target_os = "linux")]
                let _ = map.advise(memmap2::Advice::HugePage);
                Ok((map, base))
            }
            HugePages::Explicit(page_size) => huge(bytes, align, page_size),
        }?;
        if options.lock {
            lock(&map)?;
        } else if options.prefault {
            prefault(&map, base, bytes);
        }
        Ok((map, base))
    }

    /// Reserves address space alone: no page and no swap is set aside until first use.
    fn lazily(bytes: usize, align: usize) -> Result<(MmapRaw, NonNull<u8>), RegionError> {
        let reserved = reserve(bytes, align, SMALLEST_PAGE)
            .ok_or(RegionError::Map { bytes, os_error: None })?;
        let map =
            MmapOptions::new().len(reserved).no_reserve_swap().map_anon().map_err(|error| {
                RegionError::Map { bytes: reserved, os_error: error.raw_os_error() }
            })?;
        Ok(aligned(map.into(), align))
    }

    /// Takes huge pages out of the system's reserve at once, so that a shortage is an error here
    /// and not a fault later.
    #[cfg(target_os = "linux")]
    fn huge(
        bytes: usize,
        align: usize,
        page_size: usize,
    ) -> Result<(MmapRaw, NonNull<u8>), RegionError> {
        if !page_size.is_power_of_two() || page_size < 1 << 16 {
            return Err(RegionError::BadHugePageSize { page_size });
        }
        if page_size > isize::MAX as usize {
            return Err(RegionError::NoSuchHugePages { page_size }); // too large to ask for
        }
        let reserved = reserve(bytes, align, page_size)
            .and_then(|reserved| reserved.checked_next_multiple_of(page_size))
            .ok_or(RegionError::HugePages { bytes, page_size, os_error: None })?;
        let map = MmapOptions::new()
            .len(reserved)
            .huge(Some(page_size.trailing_zeros() as u8))
            .map_anon()
            .map_err(|error| match error.raw_os_error() {
                // A shortage is ENOMEM; of the arguments, only the page size can be invalid.
                Some(libc::EINVAL) => RegionError::NoSuchHugePages { page_size },
                os_error => RegionError::HugePages { bytes: reserved, page_size, os_error },
            })?;
        Ok(aligned(map.into(), align))
    }

    #[cfg(not(target_os = "linux"))]
    fn huge(
        _bytes: usize,
        _align: usize,
        _page_size: usize,
    ) -> Result<(MmapRaw, NonNull<u8>), RegionError> {
        Err(RegionError::Unsupported { what: "explicit huge pages" })
    }

    fn aligned(map: MmapRaw, align: usize) -> (MmapRaw, NonNull<u8>) {
        let start = NonNull::new(map.as_mut_ptr()).expect("a mapping never starts at address 0");
        (map, align_up(start, align))
    }

    /// Writes one byte in each page: a zero over a zero.
    fn prefault(map: &MmapRaw, base: NonNull<u8>, bytes: usize) {
        #[cfg(target_os = "linux")]
        if map.advise(memmap2::Advice::PopulateWrite).is_ok() {
            return; // Linux 5.14 and later do it in one call.
        }
        let _ = map;
        for offset in (0..bytes).step_by(SMALLEST_PAGE) {
            // SAFETY: the offset is below `bytes`, inside the mapping, which is zeroed, writable
            // and not shared with anyone yet.
            unsafe { base.add(offset).write_volatile(0) };
        }
    }

    #[cfg(unix)]
    fn lock(map: &MmapRaw) -> Result<(), RegionError> {
        map.lock().map_err(|error| RegionError::Lock {
            bytes: map.len(),
            limit: locked_memory_limit(),
            os_error: error.raw_os_error(),
        })
    }

    #[cfg(not(unix))]
    fn lock(_map: &MmapRaw) -> Result<(), RegionError> {
        Err(RegionError::Unsupported { what: "locking memory" })
    }

    /// `RLIMIT_MEMLOCK` of this process, if it is finite.
    #[cfg(unix)]
    fn locked_memory_limit() -> Option<u64> {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: `getrlimit` writes one `rlimit` through a pointer to one.
        let answer = unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &mut limit) };
        // The type of `rlim_cur` differs between systems.
        #[allow(clippy::useless_conversion, reason = "rlim_t is not u64 on every unix")]
        let bytes = u64::try_from(limit.rlim_cur).ok()?;
        (answer == 0 && limit.rlim_cur != libc::RLIM_INFINITY).then_some(bytes)
    }
}
