//! How much memory a region and its tables take if all of it lies in one piece.
//!
//! ```text
//! |<- blocks ->|padding|<- words ->|<- marks ->|padding|<- a backend's table ->|
//! 0                                                                        bytes
//! ```
//!
//! The words are there with the feature `bytes` only. Everything is counted from an aligned start,
//! so the sum is known when the program is compiled; where the memory lies is not.

use core::sync::atomic::AtomicU8;

#[cfg(feature = "bytes")]
use crate::shares::Word;
use crate::{BlockLayout, ZeroIsValid};

/// Bytes and alignment of a region, and of the tables beside it, in one piece of memory.
///
/// What lies there is taken out of a [`ZeroedMemory`](crate::ZeroedMemory) in the same order.
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
/// // 4 blocks, a byte and perhaps a word for each, and a table of 4 entries beside them.
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
    /// That of a region with its metadata: a byte a block, and a word more with the feature `bytes`.
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

    /// With a table of `len` entries behind what is there. Saturates where no memory could be as
    /// large.
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

    /// Bytes from an aligned start to the end.
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

    /// What the start must be aligned to, in bytes: a power of two.
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

    /// Bytes that suffice however the memory is aligned.
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
