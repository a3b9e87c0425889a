//! A region as registered buffers of io_uring: the buffers, and where in them a block lies.
//!
//! The kernel takes a registered ("fixed") buffer of at most 1 GiB, and pins its pages once, where
//! an ordinary read or write pins and unpins them at each call. So that a pool's blocks can be used
//! in this way the region is cut into slices of whole blocks, and each block is named by the number
//! of its slice.
//!
//! A slice starts on a page: no page is in two slices, nor pinned and counted twice, and none is
//! shared with memory that is not the region's in front of it.
//!
//! A child that is forked gets copies of pinned pages that are made while other threads go on to write to them:
//! it must not use such a pool, unless no other thread was inside a call.

mod cut;
mod error;

use core::ptr::NonNull;

use self::cut::{Cuts, Limits};
pub use self::error::FixedBuffersError;
use crate::os::page::page_size;
use crate::{BlockIndex, FreeError, Region};

/// Bytes in one registered buffer, at most.
const MAX_BYTES: usize = 1 << 30;
/// Registered buffers of one ring, at most: `IORING_MAX_REG_BUFFERS`.
const MAX_BUFFERS: usize = 1 << 14;

// The number of a buffer is kept as the kernel has it.
const _: () = assert!(MAX_BUFFERS <= 1 << u16::BITS);

impl Region {
    /// Cuts the region into slices that io_uring takes as registered ("fixed") buffers. Constant
    /// time; touches no block.
    ///
    /// Each slice starts on a page, has at most 1 GiB and holds whole blocks only, so a region of
    /// up to 1 GiB is one slice. To register them is the caller's business, and not free: the
    /// kernel commits and pins every page of the region, used or not, and counts them against the
    /// limit on locked memory (`ulimit -l`).
    ///
    /// # Errors
    ///
    /// [`FixedBuffersError::Unaligned`] if the region does not start on a page, which one from
    /// [`Region::map`] always does; [`FixedBuffersError::BlockTooLarge`] above 1 GiB a block;
    /// [`FixedBuffersError::GroupTooLarge`] if large blocks of an odd size leave no place to cut;
    /// [`FixedBuffersError::TooMany`] above 16,384 slices.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockIndex, BlockLayout, Region};
    ///
    /// let region = Region::map(BlockLayout::new(1500, 100)?)?;
    /// let buffers = region.fixed_buffers()?;
    /// let iovecs: Vec<_> = buffers
    ///     .iter()
    ///     .map(|slice| libc::iovec { iov_base: slice.as_ptr().cast(), iov_len: slice.len() })
    ///     .collect();
    /// assert_eq!((iovecs.len(), iovecs[0].iov_len), (1, 100 * 1536));
    ///
    /// // What an operation on block 7 is told.
    /// let block = buffers.of(BlockIndex::new(7));
    /// assert_eq!((block.buffer, block.offset), (0, 7 * 1536));
    /// assert_eq!(block.pointer, region.block(BlockIndex::new(7)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fixed_buffers(&self) -> Result<FixedBuffers<'_>, FixedBuffersError> {
        let page_size = page_size();
        let address = self.base().addr().get();
        if address % page_size != 0 {
            return Err(FixedBuffersError::Unaligned { address, page_size });
        }
        let limits = Limits { page_size, slice_bytes: MAX_BYTES, slices: MAX_BUFFERS };
        Ok(FixedBuffers { region: self, cuts: Cuts::new(self.layout(), limits)? })
    }
}

/// A region cut into registered buffers of io_uring, from [`Region::fixed_buffers`].
///
/// Finding a block costs one division, of its offset by the size of a slice; nothing is stored for
/// each block or slice.
///
/// That a block is held while the kernel may read or write it is the caller's business: the handle
/// must not be dropped before the completion was seen.
///
/// # Examples
///
/// The part of a block that is filled, ready to be written:
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::{BlockAlloc, BlockAllocExt};
///
/// let pool = Pool::new(1500, 8);
/// let buffers = pool.region().fixed_buffers()?;
/// let mut block = pool.alloc()?;
/// block[..5].copy_from_slice(b"hello");
/// let filled = &block[..5];
/// let at = buffers.of_slice(filled)?;
/// // opcode::WriteFixed::new(fd, at.pointer.as_ptr(), filled.len() as u32, at.buffer)
/// assert_eq!(at.pointer.as_ptr().cast_const(), filled.as_ptr());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FixedBuffers<'a> {
    region: &'a Region,
    cuts: Cuts,
}

/// Where a block lies in the registered buffers; for part of a block, where that part starts.
///
/// # Examples
///
/// ```
/// use block_core::{BlockIndex, BlockLayout, Region};
///
/// let region = Region::map(BlockLayout::new(4096, 16)?)?;
/// let third = region.fixed_buffers()?.of(BlockIndex::new(2));
/// assert_eq!((third.buffer, third.offset), (0, 8192));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedBlock {
    /// The number of the buffer, in the order of [`FixedBuffers::iter`].
    pub buffer: u16,
    /// Bytes from the start of that buffer.
    pub offset: usize,
    /// The first byte. It is the region's own pointer: the kernel may write through it as well,
    /// while no reference to the bytes is in use.
    pub pointer: NonNull<u8>,
}

