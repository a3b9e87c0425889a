//! The memory of a pool, and which of its addresses are blocks.

mod canary;
mod loan;
mod metadata;
mod source;
mod violation;

use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::AtomicBool;

use self::metadata::Metadata;
use crate::asan::Poison;
use crate::backing::Backing;
use crate::divide::ExactDivisor;
use crate::ledger::Ledger;
#[cfg(feature = "bytes")]
use crate::shares::Shares;
use crate::{
    BlockIndex, BlockLayout, FreeError, RegionError, RegionOptions, SideTable, ZeroIsValid,
};

/// One reserved stretch of memory, divided into blocks.
///
/// A region maps block numbers to addresses and back, in a handful of instructions each. It hands
/// out no block by itself: that is the business of the backend that owns it.
///
/// Metadata: one byte a block, committed as the blocks are first given out raw; with the feature
/// `bytes` a word more, committed as blocks first become buffers.
///
/// # Examples
///
/// ```
/// use block_core::{BlockIndex, BlockLayout, FreeError, Region};
///
/// let region = Region::map(BlockLayout::new(100, 8)?)?;
/// let block = region.block(BlockIndex::new(3));
/// assert_eq!(region.locate(block), Ok(BlockIndex::new(3)));
///
/// // SAFETY: a block has 100 bytes.
/// let inside = unsafe { block.add(1) };
/// assert_eq!(region.locate(inside), Err(FreeError::NotBlockStart));
/// assert_eq!(region.locate(std::ptr::NonNull::dangling()), Err(FreeError::Foreign));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Region {
    base: NonNull<u8>,
    stride: ExactDivisor,
    layout: BlockLayout,
    metadata: Metadata,
    options: RegionOptions,
    /// Whether something is done to blocks when they are handed out or given back.
    is_hardened: bool,
    /// Whether any block was lent: of a backend that does not lend no guard was ever written. Relaxed: what
    /// says that a block is out orders this, too.
    has_lent: AtomicBool,
    /// Dropped before the memory is.
    pub(crate) poison: Poison,
    /// Owns the memory that `base` points into.
    _blocks: Backing,
}

// SAFETY: a region owns its memory, gives out addresses only, and changes nothing but its metadata,
// which is atomic. Access to the bytes is the holders', one at a time by invariant 1.
unsafe impl Send for Region {}
// SAFETY: `&Region` gives out addresses alone, and what it changes is atomic.
unsafe impl Sync for Region {}

