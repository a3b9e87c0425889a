//! Block layout: block size, alignment, stride and capacity.
//!
//! ```text
//! base                                                      base + stride * capacity
//! |<------- stride ------->|<------- stride ------->|  ...  |
//! |<- block_size ->|padding|<- block_size ->|padding|       |
//! block 0                  block 1                          (one past the end: no block)
//! ```
//!
//! All products and sums that a region of a layout needs are checked once, when the layout is
//! created. Code that has a [`BlockLayout`] may compute `index * stride` without a check.
//!
//! The padding serves alignment only. With a guard it is as large as the guard or larger, and all
//! of it is written and checked, see [`BlockLayout::with_guard`].

pub(crate) mod exact_division;
mod index;

use core::fmt;

pub use index::BlockIndex;

/// The shape of a region: block size, alignment, stride and capacity, all checked.
///
/// # Examples
///
/// ```
/// use block_core::BlockLayout;
///
/// let layout = BlockLayout::new(1500, 4096)?.with_align(2048)?;
/// assert_eq!(layout.block_size(), 1500);
/// assert_eq!(layout.stride(), 2048);
/// # Ok::<(), block_core::LayoutError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockLayout {
    block_size: usize,
    align: usize,
    stride: usize,
    capacity: usize,
    /// The smallest guard. The padding may be larger, depending on the alignment.
    least_guard: usize,
}

impl BlockLayout {
    /// The largest default alignment in bytes: one cache line.
    ///
    /// Blocks of a cache line or more never share one. Smaller blocks stay dense.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::BlockLayout;
    ///
    /// let large = BlockLayout::new(1500, 10)?;
    /// assert_eq!(large.align(), BlockLayout::DEFAULT_ALIGN_LIMIT);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    pub const DEFAULT_ALIGN_LIMIT: usize = 64;

    /// Creates a layout of `capacity` blocks of `block_size` bytes each, aligned to
    /// `min(64, block_size.next_power_of_two())` bytes.
    ///
    /// # Errors
    ///
    /// Returns [`LayoutError::ZeroBlockSize`] or [`LayoutError::ZeroCapacity`] for a zero, and
    /// [`LayoutError::TooLarge`] if the region would be larger than `isize::MAX` bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, LayoutError};
    ///
    /// const PACKETS: BlockLayout = match BlockLayout::new(1514, 1024) {
    ///     Ok(layout) => layout,
    ///     Err(_) => panic!("the sizes above are wrong"),
    /// };
    /// assert_eq!((PACKETS.align(), PACKETS.stride()), (64, 1536));
    /// assert_eq!(BlockLayout::new(0, 10), Err(LayoutError::ZeroBlockSize));
    /// ```
    pub const fn new(block_size: usize, capacity: usize) -> Result<Self, LayoutError> {
        let align = match block_size.checked_next_power_of_two() {
            Some(power) if power < Self::DEFAULT_ALIGN_LIMIT => power,
            _ => Self::DEFAULT_ALIGN_LIMIT,
        };
        Self::checked(block_size, capacity, align, 0)
    }

    /// Returns this layout with another alignment: any power of two, also above the page size.
    ///
    /// The stride becomes the block size, with the guard if there is one, rounded up to `align`.
    ///
    /// # Errors
    ///
    /// Returns [`LayoutError::BadAlign`] if `align` is not a power of two, and
    /// [`LayoutError::TooLarge`] (with a guard [`LayoutError::GuardTooLarge`]) if the larger stride
    /// makes the region exceed `isize::MAX` bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, LayoutError};
    ///
    /// let dense = BlockLayout::new(12, 100)?.with_align(4)?;
    /// assert_eq!(dense.stride(), 12);
    /// assert_eq!(dense.with_align(24), Err(LayoutError::BadAlign { align: 24 }));
    /// # Ok::<(), LayoutError>(())
    /// ```
    pub const fn with_align(self, align: usize) -> Result<Self, LayoutError> {
        Self::checked(self.block_size, self.capacity, align, self.least_guard)
    }

