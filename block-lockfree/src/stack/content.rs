//! Counting a stack's blocks while others pop and push. Orderings: the table of [`stack`](super).

use block_core::seeded;

use super::Stack;
use crate::head::Head;
use crate::links::Below;
use crate::sync::Ordering;

/// What is on a stack at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Blocks that were pushed, each of them popped before.
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
    /// How often a count of the stack starts again when pops outrun it.
    const COUNT_ATTEMPTS: usize = 64;

    /// What is on the stack: exact if no other thread changes it meanwhile, otherwise blocks that were
    /// on it at one moment of the call, possibly among more.
    ///
    /// Walks the blocks that were given back (those never used are counted in one step), so it
    /// takes time linear in their number, and none from those who pop and push. If they outrun it
    /// again and again it finds none.
    pub fn content(&self) -> Content {
        let attempts = 0..Self::COUNT_ATTEMPTS;
        attempts.into_iter().find_map(|_| self.count_from(self.load())).unwrap_or_default()
    }

    /// Counts the blocks below one head word; `None` if pops overtook the walk.
    ///
    /// A block at depth d of the state that `head` stands for stays where it was until d blocks
    /// have been popped, and the tag counts those. So what was read between two looks at the head
    /// is good if, at the second look, fewer blocks have been popped than were passed before the
    /// first. The looks come at doubling depths: the walk has ever more of a lead.
    fn count_from(&self, head: Head) -> Option<Content> {
        // A retired pool has no free blocks.
        let mut index = self.format.index(head).min(self.capacity);
        let (mut depth, mut last_look, mut popped) = (0, 0, 0);
        // Where the frontier begins: at the end, unless the walk comes to it.
        let mut frontier = self.capacity;
        while index != self.capacity {
            match self.links.below(index, Ordering::Acquire) {
                Below::Block(below) => {
                    depth += 1;
                    index = below;
                }
                Below::Frontier => {
                    frontier = index;
                    depth += self.capacity - index;
                    index = self.capacity;
                }
            }
            if index == self.capacity || depth >= 2 * last_look {
                let now = seeded!(self.load(), "count-without-a-second-look" => head);
                popped = usize::try_from(self.format.popped_between(head, now)).ok()?;
                if popped > last_look {
                    return None;
                }
                last_look = depth;
            }
        }
        // Relaxed: only counts are made of it. It never moves back, whichever walk ends first.
        self.frontier.fetch_max(frontier, Ordering::Relaxed);
        // At the last look the deepest of the blocks counted were still on the stack, all but `popped`. Those
        // were above the frontier, as the look before was.
        let in_frontier = self.capacity - frontier;
        Some(Content { returned: depth - in_frontier - popped, frontier: in_frontier })
    }

    /// How many blocks were ever popped, as of the last [`content`](Self::content): no more were ever off the
    /// stack at once, because pops come to the frontier last.
    pub fn most_off(&self) -> usize {
        self.frontier.load(Ordering::Relaxed)
    }
}
