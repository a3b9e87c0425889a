//! The side table of links: for each block on the stack, the block below it and its depth.
//!
//! The table is separate from the blocks. A late pop may read the link of a block that its next
//! holder already writes, and a write past the end of a block must not reach the list.
//!
//! An entry with link zero means "never pushed: the block below is the next one by index". So a
//! table of zeros is the full list with block 0 on top, without a single write. This part of the
//! list is the **frontier**. Its blocks are popped in order, so the pages of the table and of the
//! region are used one after the other. Any other link is the index of the block below, plus one.
//! The index `capacity` is the end.
//!
//! # Depth
//!
//! The depth of a block on the stack is the number of blocks from it to the end, including itself
//! and the frontier: the number of blocks on the stack while it is on top. A push writes it next to
//! the link. The depth of block `i` of the frontier is `capacity - i` and is not stored. The end
//! has depth 0.
//!
//! Below `u32::MAX` blocks an entry is one 64-bit word, so that a push writes it with one store.
//! Above, it is two words. Nothing depends on reading both at the same time: each reader needs one
//! of them, or confirms both with the head word, see [`stack`](crate::stack).

#[cfg(not(any(block_loom, block_shuttle)))]
use block_core::backend::{Footprint, ZeroIsValid, ZeroedMemory};
use block_core::{Region, RegionError};

use crate::sync::{AtomicU64, AtomicUsize, Ordering, Table, table};

/// One entry per block, of eight bytes if the capacity allows it.
#[derive(Debug)]
pub(crate) enum Links {
    /// Below `u32::MAX` blocks: `index + 1` of every index and of the end fits.
    Narrow(Table<Narrow>),
    /// For any number of blocks.
    Wide(Table<Wide>),
}

/// The index of the block below plus one in the low half, the depth in the high half.
#[derive(Debug)]
#[cfg_attr(any(block_loom, block_shuttle), derive(Default))]
pub(crate) struct Narrow(AtomicU64);

/// The same in two words.
#[derive(Debug)]
#[cfg_attr(any(block_loom, block_shuttle), derive(Default))]
pub(crate) struct Wide {
    below: AtomicUsize,
    depth: AtomicUsize,
}

#[cfg(not(any(block_loom, block_shuttle)))]
const _: () = assert!(size_of::<Narrow>() == 8);

// SAFETY: an integer, for which zero is valid; no destructor.
#[cfg(not(any(block_loom, block_shuttle)))]
unsafe impl ZeroIsValid for Narrow {}
// SAFETY: two integers, for which zero is valid; no destructor.
#[cfg(not(any(block_loom, block_shuttle)))]
unsafe impl ZeroIsValid for Wide {}

/// The meaning of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Below {
    /// The block was pushed onto this index, which may be the end.
    Block(usize),
    /// The block was never pushed. Below it is the rest of the frontier.
    Frontier,
}

impl Links {
    /// Creates links for all blocks of a region, with every block in the frontier.
    pub(crate) fn new(region: &Region) -> Result<Self, RegionError> {
        let are_narrow = Self::are_narrow(region.layout().capacity());
        if are_narrow { table(region).map(Self::Narrow) } else { table(region).map(Self::Wide) }
    }

    /// Returns the footprint of `others` followed by the links for `capacity` blocks.
    #[cfg(not(any(block_loom, block_shuttle)))]
    pub(crate) const fn behind(others: Footprint, capacity: usize) -> Footprint {
        if Self::are_narrow(capacity) {
            others.with_table::<Narrow>(capacity)
        } else {
            others.with_table::<Wide>(capacity)
        }
    }

    /// Creates links for `capacity` blocks in the next bytes of some memory, with every block in
    /// the frontier.
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

    /// Returns the link of a block. `order` is the ordering of the load.
    #[inline]
    pub(crate) fn below(&self, index: usize, order: Ordering) -> Below {
        Below::from_link(match self {
            Self::Narrow(table) => table[index].0.load(order) as u32 as usize,
            Self::Wide(table) => table[index].below.load(order),
        })
    }

    /// Returns the depth of a block, or `None` if it was never pushed. `order` is the ordering of
    /// the loads.
    #[inline]
    pub(crate) fn depth(&self, index: usize, order: Ordering) -> Option<usize> {
        let (link, depth) = match self {
            Self::Narrow(table) => {
                let entry = table[index].0.load(order);
                (entry as u32 as usize, (entry >> 32) as usize)
            }
            Self::Wide(table) => {
                let entry = &table[index];
                (entry.below.load(order), entry.depth.load(order))
            }
        };
        (link != 0).then_some(depth)
    }

    /// Writes the link and the depth of a block that the caller has. `order` is the ordering of the
    /// stores.
    #[inline]
    pub(crate) fn write(&self, index: usize, below: usize, depth: usize, order: Ordering) {
        match self {
            // Both are at most the capacity, which is below `u32::MAX` here.
            Self::Narrow(table) => {
                table[index].0.store((depth as u64) << 32 | (below as u64 + 1), order);
            }
            Self::Wide(table) => {
                // The depth first, so that a reader that sees the link sees the depth.
                table[index].depth.store(depth, order);
                table[index].below.store(below + 1, order);
            }
        }
    }
}

impl Below {
    #[inline]
    const fn from_link(link: usize) -> Self {
        if link == 0 { Self::Frontier } else { Self::Block(link - 1) }
    }

    /// Returns the index below block `index`.
    #[inline]
    pub(crate) fn next_to(self, index: usize) -> usize {
        match self {
            Self::Block(below) => below,
            Self::Frontier => index + 1,
        }
    }
}
