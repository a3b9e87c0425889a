//! Counts failed allocations of threads that have no magazine to count them in.
//!
//! Threads may call an exhausted pool again and again, so they count in several cells, each on a
//! cache line of its own. The address of the thread's stack selects the cell.

use crate::sync::{CachePadded, CountUsize, Ordering};

/// The number of cells; one without `std`.
const CELLS: usize = if cfg!(feature = "std") { 8 } else { 1 };

/// The stacks of threads are at least `1 << STACK_BITS` bytes apart.
const STACK_BITS: u32 = 14;

/// A counter that is written often and read rarely.
#[derive(Debug)]
pub(crate) struct FailedCalls([CachePadded<CountUsize>; CELLS]);

impl FailedCalls {
    pub(crate) const fn new() -> Self {
        Self([const { CachePadded(CountUsize::new(0)) }; CELLS])
    }

    pub(crate) fn add(&self, count: usize) {
        let on_stack = 0_u8;
        let stack = (&raw const on_stack).addr() >> STACK_BITS;
        // A multiplicative hash (Knuth 1973), so that stacks at regular distances use different
        // cells.
        let cell = stack.wrapping_mul(0x9e37_79b9) >> 16 & (CELLS - 1);
        // Relaxed: no other memory depends on it.
        self.0[cell].0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn sum(&self) -> u64 {
        self.0.iter().map(|cell| cell.0.load(Ordering::Relaxed) as u64).sum()
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_counted_and_threads_use_different_cells() {
        let failed_calls = FailedCalls::new();
        let barrier = std::sync::Barrier::new(16);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    barrier.wait(); // all stacks exist at the same time
                    (0..1000).for_each(|_| failed_calls.add(1));
                });
            }
        });
        assert_eq!(failed_calls.sum(), 16_000);
        let used = failed_calls.0.iter().filter(|cell| cell.0.load(Ordering::Relaxed) > 0).count();
        assert!(used > 2, "16 threads use {used} cells");
    }
}