    /// Returns this layout with a guard of at least `bytes` behind each block. The stride becomes
    /// the block size plus `bytes`, rounded up to the alignment, and all of the padding is guarded.
    /// 0 means no guard, which is the default.
    ///
    /// A pool writes a pattern into the guard when it allocates the block, and checks it when the
    /// block is freed. If a byte has changed, the process is aborted with a report of the block and
    /// the offset, see [`Region::on_release`](crate::Region::on_release). The pattern depends on
    /// the address of the block. It finds mistakes and is not a secret. A single wrong byte is not
    /// found if it equals the byte of the pattern; a zero is always found.
    ///
    /// A guard costs its memory, a write per allocation, and a read per free. Without a guard the
    /// calls of the lock-free pool pay nothing, and those of other pools a branch.
    ///
    /// # Errors
    ///
    /// Returns [`LayoutError::GuardTooLarge`] if the larger stride makes the region exceed
    /// `isize::MAX` bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::BlockLayout;
    ///
    /// let guarded = BlockLayout::new(1500, 100)?.with_guard(16)?;
    /// assert_eq!((guarded.block_size(), guarded.stride(), guarded.guard()), (1500, 1536, 36));
    /// assert_eq!(guarded.with_align(4)?.guard(), 16);
    /// assert_eq!(guarded.with_guard(0)?, BlockLayout::new(1500, 100)?);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    pub const fn with_guard(self, bytes: usize) -> Result<Self, LayoutError> {
        Self::checked(self.block_size, self.capacity, self.align, bytes)
    }

    const fn checked(
        block_size: usize,
        capacity: usize,
        align: usize,
        least_guard: usize,
    ) -> Result<Self, LayoutError> {
        if block_size == 0 {
            return Err(LayoutError::ZeroBlockSize);
        }
        if capacity == 0 {
            return Err(LayoutError::ZeroCapacity);
        }
        if !align.is_power_of_two() {
            return Err(LayoutError::BadAlign { align });
        }
        let too_large = Err(match least_guard {
            0 => LayoutError::TooLarge { block_size, align, capacity },
            guard => LayoutError::GuardTooLarge { block_size, align, capacity, guard },
        });
        let Some(guarded) = block_size.checked_add(least_guard) else {
            return too_large;
        };
        let Some(stride) = guarded.checked_next_multiple_of(align) else {
            return too_large;
        };
        let Some(bytes) = stride.checked_mul(capacity) else {
            return too_large;
        };
        // Memory with a smaller alignment is reserved with up to `align - 1` more bytes.
        match bytes.checked_add(align - 1) {
            Some(reserved) if reserved <= isize::MAX as usize => {
                Ok(Self { block_size, align, stride, capacity, least_guard })
            }
            _ => too_large,
        }
    }

    /// Returns the number of usable bytes of a block.
    ///
    /// # Examples
    ///
    /// ```
    /// let layout = block_core::BlockLayout::new(100, 3)?;
    /// assert_eq!(layout.block_size(), 100);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn block_size(&self) -> usize {
        self.block_size
    }

    /// Returns the alignment of every block in bytes: a power of two.
    ///
    /// # Examples
    ///
    /// ```
    /// let layout = block_core::BlockLayout::new(100, 3)?;
    /// assert_eq!(layout.align(), 64);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn align(&self) -> usize {
        self.align
    }

    /// Returns the number of bytes from the start of one block to the start of the next: the block
    /// size plus the guard, rounded up to the alignment.
    ///
    /// # Examples
    ///
    /// ```
    /// let layout = block_core::BlockLayout::new(100, 3)?;
    /// assert_eq!(layout.stride(), 128);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn stride(&self) -> usize {
        self.stride
    }

    /// Returns the number of bytes behind each block that are written and checked, see
    /// [`with_guard`](Self::with_guard): all bytes up to the next block, or 0 without a guard.
    ///
    /// # Examples
    ///
    /// ```
    /// let layout = block_core::BlockLayout::new(100, 3)?;
    /// assert_eq!(layout.guard(), 0);
    /// assert_eq!(layout.with_guard(1)?.guard(), 28);
    /// assert_eq!(layout.with_guard(29)?.guard(), 28 + 64);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn guard(&self) -> usize {
        if self.least_guard == 0 { 0 } else { self.stride - self.block_size }
    }

    /// Returns the number of blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// let layout = block_core::BlockLayout::new(100, 3)?;
    /// assert_eq!(layout.capacity(), 3);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Returns the number of bytes of all blocks: `stride * capacity`.
    ///
    /// # Examples
    ///
    /// ```
    /// let layout = block_core::BlockLayout::new(100, 3)?;
    /// assert_eq!(layout.region_bytes(), 3 * 128);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn region_bytes(&self) -> usize {
        self.stride * self.capacity
    }
}

/// The error of an invalid [`BlockLayout`].
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
        /// The requested alignment.
        align: usize,
    },
    /// The blocks would exceed `isize::MAX` bytes.
    TooLarge {
        /// Bytes per block.
        block_size: usize,
        /// Alignment of a block in bytes.
        align: usize,
        /// Number of blocks.
        capacity: usize,
    },
    /// The blocks and their guards would exceed `isize::MAX` bytes.
    GuardTooLarge {
        /// Bytes per block.
        block_size: usize,
        /// Alignment of a block in bytes.
        align: usize,
        /// Number of blocks.
        capacity: usize,
        /// Bytes of the guard behind each block, see [`BlockLayout::with_guard`].
        guard: usize,
    },
}

