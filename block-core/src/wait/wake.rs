//! Calls wakers, which are foreign code and may do anything.

use core::cell::RefCell;
use core::mem;
use core::task::Waker;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

std::thread_local! {
    /// While a waker runs on this thread: the wakers to call afterwards, in order.
    static DUE: RefCell<Option<VecDeque<Waker>>> = const { RefCell::new(None) };
}

/// Wakes a waiter. A call of a pool does not unwind, whatever the waker does, and the stack does
/// not grow with the number of waiters: a waker that frees a block returns before the next waker is
/// called.
pub(super) fn wake(waker: Waker) {
    let mut next = Some(waker);
    let is_nested = DUE.try_with(|due| match &mut *due.borrow_mut() {
        Some(due) => {
            due.extend(next.take());
            true
        }
        none => {
            *none = Some(VecDeque::new());
            false
        }
    });
    if is_nested == Ok(true) {
        return;
    }
    while let Some(waker) = next {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            // The panic hook has reported it. Dropping the payload might panic again.
            mem::forget(panic);
        }
        next = DUE.try_with(|due| due.borrow_mut().as_mut()?.pop_front()).ok().flatten();
    }
    _ = DUE.try_with(|due| *due.borrow_mut() = None)
}
