//! A hand that reads the clock before and after each call.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use block_core::FreeError;

use super::Calls;
use crate::contender::Hand;

/// Times the calls of another hand while the measured part of a run lasts.
///
/// Its calls are functions of their own: so what is between the two readings stays there, and the
/// loops around it stay small. The recording comes after the second reading.
#[derive(Debug)]
pub(crate) struct Timed<'a, H> {
    hand: H,
    calls: MutexGuard<'a, Calls>,
    running: &'a AtomicBool,
}

/// The calls of one thread, and whether they are being measured. On cache lines of its own, and those
/// that the processor fetches along with them: no thread waits for another one's table.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Timing {
    calls: Mutex<Calls>,
    /// Set while the measured part lasts. Loaded and stored Relaxed: the clock that stores it is of the
    /// thread whose hands load it, or of the one that starts and joins theirs.
    pub(crate) running: AtomicBool,
}

impl Timing {
    /// What was timed.
    pub(crate) fn into_calls(self) -> Calls {
        self.calls.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a, H: Hand> Timed<'a, H> {
    /// Times the calls of `hand`. As long as it lives it has the thread's calls to itself, so a thread
    /// must not have two such hands at once.
    pub(crate) fn new(hand: H, Timing { calls, running }: &'a Timing) -> Self {
        Self { hand, calls: calls.lock().unwrap_or_else(PoisonError::into_inner), running }
    }
}

impl<H: Hand> Hand for Timed<'_, H> {
    type Held = H::Held;

    #[inline(never)]
    fn take(&mut self) -> Option<H::Held> {
        let start = Instant::now();
        let held = self.hand.take();
        let end = Instant::now();
        if self.running.load(Ordering::Relaxed) {
            self.calls.record_take(end - start, held.is_none());
        }
        held
    }

    #[inline(always)]
    fn bytes(held: &mut H::Held) -> *mut u8 {
        H::bytes(held)
    }

    #[inline(never)]
    fn give(&mut self, held: H::Held) -> Result<(), FreeError> {
        let start = Instant::now();
        let given = self.hand.give(held);
        let end = Instant::now();
        if self.running.load(Ordering::Relaxed) {
            self.calls.record_give(end - start);
        }
        given
    }

    /// Not timed: it is one call for many blocks, or many calls in a row.
    #[inline(always)]
    fn take_bulk(&mut self, blocks: &mut [Option<H::Held>]) -> bool {
        self.hand.take_bulk(blocks)
    }

    /// Not timed.
    #[inline(always)]
    fn give_bulk(&mut self, blocks: &mut [Option<H::Held>]) -> Result<(), FreeError> {
        self.hand.give_bulk(blocks)
    }
}