impl LayoutError {
    /// Returns the message without the numbers, for a panic at compile time, which cannot print
    /// them.
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

#[cfg(test)]
mod tests {
    //! The arithmetic of layouts, up to its limits.

    use super::*;

    #[test]
    fn default_alignment_keeps_small_blocks_dense_and_large_ones_on_their_own_line() {
        let stride = |size| BlockLayout::new(size, 1).unwrap().stride();
        assert_eq!([1, 2, 3, 8, 24, 33, 64, 65].map(stride), [1, 2, 4, 8, 32, 64, 64, 128]);
    }

    #[test]
    fn the_limit_is_exact() {
        let limit = isize::MAX as usize;
        assert!(BlockLayout::new(1, limit).is_ok());
        assert!(BlockLayout::new(1, limit + 1).is_err());
        assert!(BlockLayout::new(limit, 1).is_err(), "rounding up to 64 passes the limit");
        assert!(BlockLayout::new(1, limit - 4095).unwrap().with_align(1).is_ok());
        assert!(BlockLayout::new(1, 2).unwrap().with_align(1 << (usize::BITS - 2)).is_err());
        assert!(BlockLayout::new(1, 1).unwrap().with_align(1 << (usize::BITS - 1)).is_err());
    }

    #[test]
    fn every_refusal_names_its_value() {
        let huge = BlockLayout::new(usize::MAX, 7).unwrap_err();
        let message = std::format!("{huge}");
        assert!(message.contains(&std::format!("{}", usize::MAX)) && message.contains('7'));
        assert!(message.contains(&std::format!("{}", isize::MAX)));
        let layout = BlockLayout::new(8, 8).unwrap();
        for align in [0, 3, 24, usize::MAX] {
            let error = layout.with_align(align).unwrap_err();
            assert_eq!(error, LayoutError::BadAlign { align });
            assert!(std::format!("{error}").contains(&std::format!("{align}")));
        }
        assert_eq!(BlockLayout::new(0, 0), Err(LayoutError::ZeroBlockSize));
        assert_eq!(BlockLayout::new(1, 0), Err(LayoutError::ZeroCapacity));
    }

    #[test]
    fn a_guard_is_as_wide_as_asked_for_whatever_comes_first() {
        for (size, guard, align) in
            [(64, 16, 64), (1, 1, 1), (100, 28, 64), (100, 29, 64), (3, 9, 4096)]
        {
            let plain = BlockLayout::new(size, 7).unwrap();
            let guarded = plain.with_guard(guard).unwrap().with_align(align).unwrap();
            assert_eq!(guarded, plain.with_align(align).unwrap().with_guard(guard).unwrap());
            assert_eq!(guarded.stride(), (size + guard).next_multiple_of(align));
            assert_eq!(guarded.guard(), guarded.stride() - size, "up to the next block");
            assert_eq!(guarded.with_guard(0).unwrap(), plain.with_align(align).unwrap());
        }
    }

    #[test]
    fn a_guard_beyond_the_limit_is_refused_and_named() {
        let limit = isize::MAX as usize;
        let byte = BlockLayout::new(1, 1).unwrap();
        assert!(byte.with_guard(limit - 1).is_ok(), "the limit is exact");
        for guard in [limit, usize::MAX - 1, usize::MAX] {
            let error = byte.with_guard(guard).unwrap_err();
            let expected =
                LayoutError::GuardTooLarge { block_size: 1, align: 1, capacity: 1, guard };
            assert_eq!(error, expected);
            assert!(std::format!("{error}").contains(&std::format!("a guard of {guard}")));
        }
        let guarded = byte.with_guard(limit / 2 + 1).unwrap();
        let align = 1 << (usize::BITS - 2);
        assert!(byte.with_align(align).is_ok());
        assert!(guarded.with_align(align).is_err(), "the guard is kept");
        assert!(byte.with_align(64).unwrap().with_guard(limit - 63).is_err(), "rounded up");
    }

    #[test]
    fn products_that_wrap_are_refused() {
        for (size, capacity) in [
            (1 << (usize::BITS / 2), 1 << (usize::BITS / 2)),
            (usize::MAX, usize::MAX),
            (isize::MAX as usize, 3),
            (3, usize::MAX / 2),
        ] {
            assert!(matches!(BlockLayout::new(size, capacity), Err(LayoutError::TooLarge { .. })));
        }
    }
}
