//! One thread's magazine in one pool: up to [`LARGEST`] addresses of free blocks, in plain memory.
//!
//! ```text
//! | active | len | limit | trail | block | block | ... |           512 bytes on 64-bit machines
//! ```
//!
//! Addresses rather than numbers: with numbers the multiplication would stand in the chain of
//! loads and stores that one call hands to the next.
//!
//! Whose turn it is with the plain memory, and why, is the business of
//! [`magazines`](crate::magazines): the owner's between [`Magazine::enter`] and [`Magazine::leave`], a
//! reclaimer's when it has revoked and seen `active` at zero.
//!
//! # Memory orderings
//!
//! `active` and the state word hand the turns over; their accesses say what they pair with. All else is
//! Relaxed: written by whose turn it is, or by the owner alone, and atomic because counts and signal
//! handlers look at it at any time.

use core::ptr::NonNull;

#[cfg(not(any(block_loom, block_shuttle)))]
use block_core::ZeroIsValid;

use block_core::backend::after_last_step;

use crate::state::State;
use crate::sync::{AtomicU32, AtomicUsize, BlockArray, Ordering, compiler_fence};
use crate::thread::{is_gone, mark};

/// The most blocks that a magazine holds.
pub(crate) const LARGEST: usize = if cfg!(any(block_loom, block_shuttle)) { 4 } else { 62 };

/// Where in the depot an owner can begin to look.
pub(crate) const CURSORS: u32 = 16;

/// One magazine. All zero is an empty one that nobody has used.
#[derive(Debug)]
#[cfg_attr(any(block_loom, block_shuttle), derive(Default))]
#[repr(C, align(128))]
pub(crate) struct Magazine {
    /// The owner's mark while it is inside an operation, otherwise 0. See [`thread`](crate::thread).
    active: AtomicU32,
    /// How many addresses there are. Written by whose turn it is.
    len: AtomicU32,
    /// How many there may be; 0 until the owner's first operation.
    limit: AtomicU32,
    /// Where in the depot the owner looks first, in the low bits; above them how often it was refused.
    /// Written by the owner, outside its operations too.
    trail: AtomicU32,
    blocks: BlockArray<LARGEST>,
}

#[cfg(all(not(any(block_loom, block_shuttle)), target_pointer_width = "64"))]
const _: () = assert!(size_of::<Magazine>() == 512);

// SAFETY: the plain memory is used in turns that the atomics hand over, see the module's text.
unsafe impl Sync for Magazine {}
// SAFETY: nothing in it belongs to a thread; addresses of blocks mean the same to every thread.
unsafe impl Send for Magazine {}
// SAFETY: integers, and memory that is read only below `len`; no destructor.
#[cfg(not(any(block_loom, block_shuttle)))]
unsafe impl ZeroIsValid for Magazine {}

impl Magazine {
    /// Begins an operation of the owner, if there is nothing to heed: true, and `leave` must
    /// follow. If this thread is inside an operation already (a signal handler interrupted it), or
    /// the state asks for a second look, nothing has begun.
    #[inline]
    pub(crate) fn try_enter_fast(&self, state: &AtomicUsize) -> bool {
        let (before, state) = self.begin(state);
        // One branch for both.
        if before as usize | state.bits() == 0 {
            return true;
        }
        // Release: as in `leave`, which it is if no operation had begun.
        self.active.store(before, Ordering::Release);
        false
    }

    /// Begins an operation of the owner, under a state that it must look at before anything else,
    /// and then `leave`. `None` if this thread is inside one already. An operation in which an earlier
    /// owner of the number ended is over.
    pub(crate) fn enter(&self, state: &AtomicUsize) -> Option<State> {
        let (before, state) = self.begin(state);
        (before != mark()).then_some(state)
    }

    #[inline]
    fn begin(&self, state: &AtomicUsize) -> (u32, State) {
        let before = self.active.load(Ordering::Relaxed);
        // If this thread is inside already this changes nothing.
        self.active.store(mark(), Ordering::Relaxed);
        // The first half of the owner's fence (step 2 of the page): the compiler keeps the order,
        // and the reclaimer makes the processor keep it.
        compiler_fence(Ordering::SeqCst);
        // Acquire: pairs with the Release of the reclaimer that opened the magazines, so that its
        // writes to this magazine are seen.
        (before, State::from_bits(state.load(Ordering::Acquire)))
    }

    /// Ends it. Release: pairs with the reclaimer's Acquire in [`Magazine::is_active`].
    #[inline]
    pub(crate) fn leave(&self) {
        self.active.store(0, Ordering::Release);
        after_last_step();
    }

