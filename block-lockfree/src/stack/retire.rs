//! The end of a stack whose pool has no owner any more.
//!
//! A retired stack has no blocks. A free that comes later is not pushed, it is only counted, and the
//! call that makes the count zero has the pool to itself.
//!
//! # Invariant
//!
//! The head word alone decides on which side of the retirement a push falls. Either its
//! compare-and-swap succeeds before [`Stack::retire`] swaps in the retired head; then the block is in
//! the list that `retire` takes and counts. Or it finds the retired head; then it counts itself by
//! [`Stack::count_freed`]. So free blocks plus allocated blocks are the capacity, also for callers
//! that no reclaimer waits for: threads without a number, threads at their end, signal handlers.
//!
//! `allocated` starts at 0. Frees subtract from it and may make it wrap below zero, until
//! [`Stack::count_allocated`] adds the number of blocks that were allocated at the retirement. After
//! that it is 0 exactly once: every block was subtracted once.
//!
//! # Memory orderings
//!
//! | operation | ordering | pairs with | what breaks if weaker |
//! |---|---|---|---|
//! | `retire`: swap of the head | Acquire | the Release of every push before it | the thread that frees the pool races with the pushers' last accesses |
//! | `count_freed`, `count_allocated` | Release | the Acquire of the call that reaches 0 | the same, for calls that counted themselves |
//! | `count_freed`, `count_allocated` | Acquire | the Release of all other calls | the same |

use block_core::backend::after_last_step;

use super::Stack;
use crate::sync::Ordering;

impl Stack {
    /// Takes all blocks for good and returns their number. Later pushes fail.
    pub fn retire(&self) -> usize {
        let mut head = self.load();
        // The tag stays: it counts the blocks that were popped.
        let retired = |head| self.format.pushed(head, self.capacity + 1);
        while let Err(current) = self.swap(head, retired(head), Ordering::AcqRel, Ordering::Acquire)
        {
            head = current;
        }
        // No push or pop comes after that swap, so this is exact.
        self.content_below(head).count()
    }

    /// Counts blocks that were freed to a retired pool. Returns true if they were the last: then the
    /// caller has the pool to itself. If false, the pool may be gone.
    pub(crate) fn count_freed(&self, blocks: usize) -> bool {
        let before = self.allocated.fetch_sub(blocks, Ordering::AcqRel);
        after_last_step();
        before == blocks
    }

    /// Adds the number of blocks that were allocated when the pool retired. Returns as
    /// [`count_freed`](Self::count_freed) does.
    pub(crate) fn count_allocated(&self, blocks: usize) -> bool {
        let before = self.allocated.fetch_add(blocks, Ordering::AcqRel);
        after_last_step();
        before.wrapping_add(blocks) == 0
    }
}
