//! One thread's magazine in one pool: up to [`LARGEST`] addresses of free blocks, in plain memory.
//!
//! ```text
//! | active | len | limit | cursor, failures | block | block | ... |     512 bytes on 64-bit machines
//! ```
//!
//! A magazine holds addresses and not indices. With indices, each call would wait for the
//! multiplication of the call before it.
//!
//! [`magazines`](crate::magazines) explains who may use the plain memory: the owner between
//! [`Magazine::enter`] and [`Magazine::leave`], or a reclaimer that has revoked the magazines and
//! seen `active` at zero.
//!
//! # Memory orderings
//!
//! `active` and the state word pass the memory from one to the other; the comments name what their
//! accesses pair with. Everything else is Relaxed: it is written by the thread that may use the
//! memory, or only by the owner, and it is atomic because counts and signal handlers read it at any
//! time.

use core::ptr::NonNull;

#[cfg(not(any(block_loom, block_shuttle)))]
use block_core::backend::ZeroIsValid;

use block_core::backend::after_last_step;

use crate::state::State;
use crate::sync::{AtomicU32, AtomicUsize, BlockArray, Ordering, compiler_fence};
use crate::thread::{is_gone, mark};

/// The largest number of blocks in a magazine.
pub(crate) const LARGEST: usize = if cfg!(any(block_loom, block_shuttle)) { 4 } else { 62 };

/// The number of values of a magazine's depot cursor.
pub(crate) const CURSORS: u32 = 16;

/// One magazine. A zeroed one is empty and was never used.
#[derive(Debug)]
#[cfg_attr(any(block_loom, block_shuttle), derive(Default))]
#[repr(C, align(128))]
pub(crate) struct Magazine {
    /// The owner's mark during an operation, otherwise 0. See [`thread`](crate::thread).
    active: AtomicU32,
    /// The number of blocks. Written by the thread that may use the memory.
    len: AtomicU32,
    /// The largest number of blocks; 0 until the owner's first operation.
    limit: AtomicU32,
    /// Low bits: depot cursor. High bits: failed allocations. Written by the owner, also outside of
    /// its operations.
    cursor_and_failures: AtomicU32,
    blocks: BlockArray<LARGEST>,
}

#[cfg(all(not(any(block_loom, block_shuttle)), target_pointer_width = "64"))]
const _: () = assert!(size_of::<Magazine>() == 512);

// SAFETY: the atomics pass the plain memory from one thread to the next, see the module's text.
unsafe impl Sync for Magazine {}
// SAFETY: nothing in it belongs to one thread; an address of a block is valid in every thread.
unsafe impl Send for Magazine {}
// SAFETY: integers, for which zero is valid, and memory that is read only below `len`; no
// destructor.
#[cfg(not(any(block_loom, block_shuttle)))]
unsafe impl ZeroIsValid for Magazine {}

impl Magazine {
    /// Begins an operation of the owner. If this returns true, the caller must call
    /// [`leave`](Self::leave). Returns false and begins nothing if this thread is already inside an
    /// operation, which a signal handler has interrupted, or if the state is not zero.
    #[inline]
    pub(crate) fn try_enter_fast(&self, state: &AtomicUsize) -> bool {
        let (before, state) = self.begin(state);
        // One branch for both conditions.
        if before as usize | state.bits() == 0 {
            return true;
        }
        // Release: as in `leave`. This ends the operation, or restores the interrupted one.
        self.active.store(before, Ordering::Release);
        false
    }

    /// Begins an operation of the owner and returns the state, which the caller must check first.
    /// The caller must call [`leave`](Self::leave). Returns `None` if this thread is already inside
    /// an operation. An operation in which an earlier owner of the number ended does not count.
    pub(crate) fn enter(&self, state: &AtomicUsize) -> Option<State> {
        let (before, state) = self.begin(state);
        (before != mark()).then_some(state)
    }