    /// Whether the owner is inside an operation. If not, all that it did is seen, and all that earlier
    /// owners did that ended inside one.
    pub(crate) fn is_active(&self) -> bool {
        // Acquire: pairs with the Release of `leave`.
        let mark = self.active.load(Ordering::Acquire);
        mark != 0 && !is_gone(mark)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed) as usize
    }

    /// Publishes a length, after what stands below it was written, as seen from a signal handler
    /// or a forked child.
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

    /// Below [`CURSORS`].
    pub(crate) fn cursor(&self) -> usize {
        (self.trail.load(Ordering::Relaxed) % CURSORS) as usize
    }

    /// Keeps what is below [`CURSORS`] of it.
    pub(crate) fn set_cursor(&self, cursor: usize) {
        let trail = self.trail.load(Ordering::Relaxed);
        self.trail.store(trail - trail % CURSORS + cursor as u32 % CURSORS, Ordering::Relaxed);
    }

    /// Counts a call of the owner that was refused. If there is no more room the count starts again, and what
    /// is answered must be counted elsewhere.
    pub(crate) fn count_failed(&self) -> usize {
        let (trail, is_full) = self.trail.load(Ordering::Relaxed).overflowing_add(CURSORS);
        self.trail.store(trail, Ordering::Relaxed);
        if is_full { 1 << (u32::BITS - CURSORS.ilog2()) } else { 0 }
    }

    /// How many were counted, since it last started again.
    pub(crate) fn failed_calls(&self) -> usize {
        (self.trail.load(Ordering::Relaxed) / CURSORS) as usize
    }

    /// Takes the block put last.
    ///
    /// # Safety
    ///
    /// It is the caller's turn.
    #[inline]
    pub(crate) unsafe fn pop(&self) -> Option<NonNull<u8>> {
        let last = self.len().checked_sub(1)?;
        // SAFETY: the caller's turn, and `last < len <= LARGEST`.
        let block = unsafe { self.blocks.get(last) };
        self.len.store(last as u32, Ordering::Relaxed);
        Some(block)
    }

    /// Puts a block, if there is room below the limit.
    ///
    /// # Safety
    ///
    /// It is the caller's turn, and the caller holds the block and gives it up if this is true.
    #[inline]
    pub(crate) unsafe fn push(&self, block: NonNull<u8>) -> bool {
        let len = self.len();
        if len >= self.limit() {
            return false;
        }
        // SAFETY: the caller's turn, and `len < limit <= LARGEST`.
        unsafe { self.blocks.set(len, block) };
        self.set_len(len + 1);
        true
    }

    /// Takes one block for each entry, if there are so many.
    ///
    /// # Safety
    ///
    /// It is the caller's turn.
    #[inline]
    pub(crate) unsafe fn pop_bulk(&self, out: &mut [Option<NonNull<u8>>]) -> bool {
        let Some(rest) = self.len().checked_sub(out.len()) else { return false };
        // SAFETY: the caller's turn, and `rest + out.len() == len <= LARGEST`.
        unsafe { self.blocks.read(rest, out) };
        self.len.store(rest as u32, Ordering::Relaxed);
        true
    }

    /// Puts all the blocks, if there is room for them.
    ///
    /// # Safety
    ///
    /// It is the caller's turn, every entry is `Some`, and the caller holds the blocks and gives
    /// them up if this is true.
    #[inline]
    pub(crate) unsafe fn push_bulk(&self, blocks: &[Option<NonNull<u8>>]) -> bool {
        let len = self.len();
        if len + blocks.len() > self.limit() {
            return false;
        }
        // SAFETY: the caller's turn, and the sum is at most `limit <= LARGEST`.
        unsafe { self.blocks.write(len, blocks) };
        self.set_len(len + blocks.len());
        true
    }

    /// The addresses, for transfers. The turn is needed to use them.
    #[inline]
    pub(crate) fn blocks(&self) -> &BlockArray<LARGEST> {
        &self.blocks
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use crate::thread;
    use block_core::SideTable;

    /// As in a signal handler.
    #[test]
    fn a_call_that_interrupts_another_one_begins_nothing_and_ends_nothing() {
        let magazine = &SideTable::<Magazine>::zeroed(1).unwrap()[0];
        let open = AtomicUsize::new(State::new(true, false).bits());
        assert!(magazine.try_enter_fast(&open), "the call that is interrupted");
        assert!(!magazine.try_enter_fast(&open) && magazine.enter(&open).is_none());
        assert!(magazine.is_active(), "the first call goes on");
        magazine.leave();
        assert!(magazine.enter(&open).is_some());
    }

    /// As after `pthread_exit` in a handler.
    #[test]
    fn an_operation_in_which_its_thread_ended_is_over() {
        thread::watch();
        let magazine = &SideTable::<Magazine>::zeroed(1).unwrap()[0];
        let open = AtomicUsize::new(State::new(true, false).bits());
        let life = || {
            thread::assign();
            assert!(magazine.try_enter_fast(&open));
        };
        std::thread::scope(|scope| scope.spawn(life).join().unwrap());
        // Joined, so its destructors have run.
        assert!(!magazine.is_active());
        thread::assign();
        assert!(!magazine.try_enter_fast(&open), "the short way does not look whose mark it is");
        assert!(magazine.enter(&open).is_some() && magazine.is_active(), "the next owner goes on");
        magazine.leave();
        assert!(magazine.try_enter_fast(&open));
    }

    #[test]
    fn refusals_leave_the_cursor_alone_and_say_when_they_start_again() {
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
        magazine.trail.store(u32::MAX - 2 * CURSORS + 4, Ordering::Relaxed);
        let before = magazine.failed_calls();
        assert_eq!((magazine.count_failed(), magazine.cursor()), (0, 3));
        assert_eq!(
            (magazine.count_failed(), magazine.failed_calls(), magazine.cursor()),
            (before + 2, 0, 3)
        );
    }
}
