//! How often calls found the pool exhausted, as far as no magazine counts it.
//!
//! Threads at an empty pool may ask again and again, so they count in cells on lines of their own: which
//! one, the address of the caller's stack says. A thread with a magazine counts there, without any of
//! this.

use crate::sync::{CachePadded, CountUsize, Ordering};

/// Cells; one where there are no threads to speak of.
const CELLS: usize = if cfg!(feature = "std") { 8 } else { 1 };

/// Threads' stacks are further apart than this many bits.
const STACK_BITS: u32 = 14;

/// A count that is written often and read rarely.
#[derive(Debug)]
pub(crate) struct FailedCalls([CachePadded<CountUsize>; CELLS]);

impl FailedCalls {
    pub(crate) const fn new() -> Self {
        Self([const { CachePadded(CountUsize::new(0)) }; CELLS])
    }

    pub(crate) fn add(&self, count: usize) {
        let on_stack = 0_u8;
        let stack = (&raw const on_stack).addr() >> STACK_BITS;
        // A multiplicative hash (Knuth 1973): regular distances must not meet in one cell.
        let cell = stack.wrapping_mul(0x9e37_79b9) >> 16 & (CELLS - 1);
        // Relaxed: nothing else is told by it.
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
    fn every_thread_counts_and_not_all_in_one_cell() {
        let failed_calls = FailedCalls::new();
        let barrier = std::sync::Barrier::new(16);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    barrier.wait(); // all stacks are there at once
                    (0..1000).for_each(|_| failed_calls.add(1));
                });
            }
        });
        assert_eq!(failed_calls.sum(), 16_000);
        let used = failed_calls.0.iter().filter(|cell| cell.0.load(Ordering::Relaxed) > 0).count();
        assert!(used > 2, "16 threads meet in {used} cells");
    }
}
