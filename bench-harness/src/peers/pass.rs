//! The loop alone, for blocks that one thread takes and another gives back: they return to the
//! first one by a second ring, as they came.

use std::convert::Infallible;
use std::ptr::NonNull;

use block_core::{BlockIndex, BlockLayout, BuildError, FreeError, Region};

use crate::contender::{Bare, Contender, Hand, Shape};
use crate::ring::{BATCH, Receiver, Ring, SLOTS, Sender};

/// For each pair of threads the blocks that fit into a ring, and the ring by which they return.
#[derive(Debug)]
pub struct Pass {
    _region: Region,
    back: Vec<Ring<Bare>>,
}

impl Pass {
    /// Blocks for a shape.
    ///
    /// # Errors
    ///
    /// As of a pool.
    pub fn new(shape: Shape) -> Result<Self, BuildError> {
        let pairs = shape.threads.div_ceil(2);
        let region = Region::map(BlockLayout::new(shape.block_size, pairs * SLOTS * BATCH)?)?;
        let mut blocks =
            (0..region.layout().capacity()).map(|index| Bare(region.block(BlockIndex::new(index))));
        let back: Vec<_> = (0..pairs).map(|_| Ring::default()).collect();
        for ring in &back {
            let mut sender = ring.sender();
            for _ in 0..SLOTS {
                let sent = sender.send(|| blocks.next().ok_or(()));
                debug_assert_eq!(sent, Ok(true), "an empty ring has room for as many");
            }
        }
        Ok(Self { _region: region, back })
    }
}

/// The end of the second ring that a thread has, and a batch on its way.
#[derive(Debug)]
pub struct PassHand<'a> {
    end: End<'a>,
    batch: [NonNull<u8>; BATCH],
    /// Blocks of the batch that were taken or given.
    position: usize,
}

#[derive(Debug)]
enum End<'a> {
    Taker(Receiver<'a, Bare>),
    Giver(Sender<'a, Bare>),
}

impl Contender for Pass {
    type Hand<'a> = PassHand<'a>;

    fn hand(&self, thread: usize) -> PassHand<'_> {
        let ring = &self.back[thread / 2];
        let (end, position) = if thread.is_multiple_of(2) {
            (End::Taker(ring.receiver()), BATCH)
        } else {
            (End::Giver(ring.sender()), 0)
        };
        PassHand { end, batch: [NonNull::dangling(); BATCH], position }
    }
}

impl PassHand<'_> {
    #[inline(never)]
    fn next_batch(&mut self) -> Option<()> {
        let End::Taker(receiver) = &mut self.end else { return None };
        let mut entries = self.batch.iter_mut();
        let received = receiver.receive(|Bare(block)| {
            if let Some(entry) = entries.next() {
                *entry = block;
            }
            Ok::<_, Infallible>(())
        });
        self.position = 0;
        matches!(received, Ok(true)).then_some(())
    }

    #[inline(never)]
    fn return_batch(&mut self) {
        let End::Giver(sender) = &mut self.end else { return };
        let mut blocks = self.batch.iter();
        // There is room: the ring takes all the blocks that there are.
        let _ = sender.send(|| blocks.next().map(|&block| Bare(block)).ok_or(()));
        self.position = 0;
    }
}

impl Hand for PassHand<'_> {
    type Held = Bare;

    #[inline(always)]
    fn take(&mut self) -> Option<Bare> {
        if self.position == BATCH {
            self.next_batch()?;
        }
        let block = self.batch[self.position];
        self.position += 1;
        Some(Bare(block))
    }

    #[inline(always)]
    fn bytes(held: &mut Bare) -> *mut u8 {
        held.0.as_ptr()
    }

    #[inline(always)]
    fn give(&mut self, held: Bare) -> Result<(), FreeError> {
        self.batch[self.position] = held.0;
        self.position += 1;
        if self.position == BATCH {
            self.return_batch();
        }
        Ok(())
    }
}
