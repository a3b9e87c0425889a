//! The index of a block within its region.

use core::fmt;

/// The index of a block within its region, starting at 0.
///
/// # Examples
///
/// ```
/// use block_core::{BlockIndex, BlockLayout, Region};
///
/// let region = Region::map(BlockLayout::new(64, 10)?)?;
/// let third = region.block(BlockIndex::new(2));
/// assert_eq!(region.locate(third)?.get(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct BlockIndex(usize);

const _: () = assert!(size_of::<BlockIndex>() == size_of::<usize>());

impl BlockIndex {
    /// Creates an index. The functions that take it check whether the region has such a block.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::BlockIndex;
    ///
    /// const FIRST: BlockIndex = BlockIndex::new(0);
    /// assert!(FIRST < BlockIndex::new(1));
    /// ```
    #[must_use]
    #[inline]
    pub const fn new(index: usize) -> Self {
        Self(index)
    }

    /// Returns the index as a number.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(block_core::BlockIndex::new(7).get(), 7);
    /// ```
    #[must_use]
    #[inline]
    pub const fn get(self) -> usize {
        self.0
    }
}

impl fmt::Display for BlockIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
