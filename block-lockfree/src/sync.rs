//! Where atomics come from: the real ones, or loom's when orderings are checked. No other file
//! names either.

#[cfg(not(loom))]
pub(crate) use self::real::*;

#[cfg(loom)]
pub(crate) use self::modelled::*;

#[cfg(not(loom))]
mod real {
    use block_core::{Region, RegionError, SideTable, ZeroIsValid};

    pub(crate) use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
    // The same instruction as core's where the target has it, a fallback elsewhere.
    pub(crate) use portable_atomic::AtomicU64;

    /// One entry for each block of a region, zero at first.
    pub(crate) type Table<T> = SideTable<T>;

    pub(crate) fn table<T: ZeroIsValid>(region: &Region) -> Result<Table<T>, RegionError> {
        region.side_table()
    }
}

#[cfg(loom)]
mod modelled {
    use block_core::{Region, RegionError};

    pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

    /// loom's atomics are not plain memory, so each is built on its own.
    pub(crate) type Table<T> = std::vec::Vec<T>;

    pub(crate) fn table<T: Default>(region: &Region) -> Result<Table<T>, RegionError> {
        Ok((0..region.layout().capacity()).map(|_| T::default()).collect())
    }
}