impl Region {
    /// The shape of the region.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockLayout, Region};
    /// let region = Region::map(BlockLayout::new(64, 16)?)?;
    /// assert_eq!(region.layout().capacity(), 16);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn layout(&self) -> &BlockLayout {
        &self.layout
    }

    /// Where a block lies. One comparison, one multiplication, one addition.
    ///
    /// # Panics
    ///
    /// If the region has no such block.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockIndex, BlockLayout, Region};
    /// let region = Region::map(BlockLayout::new(64, 16)?)?;
    /// let distance = region.block(BlockIndex::new(2)).addr().get()
    ///     - region.block(BlockIndex::new(0)).addr().get();
    /// assert_eq!(distance, 128);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn block(&self, index: BlockIndex) -> NonNull<u8> {
        if index.get() >= self.layout.capacity() {
            no_such_block(index, self.layout.capacity());
        }
        let (index, stride) = (index.get(), self.layout.stride());
        let offset = index * stride;
        // SAFETY: `index < capacity`, so the offset is inside the region, and the product was
        // checked for the whole region by `BlockLayout`.
        unsafe { self.base.add(offset) }
    }

    /// Which block starts at this address. One subtraction, multiplication, rotation and
    /// comparison, see Granlund & Montgomery 1994 (exact division without a divide).
    ///
    /// # Errors
    ///
    /// [`FreeError::Foreign`] outside the region, one past its end included;
    /// [`FreeError::NotBlockStart`] inside it but not at the start of a block.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockIndex, BlockLayout, FreeError, Region};
    /// let region = Region::map(BlockLayout::new(64, 16)?)?;
    /// let last = region.block(BlockIndex::new(15));
    /// assert_eq!(region.locate(last), Ok(BlockIndex::new(15)));
    /// let past = std::ptr::NonNull::new(last.as_ptr().wrapping_add(64)).unwrap();
    /// assert_eq!(region.locate(past), Err(FreeError::Foreign));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn locate(&self, block: NonNull<u8>) -> Result<BlockIndex, FreeError> {
        let offset = self.offset(block);
        let index = self.stride.quotient(offset);
        let capacity = self.layout.capacity();
        if index < capacity {
            Ok(BlockIndex::new(index))
        } else {
            Err(self.why_not_a_block(offset))
        }
    }

    #[cold]
    fn why_not_a_block(&self, offset: usize) -> FreeError {
        if offset < self.layout.region_bytes() {
            FreeError::NotBlockStart
        } else {
            FreeError::Foreign
        }
    }

    /// The number of a block of this region, without a check.
    ///
    /// # Safety
    ///
    /// `block` is the start of a block of this region.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockIndex, BlockLayout, Region};
    /// let region = Region::map(BlockLayout::new(64, 16)?)?;
    /// let block = region.block(BlockIndex::new(7));
    /// // SAFETY: the region's own block.
    /// assert_eq!(unsafe { region.index_of(block) }.get(), 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub unsafe fn index_of(&self, block: NonNull<u8>) -> BlockIndex {
        let index = self.stride.quotient(self.offset(block));
        debug_assert!(index < self.layout.capacity(), "not a block of this region");
        BlockIndex::new(index)
    }

    /// Where the first block starts.
    #[cfg(all(feature = "std", unix))]
    #[inline]
    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Whether the address lies in this region.
    #[inline]
    pub(crate) fn contains(&self, address: NonNull<u8>) -> bool {
        self.offset(address) < self.layout.region_bytes()
    }

    /// The region's own pointer to an address inside it. The one given may be narrower: what went
    /// through a reference reaches no further than its target.
    #[inline]
    pub(crate) fn own(&self, address: NonNull<u8>) -> NonNull<u8> {
        debug_assert!(self.contains(address), "not in this region");
        self.base.with_addr(address.addr())
    }

    /// The block that the bytes lie in, all of them, at the region's own pointer to the first.
    #[cfg(feature = "bytes")]
    pub(crate) fn block_around(&self, bytes: &[u8]) -> Option<(BlockIndex, NonNull<u8>)> {
        let first = NonNull::from(bytes).cast();
        if !self.contains(first) {
            return None;
        }
        let (index, before) = {
            let (offset, stride) = (self.offset(first), self.layout.stride());
            (offset / stride, offset % stride)
        };
        let room = self.layout.block_size().checked_sub(before)?;
        (bytes.len() <= room).then(|| (BlockIndex::new(index), self.own(first)))
    }

    /// Bytes from the start of the region, for an address in it; otherwise at least its size.
    #[inline]
    pub(crate) fn offset(&self, address: NonNull<u8>) -> usize {
        address.addr().get().wrapping_sub(self.base.addr().get())
    }

    /// A table with one zeroed entry for each block, for a backend's metadata: lazily committed,
    /// or prefaulted and locked if the region is.
    ///
    /// # Errors
    ///
    /// As for the region's own memory, see [`RegionOptions::map`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockLayout, Region};
    /// let region = Region::map(BlockLayout::new(64, 16)?)?;
    /// let links = region.side_table::<std::sync::atomic::AtomicU32>()?;
    /// assert_eq!(links.len(), 16);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn side_table<T: ZeroIsValid>(&self) -> Result<SideTable<T>, RegionError> {
        SideTable::new(self.layout.capacity(), &self.options)
    }

    /// Returns a table of `len` zeroed entries, for a backend's metadata that does not go by blocks: lazily
    /// committed, or prefaulted and locked if the region is.
    ///
    /// # Errors
    ///
    /// As for the region's own memory, see [`RegionOptions::map`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockLayout, Region};
    /// let region = Region::map(BlockLayout::new(64, 16)?)?;
    /// let counters = region.side_table_of::<std::sync::atomic::AtomicU32>(100)?;
    /// assert_eq!(counters.len(), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn side_table_of<T: ZeroIsValid>(&self, len: usize) -> Result<SideTable<T>, RegionError> {
        if len == 0 { Ok(SideTable::empty()) } else { SideTable::new(len, &self.options) }
    }

    /// The record of blocks out raw.
    #[inline]
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.metadata.ledger
    }

    /// Which blocks are shared, and by how many.
    #[cfg(feature = "bytes")]
    #[inline]
    pub(crate) fn shares(&self) -> &Shares {
        &self.metadata.shares
    }
}

const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<Region>();
};

#[cold]
fn no_such_block(index: BlockIndex, capacity: usize) -> ! {
    panic!("block {index} of a region that has {capacity}")
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region")
            .field("base", &self.base)
            .field("layout", &self.layout)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
