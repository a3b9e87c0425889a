//! What the crate's files find in place of its region and its tables, whose entries are modelled here.

use std::ops::Deref;
use std::ptr::NonNull;

use block_core::{BlockIndex, BlockLayout, FreeError, RegionError, RegionOptions};

use crate::ledger::Ledger;

/// A region whose ledger is modelled.
pub(crate) struct Region {
    memory: block_core::Region,
    ledger: Ledger,
}

impl Region {
    pub(crate) fn new(blocks: usize) -> Self {
        let layout = BlockLayout::new(1, blocks).unwrap();
        let ledger = Ledger::new(&layout, &RegionOptions::default()).unwrap();
        Self { memory: block_core::Region::heap(layout).unwrap(), ledger }
    }

    pub(crate) fn layout(&self) -> &BlockLayout {
        self.memory.layout()
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(crate) fn block(&self, index: BlockIndex) -> NonNull<u8> {
        self.memory.block(index)
    }

    pub(crate) fn locate(&self, block: NonNull<u8>) -> Result<BlockIndex, FreeError> {
        self.memory.locate(block)
    }

    pub(crate) fn own(&self, block: NonNull<u8>) -> NonNull<u8> {
        self.memory.block(self.locate(block).expect("invariant 4"))
    }

    /// # Safety
    ///
    /// A block of the region.
    pub(crate) unsafe fn index_of(&self, block: NonNull<u8>) -> BlockIndex {
        self.locate(block).expect("invariant 4")
    }
}

/// Modelled atomics are not plain memory, so each is built on its own.
#[derive(Debug)]
pub(crate) struct SideTable<T>(Vec<T>);

impl<T> SideTable<T> {
    pub(crate) fn new(len: usize, _options: &RegionOptions) -> Result<Self, RegionError>
    where
        T: Default,
    {
        Ok(Self((0..len).map(|_| T::default()).collect()))
    }

    pub(crate) fn empty() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for SideTable<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}
