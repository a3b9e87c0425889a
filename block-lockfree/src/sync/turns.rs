//! shuttle has no cells. These tell when another thread comes in the middle of an access.

use shuttle::sync::atomic::{AtomicBool, Ordering};

#[derive(Debug)]
pub(crate) struct UnsafeCell<T> {
    busy: AtomicBool,
    value: core::cell::UnsafeCell<T>,
}

impl<T> UnsafeCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { busy: AtomicBool::new(false), value: core::cell::UnsafeCell::new(value) }
    }

    pub(crate) fn with_mut<R>(&self, access: impl FnOnce(*mut T) -> R) -> R {
        // Both steps on the flag let other threads run.
        assert!(!self.busy.swap(true, Ordering::SeqCst), "a turn out of order");
        let result = access(self.value.get());
        self.busy.store(false, Ordering::SeqCst);
        result
    }

    pub(crate) fn with<R>(&self, access: impl FnOnce(*const T) -> R) -> R {
        self.with_mut(|value| access(value))
    }
}
