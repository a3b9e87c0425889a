//! The metadata of a region's blocks.

use crate::ledger::Ledger;
#[cfg(feature = "bytes")]
use crate::shares::Shares;
use crate::{BlockLayout, RegionError, RegionOptions, SideTable, ZeroedMemory};

/// The metadata of a region's blocks: the marks of raw blocks, and reference counts.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) ledger: Ledger,
    #[cfg(feature = "bytes")]
    pub(super) shares: Shares,
}

impl Metadata {
    /// Creates metadata in memory of its own.
    pub(super) fn new(layout: &BlockLayout, options: &RegionOptions) -> Result<Self, RegionError> {
        Ok(Self {
            ledger: Ledger::new(layout, options)?,
            #[cfg(feature = "bytes")]
            shares: Shares::new(layout.capacity(), options)?,
        })
    }

    /// Creates metadata in the next bytes of some memory, in the order of
    /// [`Footprint`](crate::Footprint).
    #[track_caller]
    pub(super) const fn in_memory(layout: &BlockLayout, memory: &mut ZeroedMemory) -> Self {
        let capacity = layout.capacity();
        #[cfg(feature = "bytes")]
        let shares = Shares::over(SideTable::in_memory(capacity, memory), capacity);
        Self {
            ledger: Ledger::over(SideTable::in_memory(capacity, memory), layout),
            #[cfg(feature = "bytes")]
            shares,
        }
    }
}
