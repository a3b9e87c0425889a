//! The data of one thread, in a thread-local without a destructor, so that it can be read at any
//! time in the life of the thread.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering, compiler_fence};

use super::{FIRST, NONE, SCALE, UNASSIGNED, number_of};

/// Atomic because of signal handlers. No other thread accesses it, so all orderings are Relaxed.
struct Local {
    magazine_offset: AtomicUsize,
    mark: AtomicU32,
    is_busy: AtomicBool,
}

std::thread_local! {
    static LOCAL: Local = const {
        Local {
            magazine_offset: AtomicUsize::new(UNASSIGNED),
            mark: AtomicU32::new(FIRST),
            is_busy: AtomicBool::new(false),
        }
    };
}

/// Returns the offset of this thread's magazine in the table of every pool, in bytes: its number
/// times the size of a magazine. Returns [`UNASSIGNED`] or [`NONE`] if it has no number.
#[inline]
pub(crate) fn magazine_offset() -> usize {
    LOCAL.with(|local| local.magazine_offset.load(Ordering::Relaxed))
}

/// Returns this thread's mark, which is never 0, if it has a number.
#[inline]
pub(crate) fn mark() -> u32 {
    // After the offset that the caller has read: a handler in between may set both.
    compiler_fence(Ordering::Acquire);
    LOCAL.with(|local| local.mark.load(Ordering::Relaxed))
}

/// Sets the offset and the mark. Signals are blocked.
pub(super) fn set(mark: Option<u32>) {
    LOCAL.with(|local| {
        local.mark.store(mark.unwrap_or(FIRST), Ordering::Relaxed);
        compiler_fence(Ordering::Release);
        let magazine_offset = mark.and_then(number_of).map_or(NONE, |number| number * SCALE);
        local.magazine_offset.store(magazine_offset, Ordering::Relaxed);
    });
}

/// Removes the number from this ending thread, given the value that was set for its end. Returns
/// the marks whose numbers the caller must free.
pub(super) fn take_marks(value: usize) -> [u32; 2] {
    // This fails if the thread-local is already gone.
    _ = LOCAL.try_with(|local| local.magazine_offset.store(NONE, Ordering::Relaxed));
    compiler_fence(Ordering::Release);
    [value as u32, 0]
}

/// Sets whether this thread holds a lock or waits for one. Returns the previous value.
///
/// A signal handler reads it, so the compiler must not move code out of the section between two
/// calls.
#[cfg_attr(any(block_loom, block_shuttle), allow(dead_code, reason = "models have their own"))]
pub(crate) fn set_busy(busy: bool) -> bool {
    compiler_fence(Ordering::SeqCst);
    let before = LOCAL.with(|local| {
        let before = local.is_busy.load(Ordering::Relaxed);
        local.is_busy.store(busy, Ordering::Relaxed);
        before
    });
    compiler_fence(Ordering::SeqCst);
    before
}
