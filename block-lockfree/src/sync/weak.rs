//! loom's 64-bit atomic, with a weak compare-and-swap that can fail by itself.

use core::cell::Cell;
use core::ops::Deref;

use loom::sync::atomic::Ordering;

loom::thread_local! {
    static FAILS_NEXT: Cell<bool> = Cell::new(false);
}

/// Makes the calling thread's next weak compare-and-swap fail by itself, as the processors
/// that have no other kind let it. loom's never do.
pub fn fail_next_swap() {
    FAILS_NEXT.with(|fails| fails.set(true));
}

/// loom's, with a weak compare-and-swap that is weak.
#[derive(Debug)]
pub(crate) struct AtomicU64(loom::sync::atomic::AtomicU64);

impl AtomicU64 {
    pub(crate) fn new(value: u64) -> Self {
        Self(loom::sync::atomic::AtomicU64::new(value))
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        expected: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        if FAILS_NEXT.with(|fails| fails.replace(false)) {
            return Err(self.0.load(failure));
        }
        self.0.compare_exchange_weak(expected, new, success, failure)
    }
}

impl Deref for AtomicU64 {
    type Target = loom::sync::atomic::AtomicU64;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
