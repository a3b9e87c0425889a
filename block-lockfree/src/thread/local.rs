//! What a thread knows of itself, in a thread-local without a destructor: it can be read at any time in
//! a thread's life.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering, compiler_fence};

use super::{FIRST, NONE, SCALE, UNASSIGNED, number_of};

/// Atomic because of signal handlers. No other thread sees it, so all is Relaxed.
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

/// This thread's number times the size of a magazine: where its magazine lies in every pool's table, in bytes.
/// [`UNASSIGNED`] or [`NONE`] if it has no number.
#[inline]
pub(crate) fn magazine_offset() -> usize {
    LOCAL.with(|local| local.magazine_offset.load(Ordering::Relaxed))
}

/// This thread's mark, if it has a number. Never 0.
#[inline]
pub(crate) fn mark() -> u32 {
    // After the magazine_offset that the caller has read: a handler between the two may set both.
    compiler_fence(Ordering::Acquire);
    LOCAL.with(|local| local.mark.load(Ordering::Relaxed))
}

/// Sets magazine_offset and mark. Signals are blocked.
pub(super) fn set(mark: Option<u32>) {
    LOCAL.with(|local| {
        local.mark.store(mark.unwrap_or(FIRST), Ordering::Relaxed);
        compiler_fence(Ordering::Release);
        let magazine_offset = mark.and_then(number_of).map_or(NONE, |number| number * SCALE);
        local.magazine_offset.store(magazine_offset, Ordering::Relaxed);
    });
}

/// Takes the number from this thread, whose end was told with a value. Returns the marks whose numbers
/// are to be returned.
pub(super) fn at_the_end(value: usize) -> [u32; 2] {
    // It fails where the magazine_offset itself is gone.
    _ = LOCAL.try_with(|local| local.magazine_offset.store(NONE, Ordering::Relaxed));
    compiler_fence(Ordering::Release);
    [value as u32, 0]
}

/// Marks this thread as holding a lock, or waiting for one. Returns what it was before.
///
/// A signal handler reads it, so the compiler must not move what stands between two calls out of
/// between them.
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
