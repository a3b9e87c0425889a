//! A hand that reads the clock before and after each call.

use std::cell::Cell;
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
    calls: &'a mut Calls,
    running: &'a Cell<bool>,
}

impl<'a, H: Hand> Timed<'a, H> {
    /// Records into `calls` while `running` is set.
    pub(crate) fn new(hand: H, calls: &'a mut Calls, running: &'a Cell<bool>) -> Self {
        Self { hand, calls, running }
    }
}

impl<H: Hand> Hand for Timed<'_, H> {
    type Held = H::Held;

    #[inline(never)]
    fn take(&mut self) -> Option<H::Held> {
        let start = Instant::now();
        let held = self.hand.take();
        let end = Instant::now();
        if self.running.get() {
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
        if self.running.get() {
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
