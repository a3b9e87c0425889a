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
//!     from a handle, and there is none but this. (The count that it finds is no older than the `join`
//!     that made it, or the last one that it made, both of which happened before.)
//! III. Exactly one handle finds that it was the last to leave, and the word is 0 then.
//!
//! # Memory orderings
//!
//! | operation | ordering | pairs with | what breaks if weaker |
//! |---|---|---|---|
//! | `leave`: subtraction | Release | the Acquire loads of `leave` and `is_only` | the last handle's holder gives the block back, or writes to it, while an earlier one still reads |
//! | `leave`, `is_only`: load | Acquire | that Release, or any in whose release sequence the value stands: joins, freezes and other leaves are read-modify-writes and do not break it | the same |
//! | `begin`, `join`, `freeze`, `thaw`, the zero of the last | Relaxed | | nothing: a handle, or the block, gets to another thread by a way that orders it (a send, the pool's release and acquire) |
//!
//! Source: the counting of `std::sync::Arc`; that a lone writer leaves without a read-modify-write is
//! the reasoning of its `get_mut`.

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
    const WRITES: usize = 1 << (usize::BITS / 8 * 5);
    const HANDLES: usize = Self::WRITES - 1;
    const WRITERS: usize = !Self::MARK & !Self::HANDLES;
    /// The most handles of a block, and the most that write, by far less than what fits: as many
    /// threads again would have to be in `join` at once before a count overflowed.
    const MOST_HANDLES: usize = Self::WRITES / 2;
    const MOST_WRITERS: usize = Self::MARK / 2;

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
        if weight == Self::READER || !self.is_only() {
            let before = self.0.fetch_sub(weight, Ordering::Release);
            if before & Self::HANDLES != 1 {
                return false;
            }
            // The load is there for its ordering; a fence would do as well, but race detectors do not
            // know fences.
            self.0.load(Ordering::Acquire);
        }
        self.0.store(0, Ordering::Relaxed);
        true
    }

    /// Whether the caller's handle is the only one.
    #[inline]
    pub(crate) fn is_only(&self) -> bool {
        self.0.load(Ordering::Acquire) & Self::HANDLES == 1
    }

    /// The caller's handle, which wrote, reads from now on.
    #[inline]
    pub(crate) fn freeze(&self) {
        let word = self.0.load(Ordering::Relaxed);
        if word & Self::HANDLES == 1 {
            // Nobody else has a handle (II): no read-modify-write is needed.
            self.0.store(word - Self::WRITES, Ordering::Relaxed);
        } else {
            self.0.fetch_sub(Self::WRITES, Ordering::Relaxed);
        }
    }

    /// The caller's handle, the only one, which read, writes from now on.
    #[inline]
    pub(crate) fn thaw(&self) {
        let word = self.0.load(Ordering::Relaxed);
        debug_assert_eq!(word & !Self::MARK, Self::READER);
        self.0.store(word + Self::WRITES, Ordering::Relaxed);
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

#[cfg(all(test, not(loom)))]
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
            assert!(!word.leave(Word::READER));
            word.thaw();
            assert!(word.is_only() && !word.is_frozen(mark));
            word.freeze();
            assert!(word.is_frozen(mark));
            assert!(word.leave(Word::READER));
            assert_eq!(word.0.load(Ordering::Relaxed), 0);
        }
    }
}
