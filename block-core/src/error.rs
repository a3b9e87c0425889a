//! The errors of creating a region, allocating a block, and freeing one.

use core::fmt;

use crate::{LayoutError, ResourceLimit};

/// The error of an allocation.
///
/// # Examples
///
/// ```
/// use block_core::AllocError;
///
/// let text = AllocError::Closed.to_string();
/// assert_eq!(text, "the pool was closed for waiting; stop waiting for it");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AllocError {
    /// At some instant during the call, too few blocks were free.
    Exhausted,
    /// No block became free before the timeout or deadline of a waiting call.
    TimedOut,
    /// The pool was closed for waiting, by `Waiting::close`.
    Closed,
}

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exhausted => f.write_str(
                "every block of the pool is in use, or too few are free; free blocks, or build a \
                 larger pool",
            ),
            Self::TimedOut => f.write_str(
                "no block of the pool became free in time; free blocks earlier, wait longer, or \
                 build a larger pool",
            ),
            Self::Closed => f.write_str("the pool was closed for waiting; stop waiting for it"),
        }
    }
}

impl core::error::Error for AllocError {}

#[cfg(feature = "std")]
impl From<AllocError> for std::io::Error {
    /// Returns an error of the kind `OutOfMemory`, `TimedOut` or `BrokenPipe`, for calls that read
    /// into blocks.
    fn from(error: AllocError) -> Self {
        let kind = match error {
            AllocError::Exhausted => std::io::ErrorKind::OutOfMemory,
            AllocError::TimedOut => std::io::ErrorKind::TimedOut,
            AllocError::Closed => std::io::ErrorKind::BrokenPipe,
        };
        Self::new(kind, error)
    }
}

/// The error of a free. The pool is unchanged.
///
/// # Examples
///
/// ```
/// use block_core::FreeError;
///
/// assert_eq!(FreeError::Foreign.to_string(), "the pointer is outside the pool's region");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FreeError {
    /// The pointer is outside the region: before it, past its end, or of another pool.
    Foreign,
    /// The pointer is inside the region, but not at the start of a block.
    NotBlockStart,
    /// The block is not allocated raw: it is free, was never allocated, or is owned by a handle.
    NotAllocated,
}

impl fmt::Display for FreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "the pointer is outside the pool's region",
            Self::NotBlockStart => {
                "the pointer is inside the pool's region but not at the start of a block"
            }
            Self::NotAllocated => {
                "the block is not allocated raw: it is free, was never allocated, or is owned by a handle"
            }
        })
    }
}

impl core::error::Error for FreeError {}

/// What the memory of a [`RegionError`] was for.
///
/// # Examples
///
/// ```
/// use block_core::MemoryPurpose;
///
/// assert_eq!(MemoryPurpose::Blocks.to_string(), "the blocks of a pool");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryPurpose {
    /// The blocks of a region.
    Blocks,
    /// Metadata: links, marks, reference counts or caches of threads.
    Metadata,
}

impl fmt::Display for MemoryPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blocks => "the blocks of a pool",
            Self::Metadata => "the metadata of a pool",
        })
    }
}

/// The error of creating a region or a side table.
///
/// # Examples
///
/// ```
/// use block_core::{BlockLayout, Region, RegionError};
///
/// // More than an address space of 47 bits.
/// # #[cfg(all(feature = "std", target_pointer_width = "64"))] {
/// let layout = BlockLayout::new(1 << 20, 1 << 40)?;
/// let refused = Region::map(layout).unwrap_err();
/// assert!(matches!(refused, RegionError::Map { bytes, .. } if bytes >= 1 << 60));
/// # }
/// # Ok::<(), block_core::LayoutError>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionError {
    /// The operating system refused an anonymous mapping.
    Map {
        /// The number of bytes, without guard pages.
        bytes: usize,
        /// What the bytes were for.
        purpose: MemoryPurpose,
        /// The system's error number, if there is one.
        os_error: Option<i32>,
        /// The limit that the request exceeds, if it is known.
        limit: Option<ResourceLimit>,
    },
    /// The heap refused the memory.
    Heap {
        /// The number of bytes.
        bytes: usize,
        /// What the bytes were for.
        purpose: MemoryPurpose,
        /// The limit that the request exceeds, if it is known.
        limit: Option<ResourceLimit>,
    },
    /// The system has too few reserved huge pages of this size.
    HugePages {
        /// The number of bytes.
        bytes: usize,
        /// Bytes per huge page.
        page_size: usize,
        /// The system's error number, if there is one.
        os_error: Option<i32>,
    },
    /// The huge page size is not a power of two of at least 64 KiB.
    BadHugePageSize {
        /// The requested page size in bytes.
        page_size: usize,
    },
    /// The processor or the kernel has no huge pages of this size.
    NoSuchHugePages {
        /// The requested page size in bytes.
        page_size: usize,
    },
    /// The memory could not be locked.
    Lock {
        /// The number of bytes that this call was to lock.
        bytes: usize,
        /// What the bytes were for.
        purpose: MemoryPurpose,
        /// The limit on locked memory of this process in bytes, if it is known and finite.
        limit: Option<u64>,
        /// The system's error number, if there is one.
        os_error: Option<i32>,
    },
    /// The caller's memory is too small for the layout.
    MemoryTooSmall {
        /// Bytes that the layout needs at any alignment of the memory.
        needed: usize,
        /// Bytes of the memory.
        given: usize,
    },
    /// A side table would exceed `isize::MAX` bytes.
    TableTooLarge {
        /// Number of entries.
        entries: usize,
        /// Bytes per entry.
        entry_size: usize,
    },
    /// This build or platform does not support an option.
    Unsupported {
        /// The option.
        what: &'static str,
    },
}

