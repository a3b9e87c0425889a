//! One block's word: how many handles share the block, and how many of them write.
//!
//! ```text
//! 63   62          40 39                    0
//! |mark|   writers   |        handles       |      on 32 bits: 1, 11 and 20
//! ```
//!
//! | word | the block | who may do what |
//! |---|---|---|
//! | 0 | is not shared: free, or with a holder of another kind | its only holder may [`begin`](Word::begin) |
//! | handles, of them writers | is shared | each may have another [`join`](Word::join), and [`leave`](Word::leave); a writer may [`freeze`](Word::freeze), the only handle [`thaw`](Word::thaw) |
//!
//! The mark is that of the one who began, constant until the word is 0 again.
//!
//! # Invariants
//!
//! I. While the word is not 0, its counts are the numbers of handles and of writers among them.
//! II. A handle that finds itself the only one is, and stays so until it has another join: others come
//!     from a handle, and there is none but this.
//! III. Exactly one handle finds that it was the last to leave, and the word is 0 then.
//!
//! # Memory orderings
//!
//! What a handle did to the block happens before its subtraction of itself, and that before whatever the
//! block's last or only handle does next.
//!
//! | operation | ordering | pairs with | what breaks if weaker |
//! |---|---|---|---|
//! | `leave`: subtraction | Release | the Acquire load in `is_only` and after the last subtraction | the last handle's holder gives the block back, or writes to it, while an earlier one still reads |
//! | `is_only`: load | Acquire | that Release | the same |
//! | `join`, and `freeze` among others | Relaxed | | nothing: a new handle gets to another thread by a way that orders it (a send); as read-modify-writes they do not break the release sequence of an earlier leave |
//! | stores of the only handle: `freeze`, `thaw`, the zero at the end | Relaxed | | nothing: a store does break that sequence, so each follows an `is_only` by the same handle, which has acquired the earlier leaves, for itself and for whoever gets the block or a handle from it |
//! | `begin` | Relaxed | | nothing: the block comes from the pool, whose release and acquire order it |
//! | `is_frozen`: load | Relaxed | | nothing: the caller has bytes of a handle, and got them by a way that orders what that handle saw |
//!
//! Source: the counting of `std::sync::Arc`, and its `get_mut` for what the only handle may do.

use crate::sync::{AtomicUsize, Ordering};

/// One block's word.
#[derive(Debug, Default)]
#[repr(transparent)]
pub(crate) struct Word(AtomicUsize);

/// What a handle counts for: [`Word::READER`] or [`Word::WRITER`].
pub(crate) type Weight = usize;

impl Word {
    /// A handle that reads.
    pub(crate) const READER: Weight = 1;
    /// A handle that writes.
    pub(crate) const WRITER: Weight = Self::READER + Self::WRITES;
    /// The mark of the one who began.
    pub(crate) const MARK: usize = 1 << (usize::BITS - 1);

    /// One more that writes.
    pub(crate) const WRITES: usize = 1 << (usize::BITS / 8 * 5);
    const HANDLES: usize = Self::WRITES - 1;
    const WRITERS: usize = !Self::MARK & !Self::HANDLES;
    /// The most handles of a block, and the most that write, by far less than what fits: as many
    /// threads again would have to be in `join` at once before a count overflowed.
    pub(crate) const MOST_HANDLES: usize = Self::WRITES / 2;
    pub(crate) const MOST_WRITERS: usize = Self::MARK / 2;

    /// The block gets its first handle, one that writes. `mark` is [`Self::MARK`] or 0.
    ///
    /// The caller is the block's only holder, and the word is 0.
    #[inline]
    pub(crate) fn begin(&self, mark: usize) {
        self.0.store(mark + Self::WRITER, Ordering::Relaxed);
    }

    /// One more handle. The caller has one; false if there are too many, and then nothing changed.
    #[inline]
    #[must_use]
    pub(crate) fn join(&self, weight: Weight) -> bool {
        let before = self.0.fetch_add(weight, Ordering::Relaxed);
        if before & Self::HANDLES < Self::MOST_HANDLES
            && before & Self::WRITERS < Self::MOST_WRITERS
        {
            return true;
        }
        self.0.fetch_sub(weight, Ordering::Relaxed);
        false
    }

