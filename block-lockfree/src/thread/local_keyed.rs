//! The data of one thread, in the value of the key: for targets without native thread-locals, where
//! the first access of a thread-local allocates, which a signal handler must not do.
//!
//! The value is a mark, and a bit that says whether the thread is busy. A thread that has not asked
//! for a number has the value 0. A thread that gets no number has [`FIRST`], a mark without a
//! number.

use core::sync::atomic::{Ordering, compiler_fence};

use super::end::{self, Signals};
use super::{FIRST, NONE, SCALE, UNASSIGNED, number_of};

const BUSY: usize = 1 << 31;

/// Returns the offset of this thread's magazine in the table of every pool, in bytes: its number
/// times the size of a magazine. Returns [`UNASSIGNED`] or [`NONE`] if it has no number.
#[inline]
pub(crate) fn magazine_offset() -> usize {
    match end::value() & !BUSY {
        0 => UNASSIGNED,
        value => number_of(value as u32).map_or(NONE, |number| number * SCALE),
    }
}

/// Returns this thread's mark, which is never 0, if it has a number.
#[inline]
pub(crate) fn mark() -> u32 {
    match end::value() & !BUSY {
        0 => FIRST,
        value => value as u32,
    }
}

/// Sets the mark. Signals are blocked.
pub(super) fn set(mark: Option<u32>) {
    let busy = end::value() & BUSY;
    end::set_value(mark.unwrap_or(FIRST) as usize | busy);
}

/// Removes the number from this ending thread, given the value of its key. Returns the marks whose
/// numbers the caller must free: the mark in the value, and the one that a signal handler has got
/// since the system cleared the value. Destructors that run later get no number.
pub(super) fn take_marks(value: usize) -> [u32; 2] {
    let _blocked = Signals::block();
    let now = end::value() & !BUSY;
    end::set_value(FIRST as usize);
    [value & !BUSY, now].map(|value| value as u32)
}

/// Sets whether this thread holds a lock or waits for one. Returns the previous value.
#[cfg_attr(any(block_loom, block_shuttle), allow(dead_code, reason = "models have their own"))]
pub(crate) fn set_busy(busy: bool) -> bool {
    compiler_fence(Ordering::SeqCst);
    // A handler must not set the mark meanwhile.
    let _blocked = Signals::block();
    let value = end::value();
    end::set_value(value & !BUSY | if busy { BUSY } else { 0 });
    compiler_fence(Ordering::SeqCst);
    value & BUSY != 0
}
