//! The loop alone: each thread cycles through a few blocks of its own, and nothing is allocated.
//! Its figure is what the other contenders' figures contain and no allocator could save.
//!
//! Where cycling would not do, blocks are [kept](super::keep) or [passed around](super::pass).

use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

use block_core::{BlockIndex, BlockLayout, BuildError, FreeError, Region};

use super::keep::Keep;
use super::pass::Pass;
use crate::contender::{Bare, Contender, Hand, Shape};
use crate::grid::Case;
use crate::lineup::{Entry, Kind, LOOP, Subjects};
use crate::workload::Workload;

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: LOOP,
    kind: Kind::Loop,
    usual: true,
    touches_all: false,
    paths: &["none"],
    description: "the loop alone, over blocks that each thread keeps: what measuring costs",
    build,
};

fn build(case: &Case) -> Result<Subjects, BuildError> {
    Ok(vec![match case.workload {
        Workload::Handover => Box::new(Pass::new(case.shape)?),
        Workload::Replace | Workload::Larson | Workload::NearFull(_) => {
            Box::new(Keep::new(case.shape)?)
        }
        Workload::Exhausted => Box::new(Keep::exhausted(case.shape)?),
        Workload::Scratch => Box::new(Keep::new(scratch(case.shape))?),
        _ => Box::new(Cycle::new(case.shape)?),
    }])
}

/// The first thread takes a block for each, which that one then keeps: as many bytes apart as no two
/// threads share.
fn scratch(shape: Shape) -> Shape {
    Shape { held: shape.threads, block_size: shape.block_size.max(APART), ..shape }
}

/// Bytes of a line, and of the one that the processor fetches along with it.
const APART: usize = 128;

/// As many blocks for each thread as it holds at once.
#[derive(Debug)]
pub struct Cycle {
    region: Region,
    held: usize,
    /// Blocks from one thread's first to the next one's: no two threads share a cache line.
    apart: usize,
    /// Where each thread's next hand goes on, so that what the last one still holds stays held.
    positions: Box<[AtomicUsize]>,
}

impl Cycle {
    fn new(shape: Shape) -> Result<Self, BuildError> {
        let apart = shape.held.next_multiple_of(APART.div_ceil(shape.block_size));
        let layout = BlockLayout::new(shape.block_size, shape.threads * apart)?;
        let positions = (0..shape.threads).map(|_| AtomicUsize::new(0)).collect();
        Ok(Self { region: Region::map(layout)?, held: shape.held, apart, positions })
    }
}

/// A thread's ring: all of it lives in the loop's registers.
#[derive(Debug)]
pub struct Ring<'a> {
    first: NonNull<u8>,
    stride: usize,
    position: usize,
    blocks: usize,
    /// Where the next hand reads the position.
    left_at: &'a AtomicUsize,
    _region: PhantomData<&'a Region>,
}

impl Contender for Cycle {
    type Hand<'a> = Ring<'a>;

    fn hand(&self, thread: usize) -> Ring<'_> {
        Ring {
            first: self.region.block(BlockIndex::new(thread * self.apart)),
            stride: self.region.layout().stride(),
            // Relaxed, here and below: the hands of a thread come one after another, in threads that
            // were joined.
            position: self.positions[thread].load(Ordering::Relaxed),
            blocks: self.held,
            left_at: &self.positions[thread],
            _region: PhantomData,
        }
    }

    fn supply(&self) -> usize {
        self.held
    }
}

impl Drop for Ring<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.left_at.store(self.position, Ordering::Relaxed);
    }
}

impl Hand for Ring<'_> {
    type Held = Bare;

    #[inline(always)]
    fn take(&mut self) -> Option<Bare> {
        // SAFETY: the ring's blocks are `blocks` neighbours in the region, which the ring borrows,
        // and `position < blocks`.
        let block = unsafe { self.first.add(self.position * self.stride) };
        self.position = if self.position + 1 == self.blocks { 0 } else { self.position + 1 };
        Some(Bare(block))
    }

    #[inline(always)]
    fn bytes(held: &mut Bare) -> *mut u8 {
        held.0.as_ptr()
    }

    #[inline(always)]
    fn give(&mut self, _held: Bare) -> Result<(), FreeError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else the loop alone would show what only an allocator may be blamed for.
    #[test]
    fn no_two_threads_share_a_line() {
        for block_size in [1, 8, 16, 24, 64, 100, 4_096] {
            let shape = Case::new(Workload::Pair, 3, block_size, 10).shape;
            let cycle = Cycle::new(shape).unwrap();
            let first = |thread| cycle.hand(thread).first.addr().get();
            for thread in 1..3 {
                assert!(first(thread) - first(thread - 1) >= APART, "{block_size}");
            }
        }
    }
}
