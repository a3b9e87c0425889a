//! Many blocks in one step (invariant A). Orderings: the table of [`stack`](super).

use block_core::{BlockIndex, seeded};

use super::Stack;
use crate::sync::Ordering;

impl Stack {
    /// Takes `count` blocks in one step, or none if there are fewer. Calls `visit` with each
    /// position below `count` and the block for it; again from 0 if another thread came between,
    /// so only the last block of each position counts, and only if the answer is true.
    pub fn pop_many(&self, count: usize, mut visit: impl FnMut(usize, BlockIndex)) -> bool {
        if count == 0 {
            return true;
        }
        let mut head = self.load();
        'retry: loop {
            let mut next = self.format.index(head);
            for position in 0..count {
                if next >= self.capacity {
                    // Too few, if the walk saw one state of the stack: then the head is as it was. If
                    // not, it may have followed a chain that a bulk push was still linking.
                    let now = self.load();
                    if seeded!(now == head, "short-chain-trusted" => true) {
                        return false;
                    }
                    head = now;
                    continue 'retry;
                }
                visit(position, BlockIndex::new(next));
                next = self.links.below(next, Ordering::Acquire).next_to(next);
            }
            let moves = seeded!(count, "tag-moves-by-one-for-many" => 1);
            let new = self.format.popped(head, next, moves);
            match self.swap(head, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(()) => return true,
                Err(current) => head = current,
            }
        }
    }

    /// Takes up to `most` blocks in one step, as many as there are; says how many. Calls `visit` as
    /// [`Stack::pop_many`] does.
    #[cfg(feature = "std")]
    pub fn pop_up_to(&self, most: usize, mut visit: impl FnMut(usize, BlockIndex)) -> usize {
        let mut head = self.load();
        loop {
            let (mut next, mut taken) = (self.format.index(head), 0);
            while taken < most && next < self.capacity {
                visit(taken, BlockIndex::new(next));
                next = self.links.below(next, Ordering::Relaxed).next_to(next);
                taken += 1;
            }
            if taken == 0 {
                return 0;
            }
            let new = self.format.popped(head, next, taken);
            match self.swap(head, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(()) => return taken,
                Err(current) => head = current,
            }
        }
    }

    /// Pushes blocks in one step, the first one uppermost. Returns false and changes nothing if the
    /// pool has retired.
    ///
    /// The caller holds the blocks, each once. If this returns true, the caller has given them up, and
    /// the pool may be gone.
    pub fn push_many(&self, blocks: impl IntoIterator<Item = BlockIndex>) -> bool {
        let mut blocks = blocks.into_iter().map(BlockIndex::get);
        let Some(first) = blocks.next() else { return true };
        let mut last = first;
        for block in blocks {
            self.links.set_below(last, block, Ordering::Release);
            last = block;
        }
        self.push_chain(first, last)
    }
}
