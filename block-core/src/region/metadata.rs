//! What a region knows of its blocks, and where it lies if all is in one piece of memory.

use crate::backing::Backing;
use crate::ledger::Ledger;
#[cfg(feature = "bytes")]
use crate::shares::{Shares, Word};
use crate::{BlockLayout, RegionError, RegionOptions, SideTable};

/// What a region knows of its blocks: which are out raw, and which are shared.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) ledger: Ledger,
    #[cfg(feature = "bytes")]
    pub(super) shares: Shares,
}

impl Metadata {
    /// In memory of its own.
    pub(super) fn new(layout: &BlockLayout, options: &RegionOptions) -> Result<Self, RegionError> {
        Ok(Self {
            ledger: Ledger::new(layout.capacity(), options)?,
            #[cfg(feature = "bytes")]
            shares: Shares::new(layout.capacity(), options)?,
        })
    }
}

/// Blocks and metadata in one piece of memory, in bytes from the first block.
///
/// ```text
/// |<- blocks ->|padding|<- words ->|<- marks ->|
/// 0                    words       marks       end
/// ```
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// What the first block is aligned to.
    pub(super) align: usize,
    #[cfg(feature = "bytes")]
    words: usize,
    marks: usize,
    pub(super) end: usize,
}

impl Plan {
    /// For the blocks of a layout. Saturates where no memory could be as large.
    pub(super) const fn of(layout: &BlockLayout) -> Self {
        let blocks_end = layout.region_bytes();
        #[cfg(feature = "bytes")]
        let (align, words) = {
            let word_align = align_of::<Word>();
            let align = if layout.align() > word_align { layout.align() } else { word_align };
            (align, blocks_end.next_multiple_of(word_align))
        };
        #[cfg(feature = "bytes")]
        let marks = words.saturating_add(layout.capacity().saturating_mul(size_of::<Word>()));
        #[cfg(not(feature = "bytes"))]
        let (align, marks) = (layout.align(), blocks_end);
        let end = marks.saturating_add(layout.capacity());
        Self {
            align,
            #[cfg(feature = "bytes")]
            words,
            marks,
            end,
        }
    }

    /// The blocks and the metadata in `memory`, whose first [`end`](Self::end) bytes start at a
    /// multiple of [`align`](Self::align).
    pub(super) fn divide(
        &self,
        layout: &BlockLayout,
        memory: &'static mut [core::mem::MaybeUninit<u8>],
    ) -> (Backing, Metadata) {
        let capacity = layout.capacity();
        let (memory, marks) = memory[..self.end].split_at_mut(self.marks);
        #[cfg(feature = "bytes")]
        let (memory, words) = memory.split_at_mut(self.words);
        let metadata = Metadata {
            ledger: Ledger::over(SideTable::over(Backing::caller(marks), capacity), capacity),
            #[cfg(feature = "bytes")]
            shares: Shares::over(SideTable::over(Backing::caller(words), capacity), capacity),
        };
        (Backing::caller(&mut memory[..layout.region_bytes()]), metadata)
    }
}
