//! Vectored reads and writes over several blocks, in one call and without the heap.

use core::array;
#[cfg(feature = "bytes")]
use std::io::{self, Read};
use std::io::{IoSlice, IoSliceMut};

#[cfg(feature = "bytes")]
use crate::buffer::{BlockBuf, BufferFull, PoolRef};

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
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::{BlockAllocExt, io_slices};
/// use std::io::Write;
///
/// let pool = Pool::new(64, 4);
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
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::{BlockAllocExt, io_slices_mut};
/// use std::io::{Cursor, Read};
///
/// let pool = Pool::new(64, 4);
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

/// Reads once, into the room of each buffer in turn, and appends what came: the first is full before the
/// second gets a byte. Returns how many bytes came.
///
/// Buffers without room are skipped, so a reader that takes only so many slices per call (files take
/// 1,024, the limit `IOV_MAX`, and on Windows one) makes progress with every call. It returns 0 at the
/// end of the input only.
///
/// # Errors
///
/// The reader's, or [`BufferFull`] if no buffer has room, which a reader would take for a read of no bytes
/// and answer 0. Nothing was appended then.
///
/// # Panics
///
/// If the reader says that it read more than there was room for; nothing was appended then.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::buffer::BlockBuf;
/// use block_core::read_vectored;
/// use std::io::Cursor;
///
/// let pool = Pool::new(64, 4);
/// let mut buffers = [BlockBuf::alloc_in(&pool)?, BlockBuf::alloc_in(&pool)?];
/// let read = read_vectored(Cursor::new([7; 100]), &mut buffers)?;
/// assert_eq!((read, buffers[0].len(), buffers[1].len()), (100, 64, 36));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "bytes")]
pub fn read_vectored<P: PoolRef, const N: usize>(
    mut from: impl Read,
    buffers: &mut [BlockBuf<P>; N],
) -> io::Result<usize> {
    let room = |buffer: &BlockBuf<P>| buffer.capacity() - buffer.len();
    let all = buffers.iter().map(room).sum();
    if all == 0 {
        return Err(BufferFull::FOR_ANY_READ.into());
    }
    let has_room = |buffer: &&mut BlockBuf<P>| buffer.capacity() > buffer.len();
    let parts = buffers.iter_mut().filter(has_room).map(BlockBuf::spare_capacity_mut);
    let read = from.read_vectored(&mut io_slices_mut::<N>(parts))?;
    assert!(read <= all, "a reader says that it read {read} bytes into room for {all}");
    let mut rest = read;
    for buffer in buffers {
        let came = rest.min(room(buffer));
        buffer.set_len(buffer.len() + came);
        rest -= came;
    }
    Ok(read)
}

/// Every part once, then the empty part until there are `N`.
fn all_of<I: IntoIterator<Item: Default>, S, const N: usize>(
    parts: I,
    slice: impl Fn(I::Item) -> S,
) -> [S; N] {
    let mut parts = parts.into_iter().fuse();
    let slices = array::from_fn(|_| slice(parts.next().unwrap_or_default()));
    // Not counted: there may be no end of them.
    assert!(parts.next().is_none(), "more than {N} slices: the array has room for {N}");
    slices
}
