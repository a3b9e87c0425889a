//! What a contender is: one way to take a block and give it back.
//!
//! A measured loop is compiled for each kind of [`Hand`], so nothing stands between the loop and the
//! calls that it measures. `docs/adding-a-contender.md` says how to add one.

use std::fmt::Debug;
use std::ptr::NonNull;

use block_core::{BlockAlloc, FreeError};

/// What a contender is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Bytes of a block.
    pub block_size: usize,
    /// Blocks of the arena; what has no bound may ignore it.
    pub arena: usize,
    /// Threads that work at once.
    pub threads: usize,
    /// The most blocks that a thread holds at once.
    pub held: usize,
}

/// One way to take a block and give it back, shared by all threads.
///
/// # Examples
///
/// ```
/// use bench_harness::contender::{Contender, Hand};
/// use bench_harness::peers::paths::{Handles, Through};
/// use block_mutex::MutexAlloc;
/// use std::sync::Arc;
///
/// fn pair<H: Hand>(mut hand: H) {
///     let mut held = hand.take().expect("a block is free");
///     assert!(!H::bytes(&mut held).is_null());
///     hand.give(held).expect("the block was taken from it");
/// }
/// let contender = Through::<_, Handles>::new(Arc::new(MutexAlloc::new(64, 1)?));
/// pair(contender.hand(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Contender: Debug + Send + Sync + 'static {
    /// What a thread works through.
    type Hand<'a>: Hand
    where
        Self: 'a;

    /// The hand of the thread numbered `thread`, below [`Shape::threads`].
    fn hand(&self, thread: usize) -> Self::Hand<'_>;

    /// The bounded pool behind it, whose capacity, addresses and count the checks then hold it to.
    fn pool(&self) -> Option<&dyn BlockAlloc> {
        None
    }

    /// How many blocks there are, if there is an end to them: the checks hold it to that.
    fn bound(&self) -> Option<usize> {
        self.pool().map(BlockAlloc::capacity)
    }

    /// How many blocks are free by its own count, if it has one.
    fn available(&self) -> Option<usize> {
        self.pool().map(BlockAlloc::available)
    }

    /// How many blocks the checks may hold at once where there is no [`bound`](Self::bound).
    fn supply(&self) -> usize {
        0
    }

    /// Whether blocks come round in turn, so that even a lone thread soon touches all of them.
    /// Such a contender's memory is committed before it is measured.
    fn rotates(&self) -> bool {
        false
    }

    /// Whether [`Hand::take_bulk`] and [`Hand::give_bulk`] are calls of the contender's own, not
    /// the loops over single blocks that every hand has.
    fn moves_in_bulk(&self) -> bool {
        false
    }
}

/// What one thread takes blocks with: a reference to the pool, or the thread's own cache. It lives
/// in the measured loop's registers.
pub trait Hand {
    /// The proof that a block is held.
    type Held: Send;

    /// Takes a block. `None` is reported as a failure: the grid never asks for more blocks than
    /// there are.
    fn take(&mut self) -> Option<Self::Held>;

    /// Where a held block lies.
    fn bytes(held: &mut Self::Held) -> *mut u8;

    /// Gives a block back.
    ///
    /// # Errors
    ///
    /// That of a contender that checks; it ends the run.
    fn give(&mut self, held: Self::Held) -> Result<(), FreeError>;

    /// Takes a block for each entry, all of them `None` before; false is reported as a failure.
    #[inline(always)]
    fn take_bulk(&mut self, blocks: &mut [Option<Self::Held>]) -> bool {
        for entry in blocks.iter_mut() {
            *entry = self.take();
            if entry.is_none() {
                return false;
            }
        }
        true
    }

    /// Gives back the blocks of all entries, each of them filled by [`take_bulk`](Self::take_bulk),
    /// and leaves `None`.
    ///
    /// # Errors
    ///
    /// As [`give`](Self::give).
    #[inline(always)]
    fn give_bulk(&mut self, blocks: &mut [Option<Self::Held>]) -> Result<(), FreeError> {
        blocks.iter_mut().filter_map(Option::take).try_for_each(|held| self.give(held))
    }
}

/// A block held as a bare pointer.
#[derive(Debug)]
#[repr(transparent)]
pub struct Bare(pub NonNull<u8>);

impl Bare {
    /// The entries as the pools' bulk calls want them.
    #[inline(always)]
    pub(crate) fn pointers(blocks: &mut [Option<Self>]) -> &mut [Option<NonNull<u8>>] {
        let (entries, count) = (blocks.as_mut_ptr().cast(), blocks.len());
        // SAFETY: a transparent wrapper of a `NonNull` has its layout, inside an `Option` as well,
        // and every pointer may be wrapped; the borrow is handed on.
        unsafe { std::slice::from_raw_parts_mut(entries, count) }
    }
}

// SAFETY: the block behind the pointer is plain memory that its holder has alone.
unsafe impl Send for Bare {}
