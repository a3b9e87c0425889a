//! The size of a region and its tables in one piece of memory.
//!
//! ```text
//! |<- blocks ->|padding|<- words ->|<- marks ->|padding|<- a backend's table ->|
//! 0                                                                        bytes
//! ```
//!
//! The words exist only with the feature `bytes`. All offsets are from an aligned start, so the
//! size is known at compile time, when the address is not.

use core::sync::atomic::AtomicU8;

#[cfg(feature = "bytes")]
use crate::shares::Word;
use crate::{BlockLayout, ZeroIsValid};

/// The size and the alignment of a region and its tables in one piece of memory.
///
/// The region and the tables take their parts from a [`ZeroedMemory`](crate::ZeroedMemory) in the
/// same order.
///
/// # Examples
///
/// ```
/// use block_core::backend::Footprint;
/// use block_core::{BlockLayout, Region};
/// use std::sync::atomic::AtomicU32;
///
/// let layout = BlockLayout::new(64, 4)?;
/// let region = Footprint::of_region(&layout);
/// assert_eq!(region.static_bytes(), Region::static_bytes(&layout));
///
/// // 4 blocks, one byte and perhaps one word for each, and a table of 4 entries.
/// let words = if cfg!(feature = "bytes") { 4 * size_of::<usize>() } else { 0 };
/// let both = region.with_table::<AtomicU32>(4);
/// assert_eq!((both.bytes(), both.align()), (4 * 64 + words + 4 + 4 * 4, 64));
/// # Ok::<(), block_core::LayoutError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    align: usize,
    bytes: usize,
}

impl Footprint {
    /// Returns the footprint of a region with its metadata: one byte per block, and one more word
    /// with the feature `bytes`.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::backend::Footprint;
    /// use block_core::BlockLayout;
    ///
    /// let small = Footprint::of_region(&BlockLayout::new(64, 10)?);
    /// assert!(small.bytes() >= 10 * (64 + 1));
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    pub const fn of_region(layout: &BlockLayout) -> Self {
        let blocks = Self { align: layout.align(), bytes: layout.region_bytes() };
        #[cfg(feature = "bytes")]
        let blocks = blocks.with_table::<Word>(layout.capacity());
        blocks.with_table::<AtomicU8>(layout.capacity())
    }

    /// Adds a table of `len` entries at the end. Saturates if no memory can be that large.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::backend::Footprint;
    /// use block_core::BlockLayout;
    /// use std::sync::atomic::AtomicU8;
    ///
    /// let region = Footprint::of_region(&BlockLayout::new(64, 10)?);
    /// assert_eq!(region.with_table::<AtomicU8>(10).bytes(), region.bytes() + 10);
    /// assert_eq!(region.with_table::<AtomicU8>(usize::MAX).bytes(), usize::MAX);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    pub const fn with_table<T: ZeroIsValid>(self, len: usize) -> Self {
        let align = if self.align > align_of::<T>() { self.align } else { align_of::<T>() };
        let start = match self.bytes.checked_next_multiple_of(align_of::<T>()) {
            Some(start) => start,
            None => usize::MAX,
        };
        Self { align, bytes: start.saturating_add(len.saturating_mul(size_of::<T>())) }
    }

    /// Returns the number of bytes from an aligned start to the end.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::backend::Footprint;
    /// # use block_core::BlockLayout;
    /// let footprint = Footprint::of_region(&BlockLayout::new(64, 10)?);
    /// assert!(footprint.bytes() <= footprint.static_bytes());
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the required alignment of the start in bytes: a power of two.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::backend::Footprint;
    /// # use block_core::BlockLayout;
    /// let footprint = Footprint::of_region(&BlockLayout::new(64, 10)?.with_align(4096)?);
    /// assert_eq!(footprint.align(), 4096);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    pub const fn align(&self) -> usize {
        self.align
    }

    /// Returns the number of bytes that are enough for memory of any alignment.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::backend::Footprint;
    /// # use block_core::BlockLayout;
    /// let footprint = Footprint::of_region(&BlockLayout::new(64, 10)?);
    /// assert_eq!(footprint.static_bytes(), footprint.bytes() + 63);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    pub const fn static_bytes(&self) -> usize {
        self.bytes.saturating_add(self.align - 1)
    }
}
