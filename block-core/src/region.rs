//! The memory of a pool, and the conversion between block indices and addresses.

mod canary;
mod hardening;
mod metadata;
mod source;
mod violation;

use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::AtomicBool;

use self::metadata::Metadata;
use crate::asan::Poison;
use crate::layout::exact_division::ExactDivisor;
use crate::ledger::Ledger;
use crate::memory::backing::Backing;
#[cfg(feature = "bytes")]
use crate::shares::Shares;
use crate::{
    BlockIndex, BlockLayout, FreeError, RegionError, RegionOptions, SideTable, ZeroIsValid,
};

/// A reserved range of memory that is divided into blocks.
///
/// A region converts block indices to addresses and back, in a few instructions each. It does not
/// allocate blocks: that is the task of the backend that owns it.
///
/// The metadata is one byte per block, committed when blocks are first allocated raw, and with the
/// feature `bytes` one more word per block, committed when blocks first become buffers.
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
    /// Whether `on_acquire` and `on_release` write or check anything.
    is_hardened: bool,
    /// Whether the backend has ever called `on_acquire`. If not, no guard was written. Relaxed: a
    /// thread that has a block also sees this.
    is_reporting: AtomicBool,
    /// Dropped before the memory.
    pub(crate) poison: Poison,
    /// Owns the memory that `base` points into.
    _blocks: Backing,
}

// SAFETY: a region owns its memory, returns only addresses, and changes only its metadata, which is
// atomic. Only the user of a block accesses its bytes (invariant 1).
unsafe impl Send for Region {}
// SAFETY: `&Region` returns only addresses, and everything that it changes is atomic.
unsafe impl Sync for Region {}

impl Region {
    /// Returns the layout of the region.
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

    /// Returns the address of a block. Costs one comparison, one multiplication and one addition.
    ///
    /// # Panics
    ///
    /// Panics if the region has no such block.
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

    /// Returns the index of the block that starts at this address. Costs one subtraction, one
    /// multiplication, one rotation and one comparison (exact division without a divide, Granlund
    /// and Montgomery 1994).
    ///
    /// # Errors
    ///
    /// Returns [`FreeError::Foreign`] for an address outside of the region, including one past its
    /// end, and [`FreeError::NotBlockStart`] for an address inside that is not the start of a
    /// block.
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

    /// Returns the index of a block of this region, without a check.
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
    /// // SAFETY: `block` is a block of this region.
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

    /// Returns the address of the first block.
    #[cfg(all(feature = "std", unix))]
    #[inline]
    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Returns whether the address is in this region.
    #[inline]
    pub(crate) fn contains(&self, address: NonNull<u8>) -> bool {
        self.offset(address) < self.layout.region_bytes()
    }

    /// Returns the region's own pointer to an address inside it. The given pointer may have
    /// narrower provenance, for example that of a reference to a part of the block.
    #[inline]
    pub(crate) fn own(&self, address: NonNull<u8>) -> NonNull<u8> {
        debug_assert!(self.contains(address), "the address is not in this region");
        self.base.with_addr(address.addr())
    }

    /// Returns the block that contains all the bytes, and the region's own pointer to the first of
    /// them.
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

    /// Returns the offset of an address from the start of the region. For an address outside of the
    /// region, it is at least the region's size.
    #[inline]
    pub(crate) fn offset(&self, address: NonNull<u8>) -> usize {
        address.addr().get().wrapping_sub(self.base.addr().get())
    }

    /// Creates a table with one zeroed entry per block, for a backend's metadata. It is lazily
    /// committed, or prefaulted and locked if the region is.
    ///
    /// # Errors
    ///
    /// Returns an error if the memory is refused, see [`RegionOptions::map`].
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

    /// Creates a table of `len` zeroed entries, for metadata of a backend that is not per block. It
    /// is lazily committed, or prefaulted and locked if the region is.
    ///
    /// # Errors
    ///
    /// Returns an error if the memory is refused, see [`RegionOptions::map`].
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

    /// Returns the marks of blocks that are allocated raw.
    #[inline]
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.metadata.ledger
    }

    /// Returns the reference counts of blocks.
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
    panic!("there is no block {index}: the region has {capacity} blocks")
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
