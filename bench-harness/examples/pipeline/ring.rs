//! A bounded ring between two stages, of any length. What is left in it when it is dropped is dropped
//! as well: packets in it go back to where they came from, however a run ends.
//!
//! (The harness' own ring, between the threads of its workloads, is of one length, and forgets.)

use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_queue::ArrayQueue;
use crossbeam_utils::Backoff;

/// The ring. One stage pushes, one pops.
#[derive(Debug)]
pub struct Ring<T> {
    queue: ArrayQueue<T>,
    is_closed: AtomicBool,
}

/// Closes the ring when it is dropped, also by a panic: then the other stage does not wait for ever.
#[derive(Debug)]
pub struct Closing<'a, T>(&'a Ring<T>);

impl<T> Ring<T> {
    /// An empty ring for so many things, at least one.
    pub fn new(length: usize) -> Self {
        Self { queue: ArrayQueue::new(length), is_closed: AtomicBool::new(false) }
    }

    /// To be held by either stage while it uses the ring.
    pub fn closing(&self) -> Closing<'_, T> {
        Closing(self)
    }

    /// Whether a stage has left.
    pub fn is_closed(&self) -> bool {
        // Acquire: pairs with the Release of `Closing`, so what was pushed before is there.
        self.is_closed.load(Ordering::Acquire)
    }

    /// Waits for room; false if the other stage has left. Spins for a while, then gives way: the stage
    /// that makes room may be on the same core.
    pub fn push(&self, thing: T) -> bool {
        let backoff = Backoff::new();
        while self.queue.is_full() {
            if self.is_closed() {
                return false;
            }
            backoff.snooze();
        }
        self.queue.push(thing).is_ok() // nobody else pushes
    }

    /// Waits for a thing; none if the ring is empty and the other stage has left.
    pub fn pop(&self) -> Option<T> {
        let backoff = Backoff::new();
        loop {
            // In this order: what was pushed before the ring was closed is found after that was seen.
            let is_last = self.is_closed();
            let thing = self.queue.pop();
            if thing.is_some() || is_last {
                return thing;
            }
            backoff.snooze();
        }
    }
}

impl<T> Drop for Closing<'_, T> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire of `is_closed`.
        self.0.is_closed.store(true, Ordering::Release);
    }
}
