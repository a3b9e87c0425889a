//! Plain memory that tells when another thread comes in the middle of an access, and one of the two
//! writes; under loom also when the two are not ordered.

#[cfg(block_loom)]
use loom::cell as tool;
#[cfg(block_shuttle)]
use watched as tool;

/// As the standard library's, with the methods of loom's.
#[derive(Debug)]
pub struct UnsafeCell<T>(tool::UnsafeCell<T>);

// SAFETY: an access beside one that excludes it is reported before it is made: by loom, or by the
// assertion in `during`.
unsafe impl<T: Send> Sync for UnsafeCell<T> {}

impl<T> UnsafeCell<T> {
    /// Holds a value.
    pub fn new(value: T) -> Self {
        Self(tool::UnsafeCell::new(value))
    }

    /// Lends it to a reader, beside others.
    #[track_caller]
    pub fn with<R>(&self, access: impl FnOnce(*const T) -> R) -> R {
        self.0.with(access)
    }

    /// Lends it to a writer, beside nobody.
    #[track_caller]
    pub fn with_mut<R>(&self, access: impl FnOnce(*mut T) -> R) -> R {
        self.0.with_mut(access)
    }
}

/// shuttle has no cells.
#[cfg(block_shuttle)]
mod watched {
    use shuttle::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug)]
    pub(super) struct UnsafeCell<T> {
        /// How many read, or [`WRITES`].
        users: AtomicUsize,
        value: core::cell::UnsafeCell<T>,
    }

    const WRITES: usize = usize::MAX / 2;

    impl<T> UnsafeCell<T> {
        pub(super) fn new(value: T) -> Self {
            Self { users: AtomicUsize::new(0), value: core::cell::UnsafeCell::new(value) }
        }

        // Both steps on the count let other threads run.
        fn during<R>(&self, weight: usize, most: usize, access: impl FnOnce(*mut T) -> R) -> R {
            let others = self.users.fetch_add(weight, Ordering::SeqCst);
            assert!(others <= most, "a turn out of order");
            let result = access(self.value.get());
            self.users.fetch_sub(weight, Ordering::SeqCst);
            result
        }

        pub(super) fn with<R>(&self, access: impl FnOnce(*const T) -> R) -> R {
            self.during(1, WRITES - 1, |value| access(value))
        }

        pub(super) fn with_mut<R>(&self, access: impl FnOnce(*mut T) -> R) -> R {
            self.during(WRITES, 0, access)
        }
    }
}
