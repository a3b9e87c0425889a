//! A free list in crossbeam's unbounded queue, [`crossbeam_queue::SegQueue`]: a list of segments of
//! 31 numbers, each allocated when the one before is full and freed when it is empty. So this pool
//! calls the program's allocator at every 31st block that is given back.

use crossbeam_queue::SegQueue;

use super::paths;
use super::queue::{self, FreeQueue, QueueAlloc};
use crate::lineup::{Entry, Kind};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "seg-queue",
    kind: Kind::Pool,
    usual: false,
    touches_all: true,
    paths: &paths::NAMES,
    description: "a crossbeam SegQueue of block numbers over the same region",
    build: queue::build::<SegQueue<usize>>,
};

/// A pool behind an unbounded queue.
pub type SegQueueAlloc = QueueAlloc<SegQueue<usize>>;

// SAFETY: the queue is linearizable, and a slot's state, set with Release and awaited with Acquire,
// hands on what the pusher wrote. When it looks empty it was. Its methods do not unwind; an
// allocation that fails aborts.
unsafe impl FreeQueue for SegQueue<usize> {
    fn with_room_for(_numbers: usize) -> Self {
        Self::new()
    }

    #[inline]
    fn push(&self, number: usize) {
        Self::push(self, number);
    }

    #[inline]
    fn pop(&self) -> Option<usize> {
        Self::pop(self)
    }

    fn count(&self) -> usize {
        self.len()
    }
}
