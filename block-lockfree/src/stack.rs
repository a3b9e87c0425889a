//! A lock-free stack of block numbers: one packed word and a side table of links.
//!
//! Source: R. K. Treiber, "Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986, with
//! a tag against ABA in the head word (see [`head`](crate::head)) and links beside the nodes.
//!
//! # Invariants
//!
//! A. The stack's content is what a walk from the head word over the links finds, up to the index
//!    `capacity`. It changes only by a successful compare-and-swap of the head word, so a bulk
//!    transfer of any size is one atomic step (invariants 1, 2, 3).
//! B. The link of a block on the stack does not change: only a holder writes a block's link, in
//!    `push`, before the compare-and-swap that puts the block on the stack.
//! C. Every link is an index of at most `capacity`, whenever it is read: a late reader may find an
//!    outdated one, never a wild one. Its compare-and-swap then fails by the tag (invariant 7).
//!
//! # Memory orderings
//!
//! | operation | ordering | pairs with | what breaks if weaker |
//! |---|---|---|---|
//! | push: CAS of the head | Release | the Acquire of a pop's load or failed CAS | a popper may read an old link, or its holder the block's old bytes |
//! | pop: load of the head, failed CAS | Acquire | that Release, or any in whose release sequence the value stands: pops are read-modify-writes and do not break it | the same |
//! | pop: successful CAS | Acquire | as above | the word it saw last is the one it loaded; nothing, today: kept so that the pop is correct by itself |
//! | pop: successful CAS | Release | the Acquire load of a pop that finds the stack empty | that one might not see that magazines were opened before they took the last block, and report exhaustion while blocks lie in them (step 6 of the page on exactness) |
//! | push: store of a link | Release | the Acquire of a walk's load of it | a walk that reads a link written after a pop might not see that pop in the head afterwards, and take an outdated list for the current one |
//! | push: load of the head, failed CAS | Relaxed | | only the index in it is used, as a link, and the CAS confirms it |
//! | pop: load of a link | Relaxed | | the CAS confirms the word, and by B the link with it |

mod bulk;
mod content;
mod retire;

use block_core::backend::Retirable;
use block_core::{BlockIndex, Region, RegionError, seeded};

use crate::head::{Head, HeadFormat};
use crate::links::Links;
use crate::refusals::Refusals;
use crate::sync::{Alone, AtomicU64, AtomicUsize, CountUsize, Ordering, const_outside_models};

pub use content::Content;

const _: () = assert!(align_of::<Alone<u64>>() == 128 && size_of::<Alone<u64>>() == 128);

/// The free blocks of one pool, last pushed first; at first all of them.
#[derive(Debug)]
pub struct Stack(Retirable<Parts>);

