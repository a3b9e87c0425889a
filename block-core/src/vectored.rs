//! Vectored reads and writes over several blocks, in one call and without the heap.

use core::array;
#[cfg(feature = "bytes")]
use std::io::{self, Read};
use std::io::{IoSlice, IoSliceMut};

#[cfg(feature = "bytes")]
use crate::buffer::{BlockBuf, BufferFull, PoolRef};

/// Returns the slices for [`Write::write_vectored`](std::io::Write::write_vectored): one for each
/// of `parts` that is not empty, in order, then empty ones, which a write skips.
///
/// The system takes at most `IOV_MAX` slices in one call (1,024 on Linux), and the standard library
/// passes it no more. As empty slices come last, a write returns `Ok(0)` only if all parts are
/// empty or the writer takes no more bytes. A write may take fewer bytes than there are: write the
/// rest with [`IoSlice::advance_slices`].
///
/// # Panics
///
/// Panics if there are more than `N` parts, empty ones included. An iterator that does not end
/// panics, too: at most `N + 1` parts are taken from it.
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

/// Returns the slices for [`Read::read_vectored`](std::io::Read::read_vectored): one for each of
/// `parts` that is not empty, in order, then empty ones, which a read skips.
///
/// One call reads into at most `IOV_MAX` slices (1,024 on Linux), see [`io_slices`]. If all of them
/// are empty, the read returns `Ok(0)` as at the end of a file.
///
/// # Panics
///
/// Panics if there are more than `N` parts, empty ones included. An iterator that does not end
/// panics, too: at most `N + 1` parts are taken from it.
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

/// Reads once into the free space of each buffer in turn, and appends the bytes: the first buffer
/// is full before the second gets a byte. Returns the number of bytes.
///
/// Full buffers are skipped, and at most 1,024 slices are passed to the reader, the limit `IOV_MAX`
/// of most systems (on Windows a file takes one per call). So each call makes progress, and it
/// returns 0 only at the end of the input. Call again to fill the other buffers.
///
/// # Errors
///
/// Returns the reader's error, or [`BufferFull`] if all buffers are full: a read of no bytes would
/// return `Ok(0)`, as at the end of the input. Nothing was appended then.
///
/// # Panics
///
/// Panics if the reader returns more bytes than fit. Nothing was appended then.
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
    let parts = buffers.iter_mut().map(BlockBuf::spare_capacity_mut);
    let mut slices = io_slices_mut::<N>(parts);
    let with_room = slices.iter().take(IOV_MAX).take_while(|slice| !slice.is_empty()).count();
    let slices = &mut slices[..with_room];
    if slices.is_empty() {
        return Err(BufferFull::FOR_ANY_READ.into());
    }
    let all = slices.iter().map(|slice| slice.len()).sum();
    let read = from.read_vectored(slices)?;
    assert!(read <= all, "a reader says that it read {read} bytes into room for {all}");
    let mut rest = read;
    for buffer in buffers {
        let came = rest.min(room(buffer));
        buffer.set_len(buffer.len() + came);
        rest -= came;
    }
    Ok(read)
}

/// The largest number of slices that are passed to a reader in one call: `IOV_MAX` of Linux and the
/// BSDs. The standard library uses the system's own limit if that is lower.
#[cfg(feature = "bytes")]
const IOV_MAX: usize = 1024;

/// Returns the parts that are not empty, in order, then empty ones until there are `N`.
///
/// Empty parts come last, so that a call that only uses the first slices finds one with bytes.
fn all_of<I: IntoIterator<Item: Default + AsRef<[u8]>>, S, const N: usize>(
    parts: I,
    slice: impl Fn(I::Item) -> S,
) -> [S; N] {
    let mut all = parts.into_iter().fuse();
    // At most `N`, including empty ones: the iterator may be endless.
    let mut parts = all.by_ref().take(N).filter(|part| !part.as_ref().is_empty());
    let slices = array::from_fn(|_| slice(parts.next().unwrap_or_default()));
    parts.for_each(drop);
    // Do not count the rest: the iterator may be endless.
    assert!(all.next().is_none(), "more than {N} slices: the array has room for {N}");
    slices
}
