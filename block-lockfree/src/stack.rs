//! A lock-free stack of block indices: one packed word, and a side table of links and depths.
//!
//! Source: R. K. Treiber, "Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986. Added
//! here: a tag in the head word against ABA (see [`head`](crate::head)), links in a table instead
//! of in the nodes, and a depth next to each link (see [`links`](crate::links)).
//!
//! # Invariants
//!
//! A. The content of the stack is the chain of links from the head word to the index `capacity`. It
//!    changes only by a successful compare-and-swap of the head word (invariants 1, 2, 3). A bulk
//!    call is one such step or several, each of which moves a part (see
//!    [below](#bulk-calls)).
//! B. The entry of a block does not change while the block is on the stack. Only the thread that
//!    has the block writes its link and depth, before the compare-and-swap that pushes it.
//! C. Every link that is ever read is an index of at most `capacity`. A late reader may read an
//!    outdated link, but its compare-and-swap then fails because of the tag (invariant 7).
//! F. The depth of a block on the stack is the number of blocks from it to the bottom. The blocks
//!    below a block do not change while it is on the stack, so the depth that its push wrote stays
//!    correct. The push computes it from the depth of the block below, and its compare-and-swap
//!    confirms that this block was on top with an unchanged entry (B).
//! G. The word `frontier` never decreases, and never exceeds the index of the first block that was
//!    never popped. While a pushed block is on top, the two are equal: the lowest pushed block was
//!    pushed onto the frontier (or onto the end), that push raised the word, and the frontier
//!    cannot shrink before this block is popped. While a block of the frontier is on top, its index
//!    is where the frontier begins. While the stack is empty, there is no frontier.
//! H. The head word decides whether a push comes before or after [`Stack::retire`]. Either the
//!    push's compare-and-swap comes first, and `retire` takes and counts the block. Or the push
//!    finds the head word of a retired stack, and its caller counts the block with
//!    [`Stack::count_freed`]. So no caller must be waited for: neither a thread without a number,
//!    nor a thread at its end, nor a signal handler.
//!
//! # Counting the free blocks
//!
//! [`Stack::content`] loads the head word, then the entry of the block on top, then the head word
//! again. If the two words are equal, no block was popped in between (the tag counts pops). Then
//! the entry belonged to the block while it was on top, and the depth is the exact number of free
//! blocks at the second load. Otherwise it tries again, up to 64 times. The result of the last
//! attempt is not confirmed: it may be wrong by the blocks that other threads are moving. The
//! function takes constant time and never waits.
//!
//! # Bulk calls
//!
//! A bulk pop of more than [`PART`](Stack::PART) blocks first reads the depth and fails immediately
//! if there are too few blocks. Otherwise it follows the links and takes all its blocks in one
//! step. Another thread that pops or pushes makes this step fail, and for a long chain that happens
//! nearly every time. So after [`WHOLE_ATTEMPTS`](Stack::WHOLE_ATTEMPTS) attempts it pops in parts
//! of at most [`PART`](Stack::PART) blocks. A part that fails is halved, down to one block, so the
//! bulk pop makes progress as single pops do: each failed step is a successful step of another
//! thread. If there are too few blocks in the end, it pushes back the blocks that it popped.
//!
//! Until then it has at most as many blocks as the caller asked for. So invariant 3 holds: with T
//! threads of at most k blocks each and T * k = capacity, a thread that pops its k blocks in parts
//! always finds the next part, and so do the other threads. If two bulk pops together ask for more
//! blocks than are free, both may fail although one of them could have succeeded.
//!
//! A bulk push writes the links and depths of at most [`PART`](Stack::PART) blocks, and pushes them
//! in one step. If the step fails and the depth of the stack has changed, it writes the depths
//! again. After [`REWRITES`](Stack::REWRITES) failures it pushes the blocks of the part one by one.
//!
//! # A retired stack
//!
//! A retired stack has no blocks and accepts none. `allocated` starts at 0. Each free subtracts
//! from it and may make it wrap below zero, until [`Stack::count_allocated`] adds the number of
//! blocks that were allocated when the stack was retired. Each block is subtracted once, so after
//! that the counter is 0 exactly once. The call that makes it 0 has the pool to itself and frees
//! it.
//!
//! # Memory orderings
//!
//! | operation | ordering | pairs with | what breaks if it is weaker |
//! |---|---|---|---|
//! | push: CAS of the head | Release | the Acquire load or failed CAS of a pop, a push or `content` | a pop may read an old link, or its caller old bytes of the block; a push may read an old depth |
//! | pop: load of the head, failed CAS | Acquire | that Release, or the Release of a CAS whose release sequence contains the value: pops are read-modify-writes and do not end it | the same |
//! | pop: successful CAS | Acquire | the same | nothing today, since the word was loaded with Acquire before; kept so that the pop is correct by itself |
//! | pop: successful CAS | Release | the Acquire load of a pop that finds the stack empty | that pop may not see that magazines were opened before the last block was taken, and may report exhaustion while they contain blocks (step 6 of `docs/exactness.md`) |
//! | push: store of an entry | Release | the Acquire load of that entry by a bulk pop or `content` | `content` may read an entry that was written after a pop, not see that pop in the head word, and take the entry for that of the block while it was on top |
//! | push: load of the head, failed CAS | Acquire | the Release of another push | the depth of the block below, or `frontier`, may be outdated (F, G) |
//! | push: raising `frontier` | Release | the Acquire load in `content` | `content` may not see the pops that moved the frontier, and count returned blocks as never used |
//! | pop: load of a link; push: load of the depth below | Relaxed | | the CAS confirms the word, and by B the entry with it |
//! | `retire`: CAS of the head | Acquire | the Release of every earlier push | the thread that frees the pool races with the last accesses of those pushes |
//! | `count_freed`, `count_allocated` | Release, Acquire | each other | the same, for frees that only counted |

