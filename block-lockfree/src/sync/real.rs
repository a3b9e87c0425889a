//! The real atomics and tables.

use block_core::backend::{SideTable, ZeroIsValid};
use block_core::{Region, RegionError};

#[cfg(block_counting)]
pub(crate) use super::counted::{AtomicU32, AtomicU64, AtomicUsize};
#[cfg(all(not(block_counting), feature = "std"))]
pub(crate) use core::sync::atomic::AtomicU32;
#[cfg(not(block_counting))]
pub(crate) use core::sync::atomic::AtomicUsize;
pub(crate) use core::sync::atomic::Ordering;
#[cfg(feature = "std")]
pub(crate) use core::sync::atomic::{compiler_fence, fence};
// The same instructions as in `core` if the target has them, otherwise a fallback.
#[cfg(not(block_counting))]
pub(crate) use portable_atomic::AtomicU64;

/// Only for [`Stats`](block_core::Stats). No thread acts on it, so it stays real in models.
pub(crate) use core::sync::atomic::AtomicUsize as CountUsize;

/// For statics, which stay real in models.
#[cfg(feature = "std")]
pub(crate) use self::AtomicU32 as StaticU32;
/// For statics. Not counted, since a thread gets a number once in its life.
#[cfg(feature = "std")]
pub(crate) use core::sync::atomic::AtomicUsize as StaticUsize;

/// Zeroed entries, committed when they are first touched.
pub(crate) type Table<T> = SideTable<T>;

/// Creates a table with one entry per block of a region.
pub(crate) fn table<T: ZeroIsValid>(region: &Region) -> Result<Table<T>, RegionError> {
    region.side_table()
}

/// Creates a table without entries.
#[cfg(feature = "std")]
pub(crate) const fn no_table<T: ZeroIsValid>() -> Table<T> {
    SideTable::empty()
}

/// Creates a table of `len` entries, possibly none; prefaulted and locked if the region is.
#[cfg(feature = "std")]
pub(crate) fn table_for<T: ZeroIsValid>(
    region: &Region,
    len: usize,
) -> Result<Table<T>, RegionError> {
    region.side_table_of(len)
}

#[cfg(feature = "std")]
pub(crate) use super::threads::*;
