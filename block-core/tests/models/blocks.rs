//! The blocks of a backend, as weak as the contract of `acquire` and `release` lets it be: a word for each
//! block, that is looked at before it is exchanged, so that `take` fails on what it saw and orders nothing
//! then. A block's contents are a cell: two holders at once fail the model, and under loom also two holders
//! one after the other that are not ordered.

use block_core::models::UnsafeCell;

use crate::sync::{AtomicUsize, Ordering};

pub(crate) struct Blocks<const BLOCKS: usize> {
    /// 1 if it is free.
    free: [AtomicUsize; BLOCKS],
    contents: [UnsafeCell<u8>; BLOCKS],
}

impl<const BLOCKS: usize> Blocks<BLOCKS> {
    /// All of them held.
    pub(crate) fn held() -> Self {
        let free = std::array::from_fn(|_| AtomicUsize::new(0));
        Self { free, contents: std::array::from_fn(|_| UnsafeCell::new(0)) }
    }

    pub(crate) fn take(&self) -> Option<usize> {
        let free = |block: &usize| {
            self.free[*block].load(Ordering::Relaxed) == 1
                && self.free[*block]
                    .compare_exchange(1, 0, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
        };
        let block = (0..BLOCKS).find(free)?;
        self.write(block);
        Some(block)
    }

    pub(crate) fn put(&self, block: usize) {
        self.write(block);
        self.free[block].store(1, Ordering::Release);
    }

    /// A plain write by a block's holder.
    pub(crate) fn write(&self, block: usize) {
        // SAFETY: what the models are for: the cell reports it if somebody else is here.
        self.contents[block].with_mut(|bytes| unsafe { *bytes = 1 });
    }
}
