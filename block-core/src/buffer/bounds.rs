//! What is beyond the end, in the words of the crate `bytes`: they state the condition that failed.

/// Panics unless `at` is at most `end`.
#[inline]
#[track_caller]
pub(super) fn within(operation: &str, at: usize, end: usize) {
    if at > end {
        out_of_bounds(operation, at, end);
    }
}

#[cold]
#[track_caller]
fn out_of_bounds(operation: &str, at: usize, end: usize) -> ! {
    panic!("{operation} out of bounds: {at} <= {end}")
}
