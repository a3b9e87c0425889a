//! Why bytes do not fit a buffer.

use core::fmt;

use crate::AllocError;

/// Why bytes were not appended to a [`BlockBuf`](super::BlockBuf): there is not enough room.
///
/// As an [`io::Error`](std::io::Error) it is a `WriteZero`.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::buffer::BlockBuf;
///
/// let pool = Pool::new(8, 1);
/// let mut buffer = BlockBuf::alloc_in(&pool)?.split_off(5);
/// let full = buffer.try_extend_from_slice(b"hello").unwrap_err();
/// assert_eq!(full.to_string(), "5 bytes do not fit: the buffer has room for 3");
/// # Ok::<(), block_core::AllocError>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferFull {
    /// Bytes to be appended.
    pub requested: usize,
    /// Bytes that there is room for.
    pub available: usize,
}

impl fmt::Display for BufferFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requested, available } = self;
        write!(f, "{requested} bytes do not fit: the buffer has room for {available}")
    }
}

impl core::error::Error for BufferFull {}

/// Why room could not be made in a [`BlockBuf`](super::BlockBuf).
///
/// As an [`io::Error`](std::io::Error) it is an `InvalidInput` if no block is large enough, else
/// what [`AllocError`] is.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::buffer::{BlockBuf, ReserveError};
///
/// let pool = Pool::new(8, 1);
/// let error = BlockBuf::alloc_in(&pool)?.try_reserve(9).unwrap_err();
/// assert_eq!(error, ReserveError::TooLarge { needed: 9, block_size: 8 });
/// assert_eq!(error.to_string(), "9 bytes do not fit a block of 8");
/// # Ok::<(), block_core::AllocError>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReserveError {
    /// No block is large enough.
    TooLarge {
        /// Bytes filled and to be filled.
        needed: usize,
        /// Bytes of a block.
        block_size: usize,
    },
    /// Another block is needed, and there is none.
    Alloc(AllocError),
}

impl fmt::Display for ReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { needed, block_size } => {
                write!(f, "{needed} bytes do not fit a block of {block_size}")
            }
            Self::Alloc(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ReserveError {}

impl From<AllocError> for ReserveError {
    fn from(error: AllocError) -> Self {
        Self::Alloc(error)
    }
}

#[cfg(feature = "std")]
mod io {
    use std::io::{Error, ErrorKind};

    use super::{BufferFull, ReserveError};

    impl BufferFull {
        /// For a read that would find no room, and so look like one at the end of the input.
        pub(crate) const FOR_ANY_READ: Self = Self { requested: 1, available: 0 };
    }

    impl From<BufferFull> for Error {
        fn from(full: BufferFull) -> Self {
            Self::new(ErrorKind::WriteZero, full)
        }
    }

    impl From<ReserveError> for Error {
        fn from(error: ReserveError) -> Self {
            match error {
                ReserveError::TooLarge { .. } => Self::new(ErrorKind::InvalidInput, error),
                ReserveError::Alloc(error) => error.into(),
            }
        }
    }
}
