//! What a thread knows of itself, in the value of the key. For targets without thread-locals of their
//! own: there the first access of a thread-local allocates, which a signal handler must not do.
//!
//! The value is a mark, and a bit that says whether the thread is busy. 0 is the value of a thread that
//! has not asked for a number. [`FIRST`], a mark without a number, is that of a thread that gets none.

use core::sync::atomic::{Ordering, compiler_fence};

use super::end::{self, Signals};
use super::{FIRST, NONE, SCALE, UNASSIGNED, number_of};

const BUSY: usize = 1 << 31;

/// This thread's number times the size of a magazine: where its magazine lies in every pool's table, in bytes.
/// [`UNASSIGNED`] or [`NONE`] if it has no number.
#[inline]
pub(crate) fn magazine_offset() -> usize {
    match end::held() & !BUSY {
        0 => UNASSIGNED,
        value => number_of(value as u32).map_or(NONE, |number| number * SCALE),
    }
}

/// This thread's mark, if it has a number. Never 0.
#[inline]
pub(crate) fn mark() -> u32 {
    match end::held() & !BUSY {
        0 => FIRST,
        value => value as u32,
    }
}

/// Sets magazine_offset and mark. Signals are blocked.
pub(super) fn set(mark: Option<u32>) {
    let busy = end::held() & BUSY;
    end::hold(mark.unwrap_or(FIRST) as usize | busy);
}

/// Takes the number from this thread, whose end was told with a value. Returns the marks whose numbers
/// are to be returned: the one in the value, and the one that a signal handler has claimed since the
/// system took the value away. Destructors that run later find a thread that gets no number.
pub(super) fn at_the_end(value: usize) -> [u32; 2] {
    let _blocked = Signals::block();
    let now = end::held() & !BUSY;
    end::hold(FIRST as usize);
    [value & !BUSY, now].map(|value| value as u32)
}

/// Marks this thread as holding a lock, or waiting for one. Returns what it was before.
#[cfg_attr(any(block_loom, block_shuttle), allow(dead_code, reason = "models have their own"))]
pub(crate) fn set_busy(busy: bool) -> bool {
    compiler_fence(Ordering::SeqCst);
    // A handler must not set the mark in between.
    let _blocked = Signals::block();
    let value = end::held();
    end::hold(value & !BUSY | if busy { BUSY } else { 0 });
    compiler_fence(Ordering::SeqCst);
    value & BUSY != 0
}
