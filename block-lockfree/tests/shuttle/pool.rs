//! A pool that knows of each block whether somebody holds it.

use std::collections::VecDeque;

use block_core::backend::Retirable;
use block_core::{BlockIndex, BlockLayout, Region};
use block_lockfree::magazines::{Magazines, Shared, magazine_offset_of};
use block_lockfree::stack::Stack;
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicBool, Ordering};

/// What a thread has that got no number, because too many others live.
pub const NO_NUMBER: usize = usize::MAX - 1;

/// A pool, and for each block whether somebody holds it.
pub struct Pool {
    pub region: Retirable<Region>,
    pub stack: Stack,
    magazines: Magazines,
    pub held: Vec<AtomicBool>,
}

impl Pool {
    pub fn new(capacity: usize) -> Arc<Self> {
        let region = Region::heap(BlockLayout::new(1, capacity).unwrap()).unwrap();
        Arc::new(Self {
            stack: Stack::new(&region).unwrap(),
            magazines: Magazines::new(&region, usize::MAX),
            held: (0..capacity).map(|_| AtomicBool::new(false)).collect(),
            region: Retirable::new(region),
        })
    }

    pub fn shared(&self) -> Shared<'_> {
        Shared { region: &self.region, stack: &self.stack }
    }

    pub fn hold(&self, block: BlockIndex) {
        let before = self.held[block.get()].swap(true, Ordering::SeqCst);
        assert!(!before, "invariant 1: one holder");
    }

    pub fn give_up(&self, block: BlockIndex) {
        let before = self.held[block.get()].swap(false, Ordering::SeqCst);
        assert!(before, "invariant 1: one holder");
    }

    pub fn try_acquire(&self, number: usize) -> Option<BlockIndex> {
        let block = self.magazines.acquire(magazine_offset_of(number), self.shared())?;
        let block = self.region.locate(block).expect("invariant 4");
        self.hold(block);
        Some(block)
    }

    /// Within the caller's share.
    pub fn acquire(&self, number: usize) -> BlockIndex {
        self.try_acquire(number).expect("invariant 3: at every instant a block was free")
    }

    pub fn release(&self, number: usize, block: BlockIndex) {
        self.give_up(block);
        // SAFETY: the caller holds the block.
        unsafe {
            self.magazines.release(
                magazine_offset_of(number),
                self.shared(),
                self.region.block(block),
            )
        };
    }

    /// Within the caller's share.
    pub fn acquire_bulk(&self, number: usize, count: usize) -> Vec<BlockIndex> {
        let mut blocks = vec![None; count];
        let taken =
            self.magazines.acquire_bulk(magazine_offset_of(number), self.shared(), &mut blocks);
        assert!(taken, "invariant 3: at every instant so many blocks were free");
        let index = |block| self.region.locate(block).expect("invariant 4");
        let blocks: Vec<_> = blocks.into_iter().flatten().map(index).collect();
        blocks.iter().for_each(|&block| self.hold(block));
        blocks
    }

    pub fn release_bulk(&self, number: usize, blocks: Vec<BlockIndex>) {
        blocks.iter().for_each(|&block| self.give_up(block));
        let blocks: Vec<_> =
            blocks.into_iter().map(|block| Some(self.region.block(block))).collect();
        // SAFETY: the caller holds the blocks.
        unsafe { self.magazines.release_bulk(magazine_offset_of(number), self.shared(), &blocks) };
    }

    pub fn available(&self) -> usize {
        self.magazines.free_blocks(self.shared()).count()
    }

    /// Takes and gives back in random order, and never holds more than `share`.
    pub fn exercise(&self, number: usize, share: usize, steps: usize) {
        self.exercise_between([number, number], share, steps);
    }

    /// The same, but takes under one number and gives back under another.
    pub fn exercise_between(&self, [taker, giver]: [usize; 2], share: usize, steps: usize) {
        let mut held = VecDeque::new();
        for _ in 0..steps {
            if held.len() < share && (held.is_empty() || thread_rng().r#gen()) {
                held.push_back(self.acquire(taker));
            } else if thread_rng().r#gen() {
                self.release(giver, held.pop_front().unwrap());
            } else {
                self.release(giver, held.pop_back().unwrap());
            }
        }
        held.into_iter().for_each(|block| self.release(giver, block));
    }

    /// Invariants 1 and 2, when all is quiet: every block is free, once.
    pub fn assert_full(&self) {
        assert_eq!(self.available(), self.held.len(), "invariant 2: conserved");
        // Past the magazines and the depot: what is in them must come to the stack.
        let left = std::iter::from_fn(|| self.try_acquire(NO_NUMBER)).count();
        assert_eq!(left, self.held.len(), "invariant 2: conserved");
    }
}
