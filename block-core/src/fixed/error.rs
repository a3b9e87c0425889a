//! The error of cutting a region into registered buffers.

use core::fmt;

/// The error of cutting a region into registered buffers.
///
/// # Examples
///
/// ```
/// use block_core::{BlockLayout, FixedBuffersError, Region};
///
/// // Two blocks of 600 MB, of which the second does not start on a page.
/// # #[cfg(target_pointer_width = "64")] {
/// let layout = BlockLayout::new(600_000_000, 2)?;
/// let error = Region::map(layout)?.fixed_buffers().unwrap_err();
/// assert!(matches!(error, FixedBuffersError::GroupTooLarge { .. }));
/// // As the message of the error suggests.
/// assert!(Region::map(layout.with_align(65536)?)?.fixed_buffers().is_ok());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixedBuffersError {
    /// The region does not start on a page.
    Unaligned {
        /// The address of the region.
        address: usize,
        /// Bytes per page.
        page_size: usize,
    },
    /// A block is larger than a registered buffer can be.
    BlockTooLarge {
        /// Bytes per block, with its padding.
        stride: usize,
        /// The largest number of bytes of a registered buffer.
        limit: usize,
    },
    /// Too few blocks start on a page to cut the region there.
    GroupTooLarge {
        /// The number of blocks from one that starts on a page to the next.
        group: usize,
        /// Bytes per block, with its padding.
        stride: usize,
        /// Bytes per page.
        page_size: usize,
        /// The largest number of bytes of a registered buffer.
        limit: usize,
    },
    /// There would be more buffers than the kernel accepts.
    TooMany {
        /// The number of buffers that the region needs.
        buffers: usize,
        /// The largest number of buffers.
        limit: usize,
    },
}

impl fmt::Display for FixedBuffersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unaligned { address, page_size } => write!(
                f,
                "the region starts at {address:#x}, not on a page of {page_size} bytes; make it \
                 with Region::map, or align its blocks by with_align({page_size})"
            ),
            Self::BlockTooLarge { stride, limit } => write!(
                f,
                "a block takes {stride} bytes, but a registered buffer has at most {limit}; use \
                 smaller blocks"
            ),
            Self::GroupTooLarge { group, stride, page_size, limit } => write!(
                f,
                "of the blocks of {stride} bytes only every {group}th starts on a page of \
                 {page_size} bytes, too far apart for registered buffers of at most {limit} bytes; \
                 align the blocks by with_align({page_size})"
            ),
            Self::TooMany { buffers, limit } => write!(
                f,
                "the region needs {buffers} registered buffers, but the kernel takes at most \
                 {limit}; use fewer blocks, or several regions with a ring each"
            ),
        }
    }
}

impl core::error::Error for FixedBuffersError {}