use core::iter;

use block_core::backend::{Retirable, after_last_step};
use block_core::{BlockIndex, Region, RegionError};

use crate::failed_calls::FailedCalls;
use crate::head::{Head, HeadFormat};
use crate::links::Links;
use crate::sync::{AtomicU64, AtomicUsize, CachePadded, Ordering, const_outside_models};

const _: () =
    assert!(align_of::<CachePadded<u64>>() == 128 && size_of::<CachePadded<u64>>() == 128);

/// The free blocks of one pool. The block that was pushed last is popped first. A new stack has all
/// blocks.
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
    /// The number of allocated blocks, once the pool has retired.
    allocated: AtomicUsize,
}

/// The words that pushes and pops write, on a cache line of their own.
#[derive(Debug)]
struct Top {
    head: AtomicU64,
    /// Where the frontier began at the last push onto it (invariant G).
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
    /// Creates a stack with all blocks of a region, block 0 on top, in constant time.
    pub fn new(region: &Region) -> Result<Self, RegionError> {
        Ok(Self::over(region.layout().capacity(), Links::new(region)?))
    }

    const_outside_models! {
        /// Creates a stack with `capacity` blocks over as many zeroed links.
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

    /// Replaces the head word. If it is not `expected`, returns the current one.
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

    /// Pops the block on top.
    #[inline]
    pub fn pop(&self) -> Option<BlockIndex> {
        let mut head = self.load();
        loop {
            let top = self.format.index(head);
            if top >= self.capacity {
                return None;
            }
            let next = self.links.below(top, Ordering::Relaxed).next_to(top);
            // The new tag comes from `head`, the word that the CAS compares with (invariant 7).
            let new = self.format.popped(head, next, 1);
            match self.swap(head, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(()) => return Some(BlockIndex::new(top)),
                Err(current) => head = current,
            }
        }
    }

    /// Pushes a block. Returns false and changes nothing if the pool has retired.
    ///
    /// The caller has the block. After this returns true, the caller no longer has it, and the pool
    /// may have been freed.
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

    /// Returns the number of blocks on the stack while `top` is on top: a block, or the end. Raises
    /// `frontier` if the caller's push is the first onto the frontier.
    #[inline]
    fn depth_to_push_on(&self, top: usize) -> usize {
        // Relaxed: the compare-and-swap that follows confirms the entry.
        let depth =
            if top == self.capacity { None } else { self.links.depth(top, Ordering::Relaxed) };
        if let Some(depth) = depth {
            return depth;
        }
        // Relaxed: the value was written before the push that follows, and a thread that acquires
        // that push sees it (G).
        if self.top.0.frontier.load(Ordering::Relaxed) < top {
            self.raise_frontier(top);
        }
        self.capacity - top
    }

    /// Raises `frontier` to a place where the frontier has begun.
    #[cold]
    fn raise_frontier(&self, start: usize) {
        // Release: pairs with the Acquire load in `content_below`.
        self.top.0.frontier.fetch_max(start, Ordering::Release);
    }

    /// Writes the entry of a block that the caller has.
    #[inline]
    fn write_entry(&self, block: usize, below: usize, depth: usize) {
        self.links.write(block, below, depth, Ordering::Release);
    }

    /// Performs the last step of a push: puts a block or a chain on top. If the head word is not
    /// `head`, returns the current one.
    #[inline]
    fn swap_in(&self, head: Head, top: usize) -> Result<(), Head> {
        let new = self.format.pushed(head, top);
        self.swap(head, new, Ordering::Release, Ordering::Acquire)?;
        after_last_step();
        Ok(())
    }

    /// Counts calls that failed because there were too few blocks.
    pub(crate) fn count_failed(&self, calls: usize) {
        self.failed_calls.add(calls);
    }

    /// Returns the number of calls counted by [`count_failed`](Self::count_failed).
    pub(crate) fn failed_calls(&self) -> u64 {
        self.failed_calls.sum()
    }

    /// Returns a mark of the present moment, for [`Stack::popped_since`].
    #[cfg(feature = "std")]
    pub(crate) fn mark(&self) -> u64 {
        self.top.0.head.load(Ordering::Relaxed)
    }

    /// Returns the number of blocks popped since a mark, modulo the range of the tag.
    #[cfg(feature = "std")]
    pub(crate) fn popped_since(&self, mark: u64) -> u64 {
        self.format.popped_between(Head::from_bits(mark), Head::from_bits(self.mark()))
    }
}

/// The result of an attempt to pop several blocks in one step.
enum Attempt {
    /// The first and the last block; their links still lead from one to the other.
    Popped(usize, usize),
    /// There were too few blocks when the head was loaded.
    TooFew,
    /// Another thread changed the head word, which is now this one.
    Changed(Head),
}

impl Stack {
    /// The largest part: small enough that other threads rarely interfere, large enough that the
    /// cost of the compare-and-swap does not matter.
    const PART: usize = 128;

