//! The real atomics and tables.

use block_core::{Region, RegionError, SideTable, ZeroIsValid};

#[cfg(block_counting)]
pub(crate) use super::counted::{AtomicU32, AtomicU64, AtomicUsize};
#[cfg(all(not(block_counting), feature = "std"))]
pub(crate) use core::sync::atomic::AtomicU32;
#[cfg(not(block_counting))]
pub(crate) use core::sync::atomic::AtomicUsize;
pub(crate) use core::sync::atomic::Ordering;
#[cfg(feature = "std")]
pub(crate) use core::sync::atomic::{compiler_fence, fence};
// The same instruction as core's where the target has it, a fallback elsewhere.
#[cfg(not(block_counting))]
pub(crate) use portable_atomic::AtomicU64;

/// For [`Stats`](block_core::Stats) alone: no thread does anything else for it, so models leave it real.
pub(crate) use core::sync::atomic::AtomicUsize as CountUsize;

/// For a static: models leave those real.
#[cfg(feature = "std")]
pub(crate) use self::AtomicU32 as StaticU32;
/// For a static; not counted, as thread numbers are given out once in a thread's life.
#[cfg(feature = "std")]
pub(crate) use core::sync::atomic::AtomicUsize as StaticUsize;

/// Zeroed entries, committed as they are first touched.
pub(crate) type Table<T> = SideTable<T>;

/// One entry for each block of a region.
pub(crate) fn table<T: ZeroIsValid>(region: &Region) -> Result<Table<T>, RegionError> {
    region.side_table()
}

/// No entries.
#[cfg(feature = "std")]
pub(crate) const fn no_table<T: ZeroIsValid>() -> Table<T> {
    SideTable::empty()
}

/// `len` entries, of which there may be none; prefaulted and locked if the region is.
#[cfg(feature = "std")]
pub(crate) fn table_for<T: ZeroIsValid>(
    region: &Region,
    len: usize,
) -> Result<Table<T>, RegionError> {
    region.side_table_of(len)
}

#[cfg(feature = "std")]
pub(crate) use super::threads::*;
