//! The number of a pool's owners.
//!
//! # Memory orderings
//!
//! Owners are removed with Release, and the removal of the last one is followed by an Acquire fence,
//! so everything that the other owners did happens before the pool retires or is freed.

use crate::sync::{AtomicUsize, Ordering, fence};

#[derive(Debug)]
pub(crate) struct Owners(AtomicUsize);

impl Owners {
    /// Creates a count of one owner.
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(1))
    }

    /// Adds owners. The caller is one, or holds what keeps the pool alive.
    pub(crate) fn add(&self, count: usize) {
        // Relaxed: no access of another thread is ordered by it.
        let before = self.0.fetch_add(count, Ordering::Relaxed);
        // As for an `Arc`: the other half of the range is room for calls that pass this together.
        if before > isize::MAX as usize {
            too_many_owners();
        }
    }

    /// Removes owners. Returns whether they were the last: then the caller has the pool to itself.
    pub(crate) fn remove(&self, count: usize) -> bool {
        // Release: pairs with the fence of the thread that removes the last owner.
        if self.0.fetch_sub(count, Ordering::Release) != count {
            return false;
        }
        // Acquire: pairs with the Release of every other owner.
        fence(Ordering::Acquire);
        true
    }
}

/// Aborts the program, as an `Arc` does: a panic cannot leave this function.
#[cold]
extern "C" fn too_many_owners() -> ! {
    panic!("a pool has more than isize::MAX owners; were some of them forgotten?");
}
