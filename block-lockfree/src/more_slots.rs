//! The slots of threads with high numbers, in memory that is obtained when the first of them comes.
//!
//! Most programs have few threads, so a pool begins with a table of [`FIRST`] slots. Whoever needs one
//! beyond them creates the second table:
//!
//! ```text
//! EMPTY --create--> BUSY --> READY
//!                        \-> REFUSED
//! ```
//!
//! The thread that moves the phase to `BUSY` writes the table, and publishes it with Release. Another
//! thread, or a signal handler, that finds it `BUSY` or `REFUSED` has no slot for this call, and uses
//! the stack. The table comes from a mapping, so creating it takes no lock of the heap.

use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;
use core::panic::RefUnwindSafe;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::slot::Slot;
use crate::sync::{Table, table_of};
use crate::thread::LIMIT;

/// The slots that a pool begins with. Models have no others.
pub(crate) const FIRST: usize =
    if cfg!(any(block_loom, block_shuttle)) || LIMIT < 64 { LIMIT } else { 64 };

const EMPTY: u32 = 0;
const BUSY: u32 = 1;
const READY: u32 = 2;
const REFUSED: u32 = 3;

/// The slots from [`FIRST`] on.
pub(crate) struct MoreSlots {
    phase: AtomicU32,
    table: UnsafeCell<MaybeUninit<Table<Slot>>>,
}

// SAFETY: the table is written by the one thread that moved the phase to BUSY, and shared when it is
// READY; a table of slots is `Send + Sync`.
unsafe impl Sync for MoreSlots {}
// SAFETY: as for `Sync`.
unsafe impl Send for MoreSlots {}
// The phase tells whether the table is there, also after a panic.
impl RefUnwindSafe for MoreSlots {}

impl MoreSlots {
    pub(crate) const fn none() -> Self {
        Self { phase: AtomicU32::new(EMPTY), table: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Returns the slots that exist.
    #[inline]
    pub(crate) fn get(&self) -> &[Slot] {
        // Acquire: pairs with the Release of `create`.
        if self.phase.load(Ordering::Acquire) != READY {
            return &[];
        }
        // SAFETY: READY, so the table was written, and is not written again.
        unsafe { (*self.table.get()).assume_init_ref() }
    }

    /// Creates the slots, unless they exist, are being created, or were refused.
    #[cold]
    pub(crate) fn create(&self) {
        // Relaxed, twice: what the winner writes is published by the store below.
        if FIRST == LIMIT || self.phase.load(Ordering::Relaxed) != EMPTY {
            return;
        }
        let claim = self.phase.compare_exchange(EMPTY, BUSY, Ordering::Relaxed, Ordering::Relaxed);
        if claim.is_err() {
            return;
        }
        let phase = match table_of(LIMIT - FIRST) {
            Ok(table) => {
                // SAFETY: this thread alone moved the phase to BUSY, and nothing reads before READY.
                unsafe { (*self.table.get()).write(table) };
                READY
            }
            Err(_) => REFUSED,
        };
        // Release: pairs with the Acquire of `get`.
        self.phase.store(phase, Ordering::Release);
    }
}

impl Drop for MoreSlots {
    fn drop(&mut self) {
        if *self.phase.get_mut() == READY {
            // SAFETY: READY, so the table was written; it is dropped once.
            unsafe { self.table.get_mut().assume_init_drop() };
        }
    }
}

impl fmt::Debug for MoreSlots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MoreSlots").field("len", &self.get().len()).finish()
    }
}
