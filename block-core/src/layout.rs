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
//!
//! The padding has no purpose but alignment, unless a guard is asked for: then it is widened to that, and
//! all of it is written and checked, see [`BlockLayout::with_guard`].

mod error;
#[cfg(test)]
mod tests;

pub use error::LayoutError;

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
    /// The guard as it was asked for: the padding may be wider, and changes with the alignment.
    least_guard: usize,
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
        Self::checked(block_size, capacity, align, 0)
    }

    /// The same blocks at another alignment: any power of two, above the page size too.
    ///
    /// The stride becomes the block size, with the guard if there is one, rounded up to `align`.
    ///
    /// # Errors
    ///
    /// [`LayoutError::BadAlign`] if `align` is not a power of two (zero is none), or
    /// [`LayoutError::TooLarge`], or [`LayoutError::GuardTooLarge`] of a layout with a guard, if the wider
    /// stride makes the region exceed `isize::MAX` bytes.
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

    /// The same blocks with a guard of at least `bytes` behind each: the stride becomes the block size and
    /// `bytes`, rounded up to the alignment, and all of the padding is guarded. 0, the default: no guard.
    ///
    /// A pool writes a pattern into the guard when it hands the block out, and looks at it when the block
    /// is given back. A byte that has changed is an overrun: the process ends with a report that names
    /// block and offset, see [`Region::on_release`](crate::Region::on_release). The pattern follows from the block's
    /// address. It finds mistakes and is no secret: who can read it can write it again. A single wrong
    /// byte goes unseen if it is by chance the one that stood there; a zero never does.
    ///
    /// Costs the memory of the guard, a write of it when a block is handed out, and a read when it is
    /// given back. Without one the lock-free pool's calls pay nothing, others' a branch.
    ///
    /// # Errors
    ///
    /// [`LayoutError::GuardTooLarge`] if the wider stride makes the region exceed `isize::MAX` bytes.
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
        // A backing that cannot align by itself reserves up to `align - 1` bytes more.
        match bytes.checked_add(align - 1) {
            Some(reserved) if reserved <= isize::MAX as usize => {
                Ok(Self { block_size, align, stride, capacity, least_guard })
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

    /// Bytes from the start of one block to the start of the next: the block size, with the guard if there
    /// is one, rounded up to the alignment.
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

    /// Bytes behind each block that are written and checked, see [`with_guard`](Self::with_guard): all up
    /// to the next block, or 0 without a guard.
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
