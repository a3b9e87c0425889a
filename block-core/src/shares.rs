//! Which blocks are shared, and by how many: a word for each block, beside the blocks.
//!
//! A handle that shares its block with others carries the address of the block's word, so that to
//! share and to leave is one atomic step there; which block it is shows from that address when the
//! last one leaves. Words of neighbouring blocks lie on different cache lines, see
//! [`spread`](crate::spread).

mod word;

use core::ptr::NonNull;

use crate::spread::Spread;
use crate::{BlockIndex, RegionError, RegionOptions, SideTable, ZeroIsValid};

pub(crate) use word::{Weight, Word};

// SAFETY: transparent over an integer, for which zero is a value; no destructor.
unsafe impl ZeroIsValid for Word {}

/// The words of all blocks of a region.
#[derive(Debug)]
pub(crate) struct Shares {
    words: SideTable<Word>,
    spread: Spread<{ 64 / size_of::<Word>() }>,
}

// The order of the bits above, and a whole number of words on a line.
const _: () = assert!(size_of::<Word>() == size_of::<usize>() && 64 % size_of::<Word>() == 0);

impl Shares {
    pub(crate) fn new(capacity: usize, options: &RegionOptions) -> Result<Self, RegionError> {
        Ok(Self::over(SideTable::new(capacity, options)?, capacity))
    }

    /// For so many blocks, over as many words, all zero.
    pub(crate) const fn over(words: SideTable<Word>, capacity: usize) -> Self {
        Self { words, spread: Spread::new(capacity) }
    }

    /// The word of a block.
    #[inline]
    pub(crate) fn word(&self, block: BlockIndex) -> &Word {
        &self.words[self.spread.place(block.get())]
    }

    /// The block whose word lies there.
    ///
    /// # Safety
    ///
    /// It is a word of this table.
    #[inline]
    pub(crate) unsafe fn block_of(&self, word: NonNull<Word>) -> BlockIndex {
        // SAFETY: the caller's promise: both are of one table, and entries are a word apart.
        let place = unsafe { word.as_ptr().cast_const().offset_from(self.words.as_ptr()) };
        BlockIndex::new(self.spread.block(place as usize))
    }
}
