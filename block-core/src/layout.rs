//! Block layout: how large a block is, how far apart blocks lie, how many there are.
//!
//! ```text
//! base                                                      base + stride * capacity
//! |<------- stride ------->|<------- stride ------->|  ...  |
//! |<- block_size ->|padding|<- block_size ->|padding|       |
//! block 0                  block 1                          (one past the end: no block)
//! ```
//!
//! Every product and sum that a region of this layout will ever need is checked once, here;
//! code that holds a [`BlockLayout`] may multiply `index * stride` without a further check.

use core::fmt;

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
}

impl BlockLayout {
    /// The largest alignment that is given without being asked for: one cache line, in bytes.
    ///
    /// Blocks of a cache line and more never share one; smaller blocks stay dense.
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

    /// A layout of `capacity` blocks of `block_size` bytes each, aligned to
    /// `min(64, block_size.next_power_of_two())` bytes.
    ///
    /// # Errors
    ///
    /// [`LayoutError::ZeroBlockSize`], [`LayoutError::ZeroCapacity`], or
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
        Self::checked(block_size, capacity, align)
    }

    /// The same blocks at another alignment: any power of two, above the page size too.
    ///
    /// The stride becomes the block size rounded up to `align`.
    ///
    /// # Errors
    ///
    /// [`LayoutError::BadAlign`] if `align` is not a power of two (zero is none), or
    /// [`LayoutError::TooLarge`] if the wider stride makes the region exceed `isize::MAX` bytes.
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
        Self::checked(self.block_size, self.capacity, align)
    }

    const fn checked(
        block_size: usize,
        capacity: usize,
        align: usize,
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
        let too_large = Err(LayoutError::TooLarge { block_size, align, capacity });
        let Some(stride) = block_size.checked_next_multiple_of(align) else {
            return too_large;
        };
        let Some(bytes) = stride.checked_mul(capacity) else {
            return too_large;
        };
        // A backing that cannot align by itself reserves up to `align - 1` bytes more.
        match bytes.checked_add(align - 1) {
            Some(reserved) if reserved <= isize::MAX as usize => {
                Ok(Self { block_size, align, stride, capacity })
            }
            _ => too_large,
        }
    }

    /// Bytes of a block that its holder may use.
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

    /// Alignment of every block, in bytes: a power of two.
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

    /// Bytes from the start of one block to the start of the next: the block size rounded up to
    /// the alignment.
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

    /// How many blocks there are.
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

    /// Bytes from the first block to one past the last: `stride * capacity`.
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
        }
    }
}

impl core::error::Error for LayoutError {}

#[cfg(test)]
mod tests {
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
