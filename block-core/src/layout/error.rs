//! Why a layout was refused.

use core::fmt;

#[cfg(doc)]
use super::BlockLayout;

/// Why a [`BlockLayout`] was refused.
///
/// # Examples
///
/// ```
/// use block_core::{BlockLayout, LayoutError};
///
/// let error = BlockLayout::new(64, 10).and_then(|layout| layout.with_align(48)).unwrap_err();
/// assert_eq!(error, LayoutError::BadAlign { align: 48 });
/// assert_eq!(error.to_string(), "the alignment 48 is not a power of two");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutError {
    /// The block size was zero.
    ZeroBlockSize,
    /// The capacity was zero.
    ZeroCapacity,
    /// The alignment was not a power of two.
    BadAlign {
        /// The alignment asked for.
        align: usize,
    },
    /// The blocks would not fit an address space.
    TooLarge {
        /// Bytes a block.
        block_size: usize,
        /// Alignment of a block in bytes.
        align: usize,
        /// Number of blocks.
        capacity: usize,
    },
    /// The blocks and their guards would not fit an address space.
    GuardTooLarge {
        /// Bytes a block.
        block_size: usize,
        /// Alignment of a block in bytes.
        align: usize,
        /// Number of blocks.
        capacity: usize,
        /// Bytes to be guarded behind each block, see [`BlockLayout::with_guard`].
        guard: usize,
    },
}

impl LayoutError {
    /// What is wrong, without the numbers: for a panic at compile time, which cannot print those.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::BlockLayout;
    ///
    /// const PACKETS: BlockLayout = match BlockLayout::new(1514, 1024) {
    ///     Ok(layout) => layout,
    ///     Err(error) => panic!("{}", error.message()),
    /// };
    /// ```
    #[must_use]
    pub const fn message(&self) -> &'static str {
        match self {
            Self::ZeroBlockSize => "the block size is 0; it must be at least 1 byte",
            Self::ZeroCapacity => "the capacity is 0; it must be at least 1 block",
            Self::BadAlign { .. } => "the alignment is not a power of two",
            Self::TooLarge { .. } => "the blocks exceed the limit of isize::MAX bytes",
            Self::GuardTooLarge { .. } => {
                "the blocks and their guards exceed the limit of isize::MAX bytes"
            }
        }
    }
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroBlockSize | Self::ZeroCapacity => f.write_str(self.message()),
            Self::BadAlign { align } => {
                write!(f, "the alignment {align} is not a power of two")
            }
            Self::TooLarge { block_size, align, capacity } => write!(
                f,
                "{capacity} blocks of {block_size} bytes, aligned to {align}, exceed the limit of \
                 isize::MAX = {} bytes",
                isize::MAX
            ),
            Self::GuardTooLarge { block_size, align, capacity, guard } => write!(
                f,
                "{capacity} blocks of {block_size} bytes and a guard of {guard} behind each, aligned to \
                 {align}, exceed the limit of isize::MAX = {} bytes",
                isize::MAX
            ),
        }
    }
}

impl core::error::Error for LayoutError {}
