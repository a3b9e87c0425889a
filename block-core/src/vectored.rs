//! Vectored reads and writes over several blocks, in one call and without the heap.

use core::array;
use core::iter::Fuse;
use std::io::{IoSlice, IoSliceMut};

/// The slices of [`Write::write_vectored`](std::io::Write::write_vectored): one for each of
/// `parts`, then empty ones, which a write skips.
///
/// # Panics
///
/// If there are more than `N` parts.
///
/// # Examples
///
/// A header and a body, each in a block of its own, written by one call:
///
/// ```
/// use block_core::{BlockAlloc, BlockAllocExt, io_slices};
/// use std::io::Write;
///
/// # use block_core::{BlockIndex, BlockLayout, Region};
/// # use std::{ptr::NonNull, sync::Mutex};
/// # struct Pool(Region, Mutex<Vec<BlockIndex>>);
/// # // SAFETY: the lock gives each number to one holder at a time; nothing is to be scrubbed.
/// # unsafe impl BlockAlloc for Pool {
/// #     fn region(&self) -> &Region { &self.0 }
/// #     fn acquire(&self) -> Option<NonNull<u8>> {
/// #         self.1.lock().unwrap().pop().map(|index| self.0.block(index))
/// #     }
/// #     unsafe fn release(&self, block: NonNull<u8>) {
/// #         self.1.lock().unwrap().push(unsafe { self.0.index_of(block) });
/// #     }
/// #     fn available(&self) -> usize { self.1.lock().unwrap().len() }
/// # }
/// # let numbers = (0..4).map(BlockIndex::new).collect();
/// # let pool = Pool(Region::map(BlockLayout::new(64, 4)?)?, Mutex::new(numbers));
/// let (mut header, mut body) = (pool.alloc()?, pool.alloc()?);
/// header[..4].copy_from_slice(&5_u32.to_be_bytes());
/// body[..5].copy_from_slice(b"hello");
///
/// let mut wire = Vec::new();
/// let written = wire.write_vectored(&io_slices::<8>([&header[..4], &body[..5]]))?;
/// assert_eq!((written, &wire[..]), (9, &b"\0\0\0\x05hello"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn io_slices<'a, const N: usize>(
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> [IoSlice<'a>; N] {
    all_of(parts, IoSlice::new)
}

/// The slices of [`Read::read_vectored`](std::io::Read::read_vectored): one for each of `parts`,
/// then empty ones, which a read skips.
///
/// If all of them are empty the read is one of no bytes: it answers 0, as at the end of a file.
///
/// # Panics
///
/// If there are more than `N` parts.
///
/// # Examples
///
/// Two blocks filled by one call, the second in part:
///
/// ```
/// use block_core::{BlockAlloc, BlockAllocExt, io_slices_mut};
/// use std::io::{Cursor, Read};
///
/// # use block_core::{BlockIndex, BlockLayout, Region};
/// # use std::{ptr::NonNull, sync::Mutex};
/// # struct Pool(Region, Mutex<Vec<BlockIndex>>);
/// # // SAFETY: the lock gives each number to one holder at a time; nothing is to be scrubbed.
/// # unsafe impl BlockAlloc for Pool {
/// #     fn region(&self) -> &Region { &self.0 }
/// #     fn acquire(&self) -> Option<NonNull<u8>> {
/// #         self.1.lock().unwrap().pop().map(|index| self.0.block(index))
/// #     }
/// #     unsafe fn release(&self, block: NonNull<u8>) {
/// #         self.1.lock().unwrap().push(unsafe { self.0.index_of(block) });
/// #     }
/// #     fn available(&self) -> usize { self.1.lock().unwrap().len() }
/// # }
/// # let numbers = (0..4).map(BlockIndex::new).collect();
/// # let pool = Pool(Region::map(BlockLayout::new(64, 4)?)?, Mutex::new(numbers));
/// let mut blocks = [pool.alloc()?, pool.alloc()?];
/// let mut file = Cursor::new([7; 100]);
/// let parts = blocks.iter_mut().map(|block| &mut block[..]);
/// let read = file.read_vectored(&mut io_slices_mut::<8>(parts))?;
/// assert_eq!(read, 100);
/// assert_eq!((&blocks[0][..], &blocks[1][..36]), (&[7; 64][..], &[7; 36][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn io_slices_mut<'a, const N: usize>(
    parts: impl IntoIterator<Item = &'a mut [u8]>,
) -> [IoSliceMut<'a>; N] {
    all_of(parts, IoSliceMut::new)
}

/// Every part once, then the empty part until there are `N`.
fn all_of<I: IntoIterator<Item: Default>, S, const N: usize>(
    parts: I,
    slice: impl Fn(I::Item) -> S,
) -> [S; N] {
    let mut parts = parts.into_iter().fuse();
    let slices = array::from_fn(|_| slice(parts.next().unwrap_or_default()));
    if let Some(_further) = parts.next() {
        too_many(N + 1, parts, N);
    }
    slices
}

#[cold]
fn too_many<I: Iterator>(taken: usize, rest: Fuse<I>, most: usize) -> ! {
    panic!("{} slices, but the array has room for {most}", taken + rest.count())
}