/// The fields of [`Stack`].
#[derive(Debug)]
pub struct Parts {
    head: Alone<AtomicU64>,
    links: Links,
    format: HeadFormat,
    capacity: usize,
    /// Where the frontier began when it was last looked for. Nothing but counts is made of it.
    frontier: CountUsize,
    refusals: Refusals,
    /// Allocated blocks of a retired pool; see [`retire`](mod@self::retire).
    allocated: AtomicUsize,
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
            let head = Alone(AtomicU64::new(format.first(0).bits()));
            let frontier = CountUsize::new(0);
            let allocated = AtomicUsize::new(0);
            let refusals = Refusals::new();
            Self(Retirable::new(Parts { head, links, format, capacity, frontier, refusals, allocated }))
        }
    }

    #[inline]
    fn load(&self) -> Head {
        Head::from_bits(self.head.0.load(seeded!(Ordering::Acquire, relaxed by "pop-relaxed")))
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
        let tagged = seeded!(
            new,
            "no-tag" => self.format.with_short_tag(new, 0),
            "tag-of-2-bits" => self.format.with_short_tag(new, 2),
            "tag-of-3-bits" => self.format.with_short_tag(new, 3),
        );
        let answer =
            self.head.0.compare_exchange_weak(expected.bits(), tagged.bits(), success, failure);
        let swapped = seeded!(answer, "weak-failure-taken-for-success" => match answer {
            Err(found) if found == expected.bits() => Ok(found),
            _ => answer,
        });
        swapped.map(drop).map_err(Head::from_bits)
    }

    /// Takes the block on top.
    #[inline]
    pub fn pop(&self) -> Option<BlockIndex> {
        let mut head = self.load();
        #[cfg(seeded_bugs)]
        let outdated = head;
        loop {
            let top = self.format.index(head);
            if top >= self.capacity {
                return None;
            }
            let next = self.links.below(top, Ordering::Relaxed).next_to(top);
            // The new tag comes from `head`, the word that is compared (invariant 7).
            let counted = seeded!(head, "stale-tag-on-retry" => outdated);
            let new = self.format.popped(counted, next, 1);
            let order = seeded!(Ordering::AcqRel, "pop-relaxed" => Ordering::Release);
            match self.swap(head, new, order, Ordering::Acquire) {
                Ok(()) => return Some(BlockIndex::new(top)),
                Err(current) => head = current,
            }
        }
    }

    /// Pushes a block. Returns false and changes nothing if the pool has retired.
    ///
    /// The caller holds the block. If this returns true, the caller has given it up, and the pool may
    /// be gone.
    #[inline]
    pub fn push(&self, block: BlockIndex) -> bool {
        self.push_chain(block.get(), block.get())
    }

    /// Counts calls that were told that there are too few blocks.
    pub(crate) fn refuse(&self, calls: usize) {
        self.refusals.add(calls);
    }

    /// How many calls were counted so.
    pub(crate) fn refused(&self) -> u64 {
        self.refusals.sum()
    }

    /// A mark in the history of the stack, for [`Stack::popped_since`].
    #[cfg(feature = "std")]
    pub(crate) fn mark(&self) -> u64 {
        self.head.0.load(Ordering::Relaxed)
    }

    /// How many blocks were popped since a mark, up to the tag's range.
    #[cfg(feature = "std")]
    pub(crate) fn popped_since(&self, mark: u64) -> u64 {
        self.format.popped_between(Head::from_bits(mark), Head::from_bits(self.mark()))
    }

    /// Pushes a chain of blocks whose links lead from `first` to `last`; see [`push`](Self::push).
    #[inline]
    fn push_chain(&self, first: usize, last: usize) -> bool {
        let mut head = Head::from_bits(self.head.0.load(Ordering::Relaxed));
        loop {
            let below = self.format.index(head);
            if below > self.capacity {
                return false;
            }
            self.links.set_below(
                last,
                below,
                seeded!(Ordering::Release, relaxed by "link-relaxed"),
            );
            let new = self.format.pushed(head, first);
            let order = seeded!(Ordering::Release, relaxed by "push-relaxed");
            match self.swap(head, new, order, Ordering::Relaxed) {
                Ok(()) => return true,
                Err(current) => head = current,
            }
        }
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
        stack.push_many([3, 1, 4].map(BlockIndex::new));
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
        assert!(!stack.pop_many(6, |_, _| {}), "five are free");
        assert!(stack.pop_many(5, |position, block| taken[position] = block));
        assert_eq!(taken.map(BlockIndex::get), [0, 2, 3, 4, 5, 9]);
        assert_eq!(stack.content().count(), 0);
        assert!(stack.pop_many(0, |_, _| unreachable!()));
        stack.push_many([]);
        assert!(!stack.pop_many(1, |_, _| {}));
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

    /// Indices that need more than 32 bits, in wide links.
    #[test]
    #[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
    fn blocks_beyond_32_bits_come_and_go() {
        let stack = stack(1 << 33);
        let far = (1 << 32) + 5;
        // As if every block before had been taken.
        stack.head.0.store(stack.format.first(far).bits(), Ordering::Relaxed);
        let (a, b) = (stack.pop().unwrap(), stack.pop().unwrap());
        assert_eq!((a.get(), b.get()), (far, far + 1));
        stack.push_many([b, a]);
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
            stack.head.0.store(stack.format.first(three).bits(), Ordering::Relaxed);
            assert_eq!(drain(&stack), [three, three + 1, three + 2], "from the frontier");
            assert_eq!(stack.content().count(), 0);
            stack.push(BlockIndex::new(three + 1)); // on top of the end
            assert_eq!(stack.content().count(), 1);
            stack.push_many([three + 2, three].map(BlockIndex::new));
            assert_eq!(stack.content().count(), 3);
            assert_eq!(drain(&stack), [three + 2, three, three + 1], "from written links");
        }
    }

    #[test]
    fn a_tag_that_wraps_disturbs_neither_order_nor_count() {
        let stack = stack(4);
        let last_tag = stack.format.popped(stack.format.first(0), 0, usize::MAX);
        stack.head.0.store(last_tag.bits(), Ordering::Relaxed);
        let (a, b) = (stack.pop().unwrap(), stack.pop().unwrap());
        stack.push(a);
        stack.push(b);
        assert_eq!(stack.content().count(), 4);
        assert_eq!(drain(&stack), [1, 0, 2, 3]);
    }
}
