//! The loop alone, for workloads that give back any of the many blocks that they hold: the block
//! given last is the one taken next.

use block_core::{BlockIndex, BlockLayout, BuildError, FreeError, Region};

use crate::contender::{Bare, Contender, Hand, Shape};
use crate::workload;

/// As many blocks for each thread as it holds at once.
#[derive(Debug)]
pub struct Keep {
    region: Region,
    held: usize,
    /// How many a thread is handed, by its number.
    share: fn(Shape, usize) -> usize,
    shape: Shape,
}

impl Keep {
    /// Blocks for a shape.
    ///
    /// # Errors
    ///
    /// As of a pool.
    pub fn new(shape: Shape) -> Result<Self, BuildError> {
        Self::sharing(shape, |shape, _| shape.held)
    }

    /// The same, but a thread is handed no more than its share of the arena: then there is none left,
    /// and a take is refused, at the cost of looking.
    ///
    /// # Errors
    ///
    /// As of a pool.
    pub fn exhausted(shape: Shape) -> Result<Self, BuildError> {
        Self::sharing(shape, |shape, thread| workload::share(shape.arena, shape.threads, thread))
    }

    fn sharing(shape: Shape, share: fn(Shape, usize) -> usize) -> Result<Self, BuildError> {
        let layout = BlockLayout::new(shape.block_size, shape.threads * shape.held)?;
        Ok(Self { region: Region::map(layout)?, held: shape.held, share, shape })
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
        let end = next + (self.share)(self.shape, thread);
        KeepHand { region: &self.region, next, end, given: None }
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
