//! A look at how many blocks are on a stack. Why it is right, and the orderings: the text of
//! [`stack`](super).

use super::Stack;
use crate::head::Head;
use crate::sync::Ordering;

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
    pub(super) fn content_below(&self, head: Head) -> Content {
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
