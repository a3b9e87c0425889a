//! Detects the end of a thread with the destructor of a thread-local.

use std::cell::Cell;

/// Contains the value itself, because other thread-locals may be gone when this destructor runs.
struct Value(Cell<usize>);

impl Drop for Value {
    fn drop(&mut self) {
        super::on_thread_end(self.0.get());
    }
}

std::thread_local! {
    static VALUE: Value = const { Value(Cell::new(0)) };
}

pub(super) fn prepare() -> bool {
    true
}

/// Sets this thread's value, which [`on_thread_end`](super::on_thread_end) gets when the thread
/// ends. Returns false if the thread is ending.
pub(super) fn set_value(value: usize) -> bool {
    VALUE.try_with(|it| it.0.set(value)).is_ok()
}

/// A stand-in: there are no signal handlers.
pub(super) struct Signals;

impl Signals {
    pub(super) fn block() -> Self {
        Self
    }
}
