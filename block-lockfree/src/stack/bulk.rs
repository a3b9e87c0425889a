//! Calls of many blocks. How they bound their work, and the orderings: the text of
//! [`stack`](super).

use core::iter;

use block_core::BlockIndex;

use super::Stack;
use crate::head::Head;
use crate::sync::Ordering;

/// What became of an attempt to pop several blocks in one step.
enum Attempt {
    /// The first and the last of the blocks; their links still lead from one to the other.
    Popped(usize, usize),
    /// At the instant at which the head was loaded, there were too few blocks.
    TooFew,
    /// Another thread came in between, and the head is this one now.
    Changed(Head),
}

impl Stack {
    /// The most blocks of a part: short enough that other threads rarely come in between, long enough
    /// that the compare-and-swap does not count.
    const PART: usize = 128;

    /// The part with which a bulk pop begins to pop in parts.
    const FIRST_PART: usize = if cfg!(any(block_loom, block_shuttle)) { 2 } else { Self::PART };

    /// Up to so many blocks, a walk shows whether there are enough, and a look before it would only cost.
    const WALKED: usize = if cfg!(any(block_loom, block_shuttle)) { 2 } else { Self::PART };

    /// How often a bulk pop tries to take all its blocks in one step.
    pub(super) const WHOLE_ATTEMPTS: usize =
        if cfg!(any(block_loom, block_shuttle)) { 1 } else { 2 };

    /// After how many failures a bulk push pushes one by one.
    pub(super) const REWRITES: usize = if cfg!(any(block_loom, block_shuttle)) { 2 } else { 8 };

    /// Takes `count` blocks, or none if there are fewer. Calls `visit` with each position below `count`
    /// and the block for it, and again with the same position if another thread came in between: only
    /// the last block of each position counts, and only if the answer is true.
    ///
    /// False if at one instant fewer blocks than are missing were free, those not counted that other
    /// calls were moving.
    pub fn pop_many(&self, count: usize, mut visit: impl FnMut(usize, BlockIndex)) -> bool {
        if count == 0 {
            return true;
        }
        let mut head = self.load();
        for _ in 0..Self::WHOLE_ATTEMPTS {
            match self.try_pop_many(head, count, count, &mut visit) {
                Attempt::Popped(..) => return true,
                Attempt::TooFew => return false,
                Attempt::Changed(current) => head = current,
            }
        }
        self.pop_in_parts(head, count, visit)
    }

    /// Takes `count` blocks in several steps, or puts back those that it took.
    #[cold]
    pub(super) fn pop_in_parts(
        &self,
        mut head: Head,
        count: usize,
        mut visit: impl FnMut(usize, BlockIndex),
    ) -> bool {
        // The blocks taken so far, linked with each other: this call holds them.
        let (mut first_taken, mut taken) = (0, 0);
        let mut part = Self::FIRST_PART;
        while taken < count {
            let missing = count - taken;
            let wanted = part.min(missing);
            let visit = |position, block| visit(taken + position, block);
            match self.try_pop_many(head, missing, wanted, visit) {
                Attempt::Popped(first, last) => {
                    if taken > 0 {
                        // Its depth is written when it is pushed.
                        self.write_entry(last, first_taken, 0);
                    }
                    (first_taken, taken) = (first, taken + wanted);
                    part = (2 * part).min(Self::PART);
                    head = self.load();
                }
                Attempt::TooFew => {
                    let blocks = iter::successors(Some(first_taken), |&block| {
                        // Relaxed: this call wrote it, or popped the block with it.
                        Some(self.links.below(block, Ordering::Relaxed).next_to(block))
                    });
                    // Each link is read before the push of its block writes it.
                    let left = taken - self.push_upwards(blocks.take(taken));
                    let is_last = left > 0 && self.count_freed(left);
                    debug_assert!(!is_last, "the caller allocates through an owner or a block");
                    return false;
                }
                Attempt::Changed(current) => {
                    head = current;
                    part = (part / 2).max(1);
                }
            }
        }
        true
    }

    /// Takes `wanted` blocks in one step, if there are `needed`, which is no less.
    fn try_pop_many(
        &self,
        head: Head,
        needed: usize,
        wanted: usize,
        mut visit: impl FnMut(usize, BlockIndex),
    ) -> Attempt {
        let first = self.format.index(head);
        let (mut next, mut last) = (first, first);
        let mut position = 0;
        if needed <= Self::WALKED || self.content_below(head).count() >= needed {
            while position < wanted && next < self.capacity {
                visit(position, BlockIndex::new(next));
                last = next;
                next = self.links.below(next, Ordering::Acquire).next_to(next);
                position += 1;
            }
        }
        if position < wanted {
            // Too few, if the entries are those of one state of the stack: then the head is as it was.
            let now = self.load();
            return if now == head { Attempt::TooFew } else { Attempt::Changed(now) };
        }
        let new = self.format.popped(head, next, wanted);
        match self.swap(head, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(()) => Attempt::Popped(first, last),
            Err(current) => Attempt::Changed(current),
        }
    }

