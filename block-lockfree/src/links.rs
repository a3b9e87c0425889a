//! The side table of links: for each block on the stack, the block below it.
//!
//! Beside the blocks, never inside them: a late pop may read the link of a block that its new
//! holder writes already, and a holder that writes past its end must not reach the list.
//!
//! An entry of zero says "never pushed: below me lies the next block by number". So a table of
//! zeros *is* the full list, block 0 on top, without a single write: that untouched tail is the
//! **frontier**, and blocks leave it in order, one page of table and region after the other. Any
//! other entry is the index of the block below, plus one. The index `capacity` is the end.

#[cfg(not(any(block_loom, block_shuttle)))]
use block_core::{Footprint, ZeroedMemory};
use block_core::{Region, RegionError, seeded};

use crate::sync::{AtomicU32, AtomicUsize, Ordering, Table, table};

/// One link for each block, four bytes wide where the capacity allows.
#[derive(Debug)]
pub(crate) enum Links {
    /// Below `u32::MAX` blocks: `index + 1` of every index and of the end fits.
    Narrow(Table<AtomicU32>),
    /// As many blocks as there are addresses.
    Wide(Table<AtomicUsize>),
}

/// What a link says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Below {
    /// The block was pushed on top of this one, or of the end.
    Block(usize),
    /// The block was never pushed, nor was any with a higher number that is still on the stack:
    /// below it lies the rest of the frontier.
    Frontier,
}

impl Links {
    /// Untouched links for all the blocks of a region.
    pub(crate) fn new(region: &Region) -> Result<Self, RegionError> {
        let are_narrow = Self::are_narrow(region.layout().capacity());
        if seeded!(are_narrow, "links-always-in-32-bits" => true) {
            table(region).map(Self::Narrow)
        } else {
            table(region).map(Self::Wide)
        }
    }

    /// What untouched links for so many blocks take, behind what is in the same memory already.
    #[cfg(not(any(block_loom, block_shuttle)))]
    pub(crate) const fn behind(others: Footprint, capacity: usize) -> Footprint {
        if Self::are_narrow(capacity) {
            others.with_table::<AtomicU32>(capacity)
        } else {
            others.with_table::<AtomicUsize>(capacity)
        }
    }

    /// Untouched links for so many blocks, in the next bytes of some memory.
    #[cfg(not(any(block_loom, block_shuttle)))]
    pub(crate) const fn in_memory(capacity: usize, memory: &mut ZeroedMemory) -> Self {
        if Self::are_narrow(capacity) {
            Self::Narrow(Table::in_memory(capacity, memory))
        } else {
            Self::Wide(Table::in_memory(capacity, memory))
        }
    }

    const fn are_narrow(capacity: usize) -> bool {
        capacity < u32::MAX as usize
    }

    /// What lies below a block; `order` is that of the load.
    #[inline]
    pub(crate) fn below(&self, index: usize, order: Ordering) -> Below {
        let entry = match self {
            Self::Narrow(table) => table[index].load(order) as usize,
            Self::Wide(table) => table[index].load(order),
        };
        if entry == 0 { Below::Frontier } else { Below::Block(entry - 1) }
    }

    /// Writes what lies below a block that the caller holds.
    #[inline]
    pub(crate) fn set_below(&self, index: usize, below: usize, order: Ordering) {
        match self {
            // `below` is at most the capacity, which is below `u32::MAX` here.
            Self::Narrow(table) => table[index].store(below as u32 + 1, order),
            Self::Wide(table) => table[index].store(below + 1, order),
        }
    }
}

impl Below {
    /// The index below block `index`.
    #[inline]
    pub(crate) fn next_to(self, index: usize) -> usize {
        match self {
            Self::Block(below) => below,
            Self::Frontier => index + 1,
        }
    }
}
