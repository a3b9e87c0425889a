//! A lock-free stack of block numbers: one packed word and a side table of links and depths.
//!
//! Source: R. K. Treiber, "Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986, with
//! a tag against ABA in the head word (see [`head`](crate::head)), links beside the nodes, and the
//! depth of each block beside its link (see [`links`](crate::links)).
//!
//! # Invariants
//!
//! A. The stack's content is what a walk from the head word over the links finds, up to the index
//!    `capacity`. It changes only by a successful compare-and-swap of the head word (invariants 1, 2,
//!    3). A call of many blocks is one such step, or several of which each moves a part, see
//!    [below](#calls-of-many-blocks).
//! B. The entry of a block on the stack does not change: only a holder writes a block's link and
//!    depth, before the compare-and-swap that puts the block on the stack.
//! C. Every link is an index of at most `capacity`, whenever it is read: a late reader may find an
//!    outdated one, never a wild one. Its compare-and-swap then fails by the tag (invariant 7).
//! F. The depth of a block on the stack is the number of blocks on the stack from this block down.
//!    While a block is on the stack, the blocks below it stay (the stack is last in, first out), so
//!    the depth that its push wrote is right for as long as it is on the stack. The push computes it
//!    from the depth of the block below, and its compare-and-swap confirms that this block was on
//!    top, with an unchanged entry (B).
//! G. The word `frontier` never falls and never exceeds the number of the first block that was never
//!    popped. While a block that was pushed is on top, it equals that number: the lowest of the pushed
//!    blocks was pushed onto the frontier (or the end), and that push raised the word before. The
//!    frontier cannot begin elsewhere before this block is popped. While a block of the frontier is on
//!    top, its number says where the frontier begins; while the stack is empty, there is none.
//!
//! # A look at the stack
//!
//! A look loads the head word, then the entry of the block on top, then the head word again. If the two
//! words are equal, no block was popped in between (the tag counts pops), so the entry belonged to the
//! block while it was on top, and the depth is the exact number of free blocks at the instant of the
//! second load. Otherwise the look starts again, up to 64 times; the last one is not confirmed, and may
//! be wrong by the blocks that other threads are moving. A look takes constant time and never waits.
//!
//! # Calls of many blocks
//!
//! A bulk pop of more than [`PART`](Stack::PART) blocks first looks: if there are too few, it fails
//! without a walk. Then it walks the links and takes all its blocks in one step. Another thread that pops and pushes can make this step fail,
//! and for a long walk it nearly always does. So after [`WHOLE_ATTEMPTS`](Stack::WHOLE_ATTEMPTS) walks
//! it pops in parts of at most [`PART`](Stack::PART) blocks. A part that fails is halved, down to one
//! block, so a bulk pop then makes progress as single pops do: each step that fails is another thread's
//! step that succeeded. If the blocks do not suffice in the end, it pushes back those that it took.
//!
//! Until then it holds no more than it was asked for. So invariant 3 stands: with T threads of at most
//! k blocks each and T * k = capacity, a thread that pops its k blocks in parts always finds the next
//! part, and the other threads find theirs. Of two bulk pops that together ask for more than there is,
//! both may fail, where one of them could have had its blocks.
//!
//! A bulk push writes links and depths of a part of at most [`PART`](Stack::PART) blocks, and puts the
//! part on top in one step. If the step fails and the stack has another depth now, it writes the depths
//! again. After [`REWRITES`](Stack::REWRITES) failures it pushes the blocks of the part one by one.
//!
//! # Memory orderings
//!
//! | operation | ordering | pairs with | what breaks if weaker |
//! |---|---|---|---|
//! | push: CAS of the head | Release | the Acquire of a pop's, push's or look's load, or failed CAS | a popper may read an old link, or its holder the block's old bytes; a push an old depth |
//! | pop: load of the head, failed CAS | Acquire | that Release, or any in whose release sequence the value stands: pops are read-modify-writes and do not break it | the same |
//! | pop: successful CAS | Acquire | as above | the word it saw last is the one it loaded; nothing, today: kept so that the pop is correct by itself |
//! | pop: successful CAS | Release | the Acquire load of a pop that finds the stack empty | that one might not see that magazines were opened before they took the last block, and report exhaustion while blocks lie in them (step 6 of the page on exactness) |
//! | push: store of an entry | Release | the Acquire of a walk's or a look's load of it | a look that reads an entry written after a pop might not see that pop in the head afterwards, and take the entry for that of the block while it was on top |
//! | push: load of the head, failed CAS | Acquire | a push's Release | the depth of the block below, or `frontier`, may be an old one (F, G) |
//! | push: raising `frontier` | Release | the Acquire of a look's load of it | a look might not see the pops that moved the frontier in the head afterwards, and count returned blocks as never used |
//! | pop: load of a link; push: load of the depth below | Relaxed | | the CAS confirms the word, and by B the entry with it |