/// Writes the system's text for an error number, if there is one.
struct OsError(Option<i32>);

impl fmt::Display for OsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            #[cfg(feature = "std")]
            Some(code) => write!(f, ": {}", std::io::Error::from_raw_os_error(code)),
            #[cfg(not(feature = "std"))]
            Some(code) => write!(f, ": os error {code}"),
            None => Ok(()),
        }
    }
}

/// Writes what to do about a limit.
struct Advice(Option<ResourceLimit>);

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |limit| write!(f, "; {limit}"))
    }
}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Map { bytes, purpose, os_error, limit } => write!(
                f,
                "the system refused to map {bytes} bytes for {purpose}{}{}",
                OsError(os_error),
                Advice(limit)
            ),
            Self::Heap { bytes, purpose, limit } => {
                write!(f, "the heap refused {bytes} bytes for {purpose}{}", Advice(limit))
            }
            Self::HugePages { bytes, page_size, os_error } => write!(
                f,
                "the system has too few free huge pages of {} KiB for {bytes} bytes{}; reserve \
                 {} of them, for instance with `echo {} > \
                 /sys/kernel/mm/hugepages/hugepages-{}kB/nr_hugepages`, or ask for transparent \
                 ones",
                page_size >> 10,
                OsError(os_error),
                bytes.div_ceil(page_size),
                bytes.div_ceil(page_size),
                page_size >> 10,
            ),
            Self::BadHugePageSize { page_size } => write!(
                f,
                "a huge page of {page_size} bytes is not a power of two of at least 65536"
            ),
            Self::NoSuchHugePages { page_size } => write!(
                f,
                "this system has no huge pages of {} KiB; /sys/kernel/mm/hugepages lists the \
                 sizes that it has",
                page_size >> 10
            ),
            Self::Lock { bytes, purpose, limit, os_error } => write!(
                f,
                "the system refused to lock {bytes} bytes for {purpose}{}{}",
                OsError(os_error),
                Advice(limit.map(ResourceLimit::LockedMemory))
            ),
            Self::MemoryTooSmall { needed, given } => {
                write!(f, "the memory given has {given} bytes; this layout needs {needed}")
            }
            Self::TableTooLarge { entries, entry_size } => write!(
                f,
                "a side table of {entries} entries of {entry_size} bytes exceeds the limit of \
                 isize::MAX = {} bytes",
                isize::MAX
            ),
            Self::Unsupported { what } => {
                write!(f, "{what}: not supported on this platform or in this build")
            }
        }
    }
}

impl core::error::Error for RegionError {}

/// The error of creating a pool.
///
/// # Examples
///
/// ```
/// use block_core::{BuildError, LayoutError};
///
/// let error = BuildError::from(LayoutError::ZeroCapacity);
/// assert_eq!(error.to_string(), "the capacity is 0; it must be at least 1 block");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// The layout is invalid.
    Layout(LayoutError),
    /// The memory is not available.
    Region(RegionError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout(error) => error.fmt(f),
            Self::Region(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Layout(error) => error.source(),
            Self::Region(error) => error.source(),
        }
    }
}

impl From<LayoutError> for BuildError {
    fn from(error: LayoutError) -> Self {
        Self::Layout(error)
    }
}

impl From<RegionError> for BuildError {
    fn from(error: RegionError) -> Self {
        Self::Region(error)
    }
}
