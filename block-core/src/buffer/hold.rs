//! One of several handles of a block: the last to go gives the block back, and lets go of the pool.

use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};

use super::PoolRef;
use crate::shares::{Weight, Word};
use crate::{Block, BlockAlloc, BlockIndex};

/// A handle of a block that may have more, counted by its weight.
///
/// Invariants of the handles of one block, with those of its [`Word`]:
///
/// IV. They hold the block together (invariant 1), without a mark in the ledger.
/// V. Each has the bits of a pointer of the same kind to the same pool, for an `Arc` in the same
///    allocation; the first one was given its own, and the last one drops its bits, so the pool is
///    alive as long as any of them.
pub(super) struct Hold<P: PoolRef, const WEIGHT: Weight> {
    word: NonNull<Word>,
    pool: ManuallyDrop<P>,
}

/// The handle of a [`BlockBuf`](super::BlockBuf).
pub(super) type Writer<P> = Hold<P, { Word::WRITER }>;
/// The handle of [`BlockBytes`](super::BlockBytes).
pub(super) type Reader<P> = Hold<P, { Word::READER }>;

// SAFETY: the word is atomic, and lives in the region of the pool, which `P` keeps; a handle on
// another thread uses the pool there, and may drop `P` there: `P` is both `Send` and `Sync`.
unsafe impl<P: PoolRef, const WEIGHT: Weight> Send for Hold<P, WEIGHT> {}
// SAFETY: `&Hold` reads the word, which is atomic, and the pool, and `P` is `Sync`.
unsafe impl<P: PoolRef, const WEIGHT: Weight> Sync for Hold<P, WEIGHT> {}

impl<P: PoolRef, const WEIGHT: Weight> Hold<P, WEIGHT> {
    /// One more handle of the same block.
    ///
    /// # Panics
    ///
    /// If the block has too many.
    #[inline]
    #[track_caller]
    pub(super) fn join<const OTHER: Weight>(&self) -> Hold<P, OTHER> {
        if !self.word().join(OTHER) {
            too_many();
        }
        // SAFETY: a copy of the bits that is not dropped, but by the last handle (V); for a
        //         reference and for an `Arc`, all that `PoolRef` may be, such a copy is as good as
        //         the first.
        let pool = unsafe { ptr::read(&self.pool) };
        Hold { word: self.word, pool }
    }

    /// The pool.
    #[inline]
    pub(super) fn pool(&self) -> &P {
        &self.pool
    }

    #[inline]
    fn word(&self) -> &Word {
        // SAFETY: it lies in a table of the region, which lives as long as the pool (V).
        unsafe { self.word.as_ref() }
    }

    /// Whether the block has no other handle.
    #[inline]
    pub(super) fn is_only(&self) -> bool {
        self.word().is_only()
    }

    /// The bytes of the block.
    #[inline]
    pub(super) fn bytes(&self) -> NonNull<[u8]> {
        let region = self.pool.region();
        // SAFETY: the word is one of this region's.
        let start = region.block(unsafe { region.shares().block_of(self.word) });
        NonNull::slice_from_raw_parts(start, region.layout().block_size())
    }

    /// The bytes of the block before an address in it.
    #[inline]
    pub(super) fn before(&self, start: NonNull<u8>) -> usize {
        start.addr().get() - self.bytes().addr().get()
    }

    /// The block as a handle that is nobody else's, if it has no other.
    pub(super) fn into_block(self) -> Result<Block<P>, Self> {
        if !self.word().end() {
            return Err(self);
        }
        let bytes = self.bytes();
        let mut last = ManuallyDrop::new(self);
        // SAFETY: the last handle, which is not used again, nor dropped.
        let pool = unsafe { ManuallyDrop::take(&mut last.pool) };
        // SAFETY: the handles held the block of this pool, without a mark (IV), and none is left.
        Ok(unsafe { Block::from_parts(bytes, pool) })
    }

    /// The same handle, whose weight in the word is now another.
    #[inline]
    fn into_other<const OTHER: Weight>(self) -> Hold<P, OTHER> {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is neither used again nor dropped.
        Hold { word: this.word, pool: unsafe { ptr::read(&this.pool) } }
    }
}

impl<P: PoolRef> Writer<P> {
    /// The first handle of a block that was nobody else's, and the block's bytes.
    #[inline]
    pub(super) fn begin(block: Block<P>) -> (NonNull<[u8]>, Self) {
        let (bytes, pool) = block.into_parts();
        let region = pool.region();
        // SAFETY: a block's handle has the address of a block of its pool's region.
        let word = region.shares().word(unsafe { region.index_of(bytes.cast()) });
        // The block was one handle's alone (invariant 1), so its word is 0.
        word.begin(P::MARK);
        let word = NonNull::from(word);
        (bytes, Self { word, pool: ManuallyDrop::new(pool) })
    }

    /// The handle that reads, in place of this one.
    #[inline]
    pub(super) fn freeze(self) -> Reader<P> {
        self.word().freeze();
        self.into_other()
    }
}

impl<P: PoolRef> Reader<P> {
    /// The handle that writes, in place of this one, if the block has no other.
    #[inline]
    pub(super) fn thaw(self) -> Result<Writer<P>, Self> {
        if self.word().thaw() { Ok(self.into_other()) } else { Err(self) }
    }

    /// One more handle of a block, for a pool pointer like the first one's. `None`
    /// if the block has no handles, or one that writes, or those of another kind of pool pointer.
    ///
    /// # Safety
    ///
    /// If the block, one of `pool`'s region, has handles, one of them is neither dropped, nor
    /// frozen, nor thawed during the call.
    pub(super) unsafe fn join_from(pool: &P, block: BlockIndex) -> Option<Self> {
        let word = pool.region().shares().word(block);
        if !pool.may_join() || !word.is_frozen(P::MARK) {
            return None;
        }
        // SAFETY: as in `join`: of equal kind, and to the one pool of the region, which has no
        //         other (the contract of `BlockAlloc`), so an `Arc` like this one is what the
        //         handles share.
        let pool = ManuallyDrop::new(unsafe { ptr::read(pool) });
        let like_another = ManuallyDrop::new(Self { word: word.into(), pool });
        Some(like_another.join())
    }
}

impl<P: PoolRef, const WEIGHT: Weight> Drop for Hold<P, WEIGHT> {
    #[inline]
    fn drop(&mut self) {
        if self.word().leave(WEIGHT) {
            let start = self.bytes().cast();
            // SAFETY: this was the last of the handles that held the block, without a mark (IV);
            //         the pointer is the region's own.
            unsafe { self.pool.release(start) };
            // SAFETY: the last handle drops it (V), and does not use it again.
            unsafe { ManuallyDrop::drop(&mut self.pool) };
        }
    }
}

#[cold]
#[track_caller]
fn too_many() -> ! {
    panic!(
        "a block has {} handles, or {} that write, the most that can be counted; were some forgotten?",
        Word::MOST_HANDLES,
        Word::MOST_WRITERS / Word::WRITES
    )
}
