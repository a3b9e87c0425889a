//! The end of a thread, by the destructor of a thread-local.

use std::cell::Cell;

/// The value itself, because another thread-local may be gone when this one's destructor runs.
struct Held(Cell<usize>);

impl Drop for Held {
    fn drop(&mut self) {
        super::at_the_end(self.0.get());
    }
}

std::thread_local! {
    static HELD: Held = const { Held(Cell::new(0)) };
}

pub(super) fn watch() -> bool {
    true
}

/// Sets the value for this thread: its end is told then. Returns false if the thread is ending.
pub(super) fn hold(value: usize) -> bool {
    HELD.try_with(|held| held.0.set(value)).is_ok()
}

/// There are no signal handlers.
pub(super) struct Signals;

impl Signals {
    pub(super) fn block() -> Self {
        Self
    }
}