use core::iter;

use block_core::backend::{Retirable, after_last_step};
use block_core::{BlockIndex, Region, RegionError};

use crate::failed_calls::FailedCalls;
use crate::head::{Head, HeadFormat};
use crate::links::Links;
use crate::sync::{AtomicU64, AtomicUsize, CachePadded, Ordering, const_outside_models};

const _: () =
    assert!(align_of::<CachePadded<u64>>() == 128 && size_of::<CachePadded<u64>>() == 128);

/// The free blocks of one pool, last pushed first; at first all of them.
#[derive(Debug)]
pub struct Stack(Retirable<Parts>);

/// The fields of [`Stack`].
#[derive(Debug)]
pub struct Parts {
    top: CachePadded<Top>,
    links: Links,
    format: HeadFormat,
    capacity: usize,
    failed_calls: FailedCalls,
    /// Allocated blocks of a retired pool; see [`retire`](mod@self::retire).
    allocated: AtomicUsize,
}

/// What pushes and pops write, on a line of its own.
#[derive(Debug)]
struct Top {
    head: AtomicU64,
    /// Where the frontier begins, as of the last push onto it (invariant G).
    frontier: AtomicUsize,
}

const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<Stack>();
};

impl core::ops::Deref for Stack {
    type Target = Parts;

    #[inline(always)]
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Stack {
    /// A stack with all the blocks of a region on it, block 0 on top. Constant time.
    pub fn new(region: &Region) -> Result<Self, RegionError> {
        Ok(Self::over(region.layout().capacity(), Links::new(region)?))
    }

    const_outside_models! {
        /// A stack with so many blocks on it, over as many untouched links.
        pub(crate) fn over(capacity: usize, links: Links) -> Self {
            let format = HeadFormat::new(capacity);
            let top = CachePadded(Top {
                head: AtomicU64::new(format.first(0).bits()),
                frontier: AtomicUsize::new(0),
            });
            let (failed_calls, allocated) = (FailedCalls::new(), AtomicUsize::new(0));
            Self(Retirable::new(Parts { top, links, format, capacity, failed_calls, allocated }))
        }
    }

    #[inline]
    fn load(&self) -> Head {
        Head::from_bits(self.top.0.head.load(Ordering::Acquire))
    }

    /// Replaces the head word, or returns the one that stands there instead.
    #[inline]
    fn swap(
        &self,
        expected: Head,
        new: Head,
        success: Ordering,
        failure: Ordering,
    ) -> Result<(), Head> {
        self.top
            .0
            .head
            .compare_exchange_weak(expected.bits(), new.bits(), success, failure)
            .map(drop)
            .map_err(Head::from_bits)
    }

    /// Takes the block on top.
    #[inline]
    pub fn pop(&self) -> Option<BlockIndex> {
        let mut head = self.load();
        loop {
            let top = self.format.index(head);
            if top >= self.capacity {
                return None;
            }
            let next = self.links.below(top, Ordering::Relaxed).next_to(top);
            // The new tag comes from `head`, the word that is compared (invariant 7).
            let new = self.format.popped(head, next, 1);
            match self.swap(head, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(()) => return Some(BlockIndex::new(top)),
                Err(current) => head = current,
            }
        }
    }

    /// Pushes a block. Returns false and changes nothing if the pool has retired.
    ///
    /// The caller holds the block. If this returns true, the caller has given it up, and the pool may
    /// be gone.
    #[inline(always)]
    pub fn push(&self, block: BlockIndex) -> bool {
        let mut head = self.load();
        loop {
            let below = self.format.index(head);
            if below > self.capacity {
                return false;
            }
            let depth = self.depth_to_push_on(below);
            self.write_entry(block.get(), below, depth + 1);
            match self.swap_in(head, block.get()) {
                Ok(()) => return true,
                Err(current) => head = current,
            }
        }
    }

    /// Returns how many blocks are on the stack while the block `top` (or the end) is on top, to a
    /// caller that pushes onto it. Raises `frontier` where the push is the first onto it.
    #[inline]
    fn depth_to_push_on(&self, top: usize) -> usize {
        // Relaxed: the compare-and-swap that follows confirms the entry.
        let depth =
            if top == self.capacity { None } else { self.links.depth(top, Ordering::Relaxed) };
        if let Some(depth) = depth {
            return depth;
        }
        // Relaxed: what is read happened before the push that follows, and so before a look that
        // acquires it (G).
        if self.top.0.frontier.load(Ordering::Relaxed) < top {
            self.raise_frontier(top);
        }
        self.capacity - top
    }

    /// Raises `frontier` to where the frontier began at an instant.
    #[cold]
    fn raise_frontier(&self, start: usize) {
        // Release: pairs with the Acquire of a look's load.
        self.top.0.frontier.fetch_max(start, Ordering::Release);
    }

    /// Writes the entry of a block that the caller holds.
    #[inline]
    fn write_entry(&self, block: usize, below: usize, depth: usize) {
        self.links.write(block, below, depth, Ordering::Release);
    }

    /// The last step of a push: puts a block or a chain on top, or returns the word that stands there
    /// instead.
    #[inline]
    fn swap_in(&self, head: Head, top: usize) -> Result<(), Head> {
        let new = self.format.pushed(head, top);
        self.swap(head, new, Ordering::Release, Ordering::Acquire)?;
        after_last_step();
        Ok(())
    }

    /// Counts calls that were told that there are too few blocks.
    pub(crate) fn count_failed(&self, calls: usize) {
        self.failed_calls.add(calls);
    }

    /// How many calls were counted so.
    pub(crate) fn failed_calls(&self) -> u64 {
        self.failed_calls.sum()
    }

    /// A mark in the history of the stack, for [`Stack::popped_since`].
    #[cfg(feature = "std")]
    pub(crate) fn mark(&self) -> u64 {
        self.top.0.head.load(Ordering::Relaxed)
    }

    /// How many blocks were popped since a mark, up to the tag's range.
    #[cfg(feature = "std")]
    pub(crate) fn popped_since(&self, mark: u64) -> u64 {
        self.format.popped_between(Head::from_bits(mark), Head::from_bits(self.mark()))
    }
}

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
    const WHOLE_ATTEMPTS: usize = if cfg!(any(block_loom, block_shuttle)) { 1 } else { 2 };

