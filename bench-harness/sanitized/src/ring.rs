//! A queue of plain memory from one thread to another: the way on which blocks change hands.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::threads::wait_for;

const LEN: usize = 8;

/// One thread puts, another one takes. What the one did before it put happens before what the other does
/// after it took.
pub struct Ring<T> {
    cells: [UnsafeCell<Option<T>>; LEN],
    put: AtomicUsize,
    taken: AtomicUsize,
}

// SAFETY: a cell is the putter's while it is empty and the taker's while it is full; the counts, by their
// Release and Acquire, hand it over.
unsafe impl<T: Send> Sync for Ring<T> {}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        let cells = [const { UnsafeCell::new(None) }; LEN];
        Self { cells, put: AtomicUsize::new(0), taken: AtomicUsize::new(0) }
    }
}

impl<T> Ring<T> {
    /// Gives it back if there is no room.
    ///
    /// # Safety
    ///
    /// One thread alone calls this.
    pub unsafe fn put(&self, value: T) -> Result<(), T> {
        // Relaxed: this thread alone stores it.
        let put = self.put.load(Ordering::Relaxed);
        // Acquire: pairs with the Release of the taker, who has emptied the cell.
        if put - self.taken.load(Ordering::Acquire) == LEN {
            return Err(value);
        }
        // SAFETY: empty, so the putter's.
        unsafe { *self.cells[put % LEN].get() = Some(value) };
        // Release: pairs with the Acquire of the taker.
        self.put.store(put + 1, Ordering::Release);
        Ok(())
    }

    /// # Safety
    ///
    /// One thread alone calls this.
    pub unsafe fn take(&self) -> Option<T> {
        // Relaxed: this thread alone stores it.
        let taken = self.taken.load(Ordering::Relaxed);
        // Acquire: pairs with the Release of the putter, who has filled the cell.
        if taken == self.put.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: full, so the taker's.
        let value = unsafe { (*self.cells[taken % LEN].get()).take() };
        // Release: pairs with the Acquire of the putter.
        self.taken.store(taken + 1, Ordering::Release);
        value
    }

    /// Waits for one.
    ///
    /// # Safety
    ///
    /// As for [`take`](Self::take).
    pub unsafe fn wait(&self) -> T {
        // SAFETY: by the contract.
        wait_for(|| unsafe { self.take() })
    }
}