    /// The first part of a bulk pop that pops in parts.
    const FIRST_PART: usize = if cfg!(any(block_loom, block_shuttle)) { 2 } else { Self::PART };

    /// Bulk pops of at most this many blocks do not read the depth first: following the links shows
    /// whether there are enough blocks.
    const WALKED: usize = if cfg!(any(block_loom, block_shuttle)) { 2 } else { Self::PART };

    /// The number of times that a bulk pop tries to take all its blocks in one step.
    const WHOLE_ATTEMPTS: usize = if cfg!(any(block_loom, block_shuttle)) { 1 } else { 2 };

    /// The number of failures after which a bulk push pushes its blocks one by one.
    const REWRITES: usize = if cfg!(any(block_loom, block_shuttle)) { 2 } else { 8 };

    /// Pops `count` blocks, or none if there are fewer. Returns whether it popped them.
    ///
    /// Calls `visit` with each position below `count` and the block for it. If another thread
    /// interferes, it calls `visit` again with the same positions: only the last block of each
    /// position is valid, and only if the function returns true.
    ///
    /// It returns false only if, at some instant, there were fewer blocks on the stack than it
    /// still needed.
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

    /// Pops `count` blocks in several steps. If there are too few, pushes back those that it
    /// popped.
    #[cold]
    fn pop_in_parts(
        &self,
        mut head: Head,
        count: usize,
        mut visit: impl FnMut(usize, BlockIndex),
    ) -> bool {
        // The blocks popped so far are linked with each other.
        let (mut first_taken, mut taken) = (0, 0);
        let mut part = Self::FIRST_PART;
        while taken < count {
            let missing = count - taken;
            let wanted = part.min(missing);
            let visit = |position, block| visit(taken + position, block);
            match self.try_pop_bulk(head, missing, wanted, visit) {
                Attempt::Popped(first, last) => {
                    if taken > 0 {
                        // The depth is written when the block is pushed.
                        self.write_entry(last, first_taken, 0);
                    }
                    (first_taken, taken) = (first, taken + wanted);
                    part = (2 * part).min(Self::PART);
                    head = self.load();
                }
                Attempt::TooFew => {
                    let blocks = iter::successors(Some(first_taken), |&block| {
                        // Relaxed: this call wrote the link, or read it when it popped the block.
                        Some(self.links.below(block, Ordering::Relaxed).next_to(block))
                    });
                    // Each link is read before the push of its block overwrites it.
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

    /// Pops `wanted` blocks in one step if there are at least `needed`, which is not less.
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
            // An unchanged head word shows that the links belong to one state of the stack.
            let now = self.load();
            return if now == head { Attempt::TooFew } else { Attempt::Changed(now) };
        }
        let new = self.format.popped(head, next, wanted);
        match self.swap(head, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(()) => Attempt::Popped(first, last),
            Err(current) => Attempt::Changed(current),
        }
    }

    /// Pops up to `most` blocks in one step, and returns their number: all that there are, or fewer
    /// if other threads interfere repeatedly. Calls `visit` as [`Stack::pop_bulk`] does.
    #[cfg(feature = "std")]
    pub fn pop_up_to(&self, most: usize, mut visit: impl FnMut(usize, BlockIndex)) -> usize {
        /// The number of failures after which the next step takes half as many blocks. In models,
        /// where steps also fail spuriously, it is so large that a refill gets all that it asks
        /// for.
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

    /// Pushes blocks so that the first one is on top, at most [`PART`](Self::PART) in one step and
    /// the last part first. Returns the number of blocks pushed, which is less than all if the pool
    /// has retired.
    ///
    /// The caller has the blocks, each once, and no longer has those that were pushed. After all
    /// were pushed, the pool may have been freed.
    pub fn push_bulk<Blocks>(&self, blocks: Blocks) -> usize
    where
        Blocks: IntoIterator<Item = BlockIndex, IntoIter: DoubleEndedIterator>,
    {
        self.push_upwards(blocks.into_iter().rev().map(BlockIndex::get))
    }

    /// Pushes blocks so that the last one is on top. Returns the number of blocks pushed.
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

    /// Pushes the block `lowest` and the others above it. Returns the number of blocks pushed, as
    /// `Err` if the pool has retired before all were.
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

    /// Writes the depths of a chain of `count` blocks, except that of the lowest one, for a stack
    /// of `depth` blocks below the chain.
    fn write_depths(&self, top: usize, count: usize, depth: usize) {
        let mut block = top;
        for above in (2..=count).rev() {
            // Relaxed: the caller wrote the link.
            let next = self.links.below(block, Ordering::Relaxed).next_to(block);
            self.write_entry(block, next, depth + above);
            block = next;
        }
    }

    /// Pushes the blocks of a chain one by one. Returns the number of blocks pushed.
    #[cold]
    fn push_one_by_one(&self, top: usize, lowest: usize) -> usize {
        let (mut block, mut pushed) = (top, 0);
        loop {
            // Relaxed: the caller wrote the link. Read it before the push overwrites it.
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

/// The numbers of blocks on a stack at some instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Blocks that were popped and pushed again.
    pub returned: usize,
    /// Blocks that were never popped.
    pub frontier: usize,
}

impl Content {
    /// Returns the number of all blocks.
    pub fn count(self) -> usize {
        self.returned + self.frontier
    }
}

impl Stack {
    /// The number of attempts to confirm a count while other threads move the head.
    const LOOKS: usize = if cfg!(any(block_loom, block_shuttle)) { 2 } else { 64 };

    /// Returns the numbers of blocks on the stack, exact for some instant during the call. If other
    /// threads moved the head during each of 64 attempts, it may be wrong by the blocks that they
    /// are moving.
    ///
    /// Takes constant time and waits for no thread. `frontier` never increases from call to call.
    pub fn content(&self) -> Content {
        self.look().unwrap_or_else(|unconfirmed| unconfirmed)
    }

    /// Returns the same as [`content`](Self::content), as `Err` if it is not confirmed.
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

    /// Returns the numbers of blocks on the stack whose head word is `head`. Exact if `head` is
    /// still the head word afterwards.
    fn content_below(&self, head: Head) -> Content {
        let top = self.format.index(head);
        // An index above the capacity means that the stack is retired.
        if top >= self.capacity {
            return Content::default();
        }
        // Acquire, here and below: if a value was written after the block was popped, the next load
        // of the head shows that pop.
        let Some(count) = self.links.depth(top, Ordering::Acquire) else {
            return Content { returned: 0, frontier: self.capacity - top };
        };
        let frontier = self.capacity - self.top.0.frontier.load(Ordering::Acquire);
        // Saturating: an outdated entry may be from a time when the frontier was longer.
        Content { returned: count.saturating_sub(frontier), frontier }
    }
}

impl Stack {
    /// Takes all blocks for good and returns their number. LateInit pushes fail.
    pub fn retire(&self) -> usize {
        let mut head = self.load();
        // The tag stays, since no block is popped.
        let retired = |head| self.format.pushed(head, self.capacity + 1);
        while let Err(current) = self.swap(head, retired(head), Ordering::AcqRel, Ordering::Acquire)
        {
            head = current;
        }
        // Nothing is pushed or popped after that step, so the count is exact.
        self.content_below(head).count()
    }

    /// Counts blocks that were freed to a retired pool. Returns true if they were the last ones:
    /// the caller then has the pool to itself. If it returns false, the pool may have been freed.
    pub(crate) fn count_freed(&self, blocks: usize) -> bool {
        let before = self.allocated.fetch_sub(blocks, Ordering::AcqRel);
        after_last_step();
        before == blocks
    }

    /// Adds the number of blocks that were allocated when the pool retired. Returns the same as
    /// [`count_freed`](Self::count_freed).
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
    fn the_frontier_is_popped_in_order_and_pushed_blocks_last_first() {
        let stack = stack(5);
        assert_eq!(drain(&stack), [0, 1, 2, 3, 4]);
        stack.push_bulk([3, 1, 4].map(BlockIndex::new));
        stack.push(BlockIndex::new(2));
        assert_eq!(stack.content().count(), 4);
        assert_eq!(drain(&stack), [2, 3, 1, 4]);
    }

    #[test]
    fn a_bulk_pop_is_all_or_nothing_across_links_and_frontier() {
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
    fn pop_up_to_takes_at_most_what_there_is_and_visits_each_block_once() {
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
        assert_eq!(refill(2), [0, 1], "one from a link, one from the frontier");
        assert_eq!((stack.popped_since(start), stack.content().count()), (2, 3));
        assert_eq!(refill(4), [2, 3, 4], "all that are left");
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

    /// Invariants F and G, for pushes in parts, at every height of the stack.
    #[test]
    fn every_depth_of_a_long_chain_is_correct() {
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
        assert_eq!(stack.pop(), Some(all[0]), "the first one is on top");
    }

    #[test]
    fn a_bulk_pop_in_parts_takes_all_or_pushes_back_what_it_popped() {
        let stack = stack(1000);
        let popped: std::vec::Vec<_> = core::iter::from_fn(|| stack.pop()).collect();
        stack.push_bulk(popped);
        let mut taken = std::vec![false; 1000];
        assert!(stack.pop_in_parts(stack.load(), 600, |_, block| taken[block.get()] = true));
        assert_eq!(taken.iter().filter(|&&taken| taken).count(), 600);
        // As if another thread took a block while the last part was popped.
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

    /// Indices of more than 32 bits, in wide links.
    #[test]
    #[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
    fn blocks_beyond_32_bits_are_popped_and_pushed() {
        let stack = stack(1 << 33);
        let far = (1 << 32) + 5;
        // As if every earlier block were allocated.
        stack.top.0.head.store(stack.format.first(far).bits(), Ordering::Relaxed);
        let (a, b) = (stack.pop().unwrap(), stack.pop().unwrap());
        assert_eq!((a.get(), b.get()), (far, far + 1));
        stack.push_bulk([b, a]);
        assert_eq!(stack.content().count(), (1 << 33) - far);
        assert_eq!(stack.pop(), Some(b));
        assert_eq!(stack.pop(), Some(a));
        assert_eq!(stack.pop().unwrap().get(), far + 2);
    }

    /// The largest capacity with narrow links, whose end is `u32::MAX` in the table, and the
    /// smallest with wide ones.
    #[test]
    #[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
    fn the_last_blocks_are_popped_and_pushed_where_links_become_wide() {
        for (capacity, narrow) in [(u32::MAX as usize - 1, true), (u32::MAX as usize, false)] {
            let stack = stack(capacity);
            assert_eq!(matches!(stack.links, Links::Narrow(_)), narrow, "{capacity} blocks");
            // As if every block but the last three were allocated.
            let three = capacity - 3;
            stack.top.0.head.store(stack.format.first(three).bits(), Ordering::Relaxed);
            assert_eq!(drain(&stack), [three, three + 1, three + 2], "from the frontier");
            assert_eq!(stack.content().count(), 0);
            stack.push(BlockIndex::new(three + 1)); // on top of the end
            assert_eq!(stack.content().count(), 1);
            stack.push_bulk([three + 2, three].map(BlockIndex::new));
            assert_eq!(stack.content().count(), 3);
            assert_eq!(drain(&stack), [three + 2, three, three + 1], "from links");
        }
    }

    #[test]
    fn a_tag_that_wraps_around_changes_neither_order_nor_count() {
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
