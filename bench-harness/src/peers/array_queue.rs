//! A free list in crossbeam's bounded queue, [`crossbeam_queue::ArrayQueue`]: one array, filled at
//! once.

use crossbeam_queue::ArrayQueue;

use super::paths;
use super::queue::{self, FreeQueue, QueueAlloc};
use crate::lineup::{Entry, Kind};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "array-queue",
    kind: Kind::Pool,
    usual: true,
    touches_all: true,
    paths: &paths::NAMES,
    description: "a crossbeam ArrayQueue of block numbers over the same region",
    build: queue::build::<ArrayQueue<usize>>,
};

/// A pool behind a bounded queue.
pub type ArrayQueueAlloc = QueueAlloc<ArrayQueue<usize>>;

// SAFETY: the queue is linearizable, and a slot's stamp, stored with Release and loaded with Acquire,
// hands on what the pusher wrote. When it looks empty or full it was. Its methods do not unwind.
unsafe impl FreeQueue for ArrayQueue<usize> {
    fn with_room_for(numbers: usize) -> Self {
        Self::new(numbers)
    }

    #[inline]
    fn push(&self, number: usize) {
        // As the trait says, there is room.
        let _ = Self::push(self, number);
    }

    #[inline]
    fn pop(&self) -> Option<usize> {
        Self::pop(self)
    }

    fn count(&self) -> usize {
        self.len()
    }
}