    /// One handle less. True if it was the last: the caller is the block's only holder then.
    #[inline]
    #[must_use = "the last one gives the block back"]
    pub(crate) fn leave(&self, weight: Weight) -> bool {
        // A writer is mostly alone. A reader mostly is not: to look first would fetch the line from
        // another core to read it, and then once more to write it.
        if weight == Self::WRITER && self.end() {
            return true;
        }
        let before = self.0.fetch_sub(weight, Ordering::Release);
        if before & Self::HANDLES != 1 {
            return false;
        }
        // For its ordering. A fence would do as well, but ThreadSanitizer does not know fences.
        self.0.load(Ordering::Acquire);
        self.0.store(0, Ordering::Relaxed);
        true
    }

    /// No handle any more, if the caller's is the only one: then the caller is the block's only holder.
    #[inline]
    #[must_use = "if false, nothing has changed"]
    pub(crate) fn end(&self) -> bool {
        let only = self.is_only();
        if only {
            self.0.store(0, Ordering::Relaxed);
        }
        only
    }

    /// Whether the caller's handle is the only one.
    #[inline]
    pub(crate) fn is_only(&self) -> bool {
        self.0.load(Ordering::Acquire) & Self::HANDLES == 1
    }

    /// The caller's handle, which wrote, reads from now on.
    #[inline]
    pub(crate) fn freeze(&self) {
        if self.is_only() {
            self.0.store(self.mark() + Self::READER, Ordering::Relaxed);
        } else {
            self.0.fetch_sub(Self::WRITES, Ordering::Relaxed);
        }
    }

    /// The caller's handle, which read, writes from now on, if it is the only one.
    #[inline]
    #[must_use = "if false, nothing has changed"]
    pub(crate) fn thaw(&self) -> bool {
        let only = self.is_only();
        if only {
            self.0.store(self.mark() + Self::WRITER, Ordering::Relaxed);
        }
        only
    }

    /// The mark, constant while there are handles.
    #[inline]
    fn mark(&self) -> usize {
        self.0.load(Ordering::Relaxed) & Self::MARK
    }

    /// Whether the block has handles, begun with this mark, and none of them writes. True is a lasting
    /// answer for a caller that knows of a handle which stays and is a reader: writers come from writers,
    /// or from a reader that is the only handle.
    #[inline]
    pub(crate) fn is_frozen(&self, mark: usize) -> bool {
        let word = self.0.load(Ordering::Relaxed);
        word & Self::HANDLES != 0 && word & !Self::HANDLES == mark
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_is_full_lets_nobody_join_and_stays_as_it_is() {
        let handles = Word::WRITER + Word::MOST_HANDLES - 1;
        let writers = Word::WRITER + Word::MOST_WRITERS - Word::WRITES;
        for (full, weight) in
            [(handles, Word::READER), (handles, Word::WRITER), (writers, Word::WRITER)]
        {
            for full in [full, full | Word::MARK] {
                let word = Word(AtomicUsize::new(full - weight));
                assert!(word.join(weight), "one place is left in {full:x}");
                assert!(!word.join(weight), "none is left in {full:x}");
                assert_eq!(word.0.load(Ordering::Relaxed), full);
            }
        }
    }

    #[test]
    fn a_word_tells_writers_from_readers_and_marks_apart() {
        for (mark, other) in [(0, Word::MARK), (Word::MARK, 0)] {
            let word = Word::default();
            assert!(!word.is_frozen(mark));
            word.begin(mark);
            assert!(word.is_only() && !word.is_frozen(mark));
            assert!(word.join(Word::READER));
            word.freeze();
            assert!(!word.is_only() && word.is_frozen(mark) && !word.is_frozen(other));
            assert!(!word.thaw() && !word.end());
            assert!(!word.leave(Word::READER));
            assert!(word.thaw());
            assert!(word.is_only() && !word.is_frozen(mark));
            word.freeze();
            assert!(word.is_frozen(mark));
            assert!(word.leave(Word::READER));
            assert_eq!(word.0.load(Ordering::Relaxed), 0);
        }
    }
}