    #[inline]
    fn begin(&self, state: &AtomicUsize) -> (u32, State) {
        let before = self.active.load(Ordering::Relaxed);
        // No change if this thread is already inside an operation.
        self.active.store(mark(), Ordering::Relaxed);
        // The owner's half of the fence (step 2 of `docs/exactness.md`): the compiler keeps the
        // order, and the reclaimer makes the processor keep it.
        compiler_fence(Ordering::SeqCst);
        // Acquire: pairs with the Release of the reclaimer that opened the magazines, and makes its
        // writes to this magazine visible.
        (before, State::from_bits(state.load(Ordering::Acquire)))
    }

    /// Ends an operation.
    #[inline]
    pub(crate) fn leave(&self) {
        // Release: pairs with the reclaimer's Acquire in `is_active`.
        self.active.store(0, Ordering::Release);
        after_last_step();
    }

    /// Returns whether the owner is inside an operation. If it is not, the caller sees everything
    /// that the owner did, and that earlier owners did which ended inside one.
    pub(crate) fn is_active(&self) -> bool {
        // Acquire: pairs with the Release of `leave`.
        let mark = self.active.load(Ordering::Acquire);
        mark != 0 && !is_gone(mark)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed) as usize
    }

    /// Sets the length. A signal handler or a forked child that sees it also sees the blocks
    /// written before.
    #[inline]
    pub(crate) fn set_len(&self, len: usize) {
        debug_assert!(len <= LARGEST);
        compiler_fence(Ordering::Release);
        self.len.store(len as u32, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed) as usize
    }

    pub(crate) fn set_limit(&self, limit: usize) {
        debug_assert!(limit <= LARGEST);
        self.limit.store(limit as u32, Ordering::Relaxed);
    }

    /// Returns the depot cursor, which is below [`CURSORS`].
    pub(crate) fn cursor(&self) -> usize {
        (self.cursor_and_failures.load(Ordering::Relaxed) % CURSORS) as usize
    }

    /// Sets the depot cursor, modulo [`CURSORS`].
    pub(crate) fn set_cursor(&self, cursor: usize) {
        let word = self.cursor_and_failures.load(Ordering::Relaxed);
        self.cursor_and_failures
            .store(word - word % CURSORS + cursor as u32 % CURSORS, Ordering::Relaxed);
    }

    /// Counts a failed allocation of the owner. If the counter wraps around, returns the number of
    /// calls that the caller must count elsewhere; otherwise 0.
    pub(crate) fn count_failed(&self) -> usize {
        let (word, is_full) =
            self.cursor_and_failures.load(Ordering::Relaxed).overflowing_add(CURSORS);
        self.cursor_and_failures.store(word, Ordering::Relaxed);
        if is_full { 1 << (u32::BITS - CURSORS.ilog2()) } else { 0 }
    }

    /// Returns the number of failed allocations since the counter last wrapped around.
    pub(crate) fn failed_calls(&self) -> usize {
        (self.cursor_and_failures.load(Ordering::Relaxed) / CURSORS) as usize
    }

    /// Pops the block that was pushed last.
    ///
    /// # Safety
    ///
    /// The caller may use the plain memory (invariant D of [`magazines`](crate::magazines)).
    #[inline]
    pub(crate) unsafe fn pop(&self) -> Option<NonNull<u8>> {
        let last = self.len().checked_sub(1)?;
        // SAFETY: the caller may use the memory, and `last < len <= LARGEST`.
        let block = unsafe { self.blocks.get(last) };
        self.len.store(last as u32, Ordering::Relaxed);
        Some(block)
    }

    /// Pushes a block if there is room below the limit. Returns whether it did.
    ///
    /// # Safety
    ///
    /// The caller may use the plain memory. It has the block, and no longer has it if this returns
    /// true.
    #[inline]
    pub(crate) unsafe fn push(&self, block: NonNull<u8>) -> bool {
        let len = self.len();
        if len >= self.limit() {
            return false;
        }
        // SAFETY: the caller may use the memory, and `len < limit <= LARGEST`.
        unsafe { self.blocks.set(len, block) };
        self.set_len(len + 1);
        true
    }

    /// Pops one block for each entry if there are enough. Returns whether it did.
    ///
    /// # Safety
    ///
    /// The caller may use the plain memory (invariant D of [`magazines`](crate::magazines)).
    #[inline]
    pub(crate) unsafe fn pop_bulk(&self, out: &mut [Option<NonNull<u8>>]) -> bool {
        let Some(rest) = self.len().checked_sub(out.len()) else { return false };
        // SAFETY: the caller may use the memory, and `rest + out.len() == len <= LARGEST`.
        unsafe { self.blocks.read(rest, out) };
        self.len.store(rest as u32, Ordering::Relaxed);
        true
    }

    /// Pushes all blocks if there is room for them. Returns whether it did.
    ///
    /// # Safety
    ///
    /// The caller may use the plain memory. Every entry is `Some`. The caller has the blocks, and
    /// no longer has them if this returns true.
    #[inline]
    pub(crate) unsafe fn push_bulk(&self, blocks: &[Option<NonNull<u8>>]) -> bool {
        let len = self.len();
        if len + blocks.len() > self.limit() {
            return false;
        }
        // SAFETY: the caller may use the memory, and the sum is at most `limit <= LARGEST`.
        unsafe { self.blocks.write(len, blocks) };
        self.set_len(len + blocks.len());
        true
    }

    /// Returns the plain memory, for transfers.
    #[inline]
    pub(crate) fn blocks(&self) -> &BlockArray<LARGEST> {
        &self.blocks
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use crate::thread;
    use block_core::backend::SideTable;

    /// As in a signal handler.
    #[test]
    fn a_call_that_interrupts_another_begins_and_ends_no_operation() {
        let magazine = &SideTable::<Magazine>::zeroed(1).unwrap()[0];
        let open = AtomicUsize::new(State::new(true, false).bits());
        assert!(magazine.try_enter_fast(&open), "the interrupted call");
        assert!(!magazine.try_enter_fast(&open) && magazine.enter(&open).is_none());
        assert!(magazine.is_active(), "the interrupted call is still active");
        magazine.leave();
        assert!(magazine.enter(&open).is_some());
    }

    /// As after `pthread_exit` in a handler.
    #[test]
    fn an_operation_whose_thread_has_ended_does_not_count() {
        thread::prepare();
        let magazine = &SideTable::<Magazine>::zeroed(1).unwrap()[0];
        let open = AtomicUsize::new(State::new(true, false).bits());
        let life = || {
            thread::assign();
            assert!(magazine.try_enter_fast(&open));
        };
        std::thread::scope(|scope| scope.spawn(life).join().unwrap());
        // The thread was joined, so its destructors have run.
        assert!(!magazine.is_active());
        thread::assign();
        assert!(!magazine.try_enter_fast(&open), "the fast path does not check whose mark it is");
        assert!(
            magazine.enter(&open).is_some() && magazine.is_active(),
            "the next owner starts an operation"
        );
        magazine.leave();
        assert!(magazine.try_enter_fast(&open));
    }

    #[test]
    fn counting_failures_keeps_the_cursor_and_reports_when_it_wraps_around() {
        let magazine = &SideTable::<Magazine>::zeroed(1).unwrap()[0];
        magazine.set_cursor(CURSORS as usize + 5);
        assert_eq!(
            (
                magazine.count_failed(),
                magazine.count_failed(),
                magazine.failed_calls(),
                magazine.cursor()
            ),
            (0, 0, 2, 5)
        );
        magazine.set_cursor(7);
        assert_eq!((magazine.failed_calls(), magazine.cursor()), (2, 7));
        magazine.cursor_and_failures.store(u32::MAX - 2 * CURSORS + 4, Ordering::Relaxed);
        let before = magazine.failed_calls();
        assert_eq!((magazine.count_failed(), magazine.cursor()), (0, 3));
        assert_eq!(
            (magazine.count_failed(), magazine.failed_calls(), magazine.cursor()),
            (before + 2, 0, 3)
        );
    }
}