    /// After how many failures a bulk push pushes one by one.
    const REWRITES: usize = if cfg!(any(block_loom, block_shuttle)) { 2 } else { 8 };

    /// Takes `count` blocks, or none if there are fewer. Calls `visit` with each position below `count`
    /// and the block for it, and again with the same position if another thread came in between: only
    /// the last block of each position counts, and only if the answer is true.
    ///
    /// False if at one instant fewer blocks than are missing were free, those not counted that other
    /// calls were moving.
    pub fn pop_bulk(&self, count: usize, mut visit: impl FnMut(usize, BlockIndex)) -> bool {
        if count == 0 {
            return true;
        }
        let mut head = self.load();
        for _ in 0..Self::WHOLE_ATTEMPTS {
            match self.try_pop_bulk(head, count, count, &mut visit) {
                Attempt::Popped(..) => return true,
                Attempt::TooFew => return false,
                Attempt::Changed(current) => head = current,
            }
        }
        self.pop_in_parts(head, count, visit)
    }

    /// Takes `count` blocks in several steps, or puts back those that it took.
    #[cold]
    fn pop_in_parts(
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
            match self.try_pop_bulk(head, missing, wanted, visit) {
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
    fn try_pop_bulk(
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
    /// other threads come in between again and again. Calls `visit` as [`Stack::pop_bulk`] does.
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
    pub fn push_bulk<Blocks>(&self, blocks: Blocks) -> usize
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

/// The blocks on a stack at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Blocks that were popped and pushed back.
    pub returned: usize,
    /// Blocks that were never popped.
    pub frontier: usize,
}

impl Content {
    /// All of them.
    pub fn count(self) -> usize {
        self.returned + self.frontier
    }
}

impl Stack {
    /// How often a look starts again while other threads move the head.
    const LOOKS: usize = if cfg!(any(block_loom, block_shuttle)) { 2 } else { 64 };

    /// Returns the blocks on the stack: exact for one instant of the call, unless other threads moved
    /// the head during each of 64 looks. Then it may be wrong by the blocks that they are moving.
    ///
    /// Takes constant time and waits for no thread. From one call to the next, `frontier` never rises.
    pub fn content(&self) -> Content {
        self.look().unwrap_or_else(|unconfirmed| unconfirmed)
    }

    /// As [`content`](Self::content); `Err` if it is not confirmed.
    pub fn look(&self) -> Result<Content, Content> {
        let mut head = self.load();
        for _ in 0..Self::LOOKS {
            let content = self.content_below(head);
            let now = self.load();
            if now == head {
                return Ok(content);
            }
            head = now;
        }
        Err(self.content_below(head))
    }

    /// Returns the blocks on the stack while this is the head word. Exact if it is the head word
    /// afterwards, too.
    fn content_below(&self, head: Head) -> Content {
        let top = self.format.index(head);
        // Above the capacity: a retired stack has no blocks.
        if top >= self.capacity {
            return Content::default();
        }
        // Acquire, here and below: if what is read was written after the block was popped, the next
        // load of the head shows that pop.
        let Some(count) = self.links.depth(top, Ordering::Acquire) else {
            return Content { returned: 0, frontier: self.capacity - top };
        };
        let frontier = self.capacity - self.top.0.frontier.load(Ordering::Acquire);
        // Outdated entries can be of a time at which the frontier was longer, so not fewer than that.
        Content { returned: count.saturating_sub(frontier), frontier }
    }
}

impl Stack {
    /// Takes all blocks for good and returns their number. LateInit pushes fail.
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

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
#[cfg_attr(
    not(target_pointer_width = "64"),
    allow(arithmetic_overflow, reason = "there the tests are compiled, but ignored")
)]
mod tests {
    use super::*;
    use block_core::BlockLayout;

    fn stack(capacity: usize) -> Stack {
        let layout = BlockLayout::new(1, capacity).unwrap();
        Stack::new(&Region::map(layout).unwrap()).unwrap()
    }

    fn drain(stack: &Stack) -> std::vec::Vec<usize> {
        core::iter::from_fn(|| stack.pop().map(BlockIndex::get)).collect()
    }

    #[test]
    fn frontier_is_left_in_order_and_blocks_come_back_last_first() {
        let stack = stack(5);
        assert_eq!(drain(&stack), [0, 1, 2, 3, 4]);
        stack.push_bulk([3, 1, 4].map(BlockIndex::new));
        stack.push(BlockIndex::new(2));
        assert_eq!(stack.content().count(), 4);
        assert_eq!(drain(&stack), [2, 3, 1, 4]);
    }

    #[test]
    fn bulk_takes_all_or_nothing_across_written_links_and_frontier() {
        let stack = stack(6);
        let (a, _b) = (stack.pop().unwrap(), stack.pop().unwrap());
        stack.push(a);
        let mut taken = [BlockIndex::new(9); 6];
        assert!(!stack.pop_bulk(6, |_, _| {}), "five are free");
        assert!(stack.pop_bulk(5, |position, block| taken[position] = block));
        assert_eq!(taken.map(BlockIndex::get), [0, 2, 3, 4, 5, 9]);
        assert_eq!(stack.content().count(), 0);
        assert!(stack.pop_bulk(0, |_, _| unreachable!()));
        stack.push_bulk([]);
        assert!(!stack.pop_bulk(1, |_, _| {}));
    }

    #[test]
    #[cfg(feature = "std")]
    fn a_refill_takes_what_there_is_up_to_what_is_wanted_and_tells_each_block_once() {
        let stack = stack(5);
        let (a, start) = (stack.pop().unwrap(), stack.mark());
        stack.push(a);
        let refill = |most| {
            let mut taken = std::vec::Vec::new();
            let count = stack.pop_up_to(most, |position, block| {
                assert_eq!(position, taken.len());
                taken.push(block.get());
            });
            assert_eq!(count, taken.len());
            taken
        };
        assert_eq!(refill(0), []);
        assert_eq!(refill(2), [0, 1], "from a written link and from the frontier");
        assert_eq!((stack.popped_since(start), stack.content().count()), (2, 3));
        assert_eq!(refill(4), [2, 3, 4], "all that there are");
        assert_eq!(refill(4), []);
        assert_eq!((stack.popped_since(start), stack.content().count()), (5, 0));
    }

    #[test]
    fn a_bulk_pop_moves_the_tag_by_its_blocks() {
        let stack = stack(10);
        let start = stack.load();
        assert!(stack.pop_bulk(7, |_, _| {}));
        assert_eq!(stack.format.popped_between(start, stack.load()), 7);
    }

    /// Invariants F and G, in parts, at every height of the stack.
    #[test]
    fn every_depth_of_a_long_chain_is_right() {
        let stack = stack(1000);
        let mut all = std::vec![BlockIndex::new(0); 700];
        assert!(stack.pop_bulk(700, |position, block| all[position] = block));
        let (few, many) = all.split_at(100);
        stack.push_bulk(many.iter().copied());
        assert!(few.iter().all(|&block| stack.push(block)));
        for left in (0..=1000_usize).rev() {
            let frontier = left.min(300);
            assert_eq!(stack.content(), Content { returned: left - frontier, frontier });
            assert_eq!(stack.pop().is_some(), left > 0);
        }
        stack.push_bulk(all.iter().copied());
        assert_eq!(stack.content(), Content { returned: 700, frontier: 0 });
        assert_eq!(stack.pop(), Some(all[0]), "the first one uppermost");
    }

    #[test]
    fn a_bulk_pop_in_parts_takes_all_or_puts_back_what_it_took() {
        let stack = stack(1000);
        let popped: std::vec::Vec<_> = core::iter::from_fn(|| stack.pop()).collect();
        stack.push_bulk(popped);
        let mut taken = std::vec![false; 1000];
        assert!(stack.pop_in_parts(stack.load(), 600, |_, block| taken[block.get()] = true));
        assert_eq!(taken.iter().filter(|&&taken| taken).count(), 600);
        // As if another thread had taken the rest while the last part was popped.
        assert_eq!(stack.content().count(), 400);
        let mut is_first = true;
        assert!(!stack.pop_in_parts(stack.load(), 400, |position, _| {
            if position == 128 && core::mem::take(&mut is_first) {
                stack.pop().unwrap();
            }
        }));
        assert_eq!(stack.content(), Content { returned: 399, frontier: 0 });
        let mut left = drain(&stack);
        left.sort_unstable();
        left.dedup();
        assert_eq!(left.len(), 399);
    }

    /// Indices that need more than 32 bits, in wide links.
    #[test]
    #[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
    fn blocks_beyond_32_bits_come_and_go() {
        let stack = stack(1 << 33);
        let far = (1 << 32) + 5;
        // As if every block before had been taken.
        stack.top.0.head.store(stack.format.first(far).bits(), Ordering::Relaxed);
        let (a, b) = (stack.pop().unwrap(), stack.pop().unwrap());
        assert_eq!((a.get(), b.get()), (far, far + 1));
        stack.push_bulk([b, a]);
        assert_eq!(stack.content().count(), (1 << 33) - far);
        assert_eq!(stack.pop(), Some(b));
        assert_eq!(stack.pop(), Some(a));
        assert_eq!(stack.pop().unwrap().get(), far + 2);
    }

    /// The largest capacity of narrow links, whose end is `u32::MAX` in the table, and the smallest
    /// of wide ones.
    #[test]
    #[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
    fn the_last_blocks_come_and_go_where_links_become_wide() {
        for (capacity, narrow) in [(u32::MAX as usize - 1, true), (u32::MAX as usize, false)] {
            let stack = stack(capacity);
            assert_eq!(matches!(stack.links, Links::Narrow(_)), narrow, "{capacity} blocks");
            // As if every block but the last three had been taken.
            let three = capacity - 3;
            stack.top.0.head.store(stack.format.first(three).bits(), Ordering::Relaxed);
            assert_eq!(drain(&stack), [three, three + 1, three + 2], "from the frontier");
            assert_eq!(stack.content().count(), 0);
            stack.push(BlockIndex::new(three + 1)); // on top of the end
            assert_eq!(stack.content().count(), 1);
            stack.push_bulk([three + 2, three].map(BlockIndex::new));
            assert_eq!(stack.content().count(), 3);
            assert_eq!(drain(&stack), [three + 2, three, three + 1], "from written links");
        }
    }

    #[test]
    fn a_tag_that_wraps_disturbs_neither_order_nor_count() {
        let stack = stack(4);
        let last_tag = stack.format.popped(stack.format.first(0), 0, usize::MAX);
        stack.top.0.head.store(last_tag.bits(), Ordering::Relaxed);
        let (a, b) = (stack.pop().unwrap(), stack.pop().unwrap());
        stack.push(a);
        stack.push(b);
        assert_eq!(stack.content().count(), 4);
        assert_eq!(drain(&stack), [1, 0, 2, 3]);
    }
}