// SAFETY: numbers, and an address that nothing here reads or writes through.
unsafe impl Send for FixedBlock {}
// SAFETY: as for `Send`.
unsafe impl Sync for FixedBlock {}

const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<FixedBuffers<'_>>();
};

impl<'a> FixedBuffers<'a> {
    /// The buffers in order, as the pointers and lengths that an `iovec` is made of. The last may
    /// be shorter than the others, which are all equal. There is at least one.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Region};
    ///
    /// // 3 GiB of address space, of which nothing is used yet.
    /// # #[cfg(target_pointer_width = "64")] {
    /// let region = Region::map(BlockLayout::new(4096, 3 << 18)?)?;
    /// let lengths: Vec<_> = region.fixed_buffers()?.iter().map(|slice| slice.len()).collect();
    /// assert_eq!(lengths, [1 << 30; 3]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = NonNull<[u8]>> + use<'a> {
        let Self { region, cuts } = *self;
        (0..cuts.len()).map(move |slice| {
            // SAFETY: every slice starts inside the region, which `'a` keeps alive.
            let start = unsafe { region.base().add(cuts.start(slice)) };
            NonNull::slice_from_raw_parts(start, cuts.bytes(slice))
        })
    }

    /// How many buffers there are, up to 16,384; never 0.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockLayout, Region};
    /// let region = Region::map(BlockLayout::new(64, 16)?)?;
    /// assert_eq!(region.fixed_buffers()?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(clippy::len_without_is_empty, reason = "a region has a block, so it is never empty")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.cuts.len()
    }

    /// Where a block lies.
    ///
    /// # Panics
    ///
    /// If the region has no such block.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockIndex, BlockLayout, Region};
    /// // 1 GiB and one block.
    /// # #[cfg(target_pointer_width = "64")] {
    /// let region = Region::map(BlockLayout::new(4096, (1 << 18) + 1)?)?;
    /// let last = region.fixed_buffers()?.of(BlockIndex::new(1 << 18));
    /// assert_eq!((last.buffer, last.offset), (1, 0));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn of(&self, block: BlockIndex) -> FixedBlock {
        let pointer = self.region.block(block);
        self.at(pointer, self.region.offset(pointer))
    }

    /// Where the block lies that starts at this address.
    ///
    /// # Errors
    ///
    /// As [`Region::locate`]: the words are those of a free, the reasons the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use block_core::{BlockIndex, BlockLayout, FreeError, Region};
    /// let region = Region::map(BlockLayout::new(64, 16)?)?;
    /// let buffers = region.fixed_buffers()?;
    /// let second = region.block(BlockIndex::new(1));
    /// assert_eq!(buffers.locate(second), Ok(buffers.of(BlockIndex::new(1))));
    /// // SAFETY: a block has 64 bytes.
    /// let inside = unsafe { second.add(1) };
    /// assert_eq!(buffers.locate(inside), Err(FreeError::NotBlockStart));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn locate(&self, block: NonNull<u8>) -> Result<FixedBlock, FreeError> {
        self.region.locate(block).map(|index| self.of(index))
    }

    /// Where bytes of a block start: a whole [`Block`](crate::Block), which derefs to its bytes, or
    /// any part of one.
    ///
    /// # Errors
    ///
    /// [`FreeError::Foreign`] unless all of the bytes are inside one of the buffers; those of one
    /// block always are. Of no bytes, the address alone counts: one past the region's end is
    /// foreign.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::{BlockAlloc, BlockAllocExt, FreeError};
    ///
    /// let pool = Pool::new(1500, 8);
    /// let buffers = pool.region().fixed_buffers()?;
    /// let block = pool.alloc()?;
    /// let (whole, half) = (buffers.of_slice(&block)?, buffers.of_slice(&block[750..])?);
    /// assert_eq!((half.buffer, half.offset), (whole.buffer, whole.offset + 750));
    /// assert_eq!(buffers.of_slice(&[0; 100]), Err(FreeError::Foreign));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn of_slice(&self, bytes: &[u8]) -> Result<FixedBlock, FreeError> {
        let start = NonNull::from(bytes).cast();
        if !self.region.contains(start) {
            return Err(FreeError::Foreign);
        }
        let at = self.at(self.region.own(start), self.region.offset(start));
        if bytes.len() > self.cuts.bytes(at.buffer.into()) - at.offset {
            return Err(FreeError::Foreign);
        }
        Ok(at)
    }

    /// The region's own pointer to a byte of the region, and that byte's offset.
    #[inline]
    fn at(&self, pointer: NonNull<u8>, offset: usize) -> FixedBlock {
        let (buffer, offset) = self.cuts.at(offset);
        // Below `MAX_BUFFERS`, so nothing is cut off.
        FixedBlock { buffer: buffer as u16, offset, pointer }
    }
}