    /// Takes up to `most` blocks in one step, and returns how many: as many as there are, or fewer if
    /// other threads come in between again and again. Calls `visit` as [`Stack::pop_many`] does.
    #[cfg(feature = "std")]
    pub fn pop_up_to(&self, most: usize, mut visit: impl FnMut(usize, BlockIndex)) -> usize {
        /// Steps that fail before the next one takes half as many. In models, where steps also fail by
        /// themselves, so many that a refill takes all that it asks for.
        const FAILURES: usize = if cfg!(any(block_loom, block_shuttle)) { 1000 } else { 4 };
        let (mut wanted, mut failures) = (most, 0);
        let mut head = self.load();
        loop {
            let (mut next, mut taken) = (self.format.index(head), 0);
            while taken < wanted && next < self.capacity {
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
            failures += 1;
            if failures % FAILURES == 0 {
                wanted = (wanted / 2).max(1);
            }
        }
    }

    /// Pushes blocks, the first one uppermost: in one step per [`PART`](Self::PART) of them, the last
    /// part first. Returns the number of blocks that were pushed: fewer than all if the pool has
    /// retired.
    ///
    /// The caller holds the blocks, each once, and has given up those that were pushed. Once all were
    /// pushed, the pool may be gone.
    pub fn push_many<Blocks>(&self, blocks: Blocks) -> usize
    where
        Blocks: IntoIterator<Item = BlockIndex, IntoIter: DoubleEndedIterator>,
    {
        self.push_upwards(blocks.into_iter().rev().map(BlockIndex::get))
    }

    /// Pushes blocks, the first one lowest. Returns how many were pushed.
    fn push_upwards(&self, mut blocks: impl Iterator<Item = usize>) -> usize {
        let mut pushed = 0;
        while let Some(lowest) = blocks.next() {
            match self.push_part(lowest, blocks.by_ref().take(Self::PART - 1)) {
                Ok(count) => pushed += count,
                Err(count) => return pushed + count,
            }
        }
        pushed
    }

    /// Pushes a block and those above it. Returns how many were pushed: `Err` if the pool has retired
    /// and not all of them were.
    #[inline]
    fn push_part(
        &self,
        lowest: usize,
        others: impl Iterator<Item = usize>,
    ) -> Result<usize, usize> {
        let mut head = self.load();
        let mut below = self.format.index(head);
        if below > self.capacity {
            return Err(0);
        }
        let mut depth = self.depth_to_push_on(below);
        self.write_entry(lowest, below, depth + 1);
        let (mut top, mut count) = (lowest, 1);
        for block in others {
            count += 1;
            self.write_entry(block, top, depth + count);
            top = block;
        }
        for _ in 0..Self::REWRITES {
            match self.swap_in(head, top) {
                Ok(()) => return Ok(count),
                Err(current) => head = current,
            }
            below = self.format.index(head);
            if below > self.capacity {
                return Err(0);
            }
            let now = self.depth_to_push_on(below);
            if now != depth {
                depth = now;
                self.write_depths(top, count, depth);
            }
            self.write_entry(lowest, below, depth + 1);
        }
        match self.push_one_by_one(top, lowest) {
            pushed if pushed == count => Ok(pushed),
            pushed => Err(pushed),
        }
    }

    /// Writes the depths of a chain of `count` blocks that the caller holds, to lie on `depth` blocks;
    /// but not that of the lowest one.
    fn write_depths(&self, top: usize, count: usize, depth: usize) {
        let mut block = top;
        for above in (2..=count).rev() {
            // Relaxed: the caller wrote it.
            let next = self.links.below(block, Ordering::Relaxed).next_to(block);
            self.write_entry(block, next, depth + above);
            block = next;
        }
    }

    /// Pushes the blocks of a chain, each by itself. Returns how many were pushed.
    #[cold]
    fn push_one_by_one(&self, top: usize, lowest: usize) -> usize {
        let (mut block, mut pushed) = (top, 0);
        loop {
            // Relaxed: the caller wrote it. Before the push, which writes it.
            let next = self.links.below(block, Ordering::Relaxed).next_to(block);
            if !self.push(BlockIndex::new(block)) {
                return pushed;
            }
            pushed += 1;
            if block == lowest {
                return pushed;
            }
            block = next;
        }
    }
}
