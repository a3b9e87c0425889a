//! The loop alone, for workloads that give back any of the many blocks that they hold: the block
//! given last is the one taken next.

use block_core::{BlockIndex, BlockLayout, BuildError, FreeError, Region};

use crate::contender::{Bare, Contender, Hand, Shape};

/// As many blocks for each thread as it holds at once.
#[derive(Debug)]
pub struct Keep {
    region: Region,
    held: usize,
}

impl Keep {
    /// Blocks for a shape.
    ///
    /// # Errors
    ///
    /// As of a pool.
    pub fn new(shape: Shape) -> Result<Self, BuildError> {
        let layout = BlockLayout::new(shape.block_size, shape.threads * shape.held)?;
        Ok(Self { region: Region::map(layout)?, held: shape.held })
    }
}

/// What a thread has not taken yet, and what it gave last.
#[derive(Debug)]
pub struct KeepHand<'a> {
    region: &'a Region,
    next: usize,
    end: usize,
    given: Option<Bare>,
}

impl Contender for Keep {
    type Hand<'a> = KeepHand<'a>;

    fn hand(&self, thread: usize) -> KeepHand<'_> {
        let next = thread * self.held;
        KeepHand { region: &self.region, next, end: next + self.held, given: None }
    }

    fn supply(&self) -> usize {
        self.held
    }
}

impl KeepHand<'_> {
    #[cold]
    #[inline(never)]
    fn fresh(&mut self) -> Option<Bare> {
        let index = self.next;
        self.next += 1;
        (index < self.end).then(|| Bare(self.region.block(BlockIndex::new(index))))
    }
}

impl Hand for KeepHand<'_> {
    type Held = Bare;

    #[inline(always)]
    fn take(&mut self) -> Option<Bare> {
        match self.given.take() {
            None => self.fresh(),
            given => given,
        }
    }

    #[inline(always)]
    fn bytes(held: &mut Bare) -> *mut u8 {
        held.0.as_ptr()
    }

    #[inline(always)]
    fn give(&mut self, held: Bare) -> Result<(), FreeError> {
        self.given = Some(held);
        Ok(())
    }
}
