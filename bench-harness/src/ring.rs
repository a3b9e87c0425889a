//! A bounded ring between two threads, which hands over 32 things at a time: what a hand-over
//! costs besides the blocks, cheap and the same for all contenders.
//!
//! The sender fills a slot in place and the receiver empties it in place. Each publishes its
//! position once a batch, and reads the other's only when the ring looks full or empty (Lamport
//! 1983; the remembered positions are those of FastForward and MCRingBuffer).
//!
//! Invariants: 1. `head <= tail <= head + SLOTS`. 2. The slots from `head` to `tail` are full and the
//! receiver's alone, the others empty and the sender's alone. 3. At any time there is at most one
//! sender and one receiver.

use std::cell::UnsafeCell;
use std::hint;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Things that are handed over at once.
pub const BATCH: usize = 32;
/// Batches that fit into a ring.
pub const SLOTS: usize = 8;

/// Spins before a waiting thread gives way, in case it shares a core with the one it waits for.
const SPINS: u32 = 256;

/// On lines of its own, and those that the processor fetches along with them.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Apart<T>(T);

type Slot<T> = Apart<UnsafeCell<[MaybeUninit<T>; BATCH]>>;

/// The ring. What is still in it when it is dropped is forgotten.
#[derive(Debug)]
pub struct Ring<T> {
    slots: Box<[Slot<T>]>,
    /// Batches sent so far, and whether there is a sender.
    tail: Apart<(AtomicUsize, AtomicBool)>,
    /// Batches received so far, and whether there is a receiver.
    head: Apart<(AtomicUsize, AtomicBool)>,
}

// SAFETY: by invariants 2 and 3 a thing is touched by one thread at a time, and the positions'
// Release and Acquire order the two.
unsafe impl<T: Send> Sync for Ring<T> {}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        let empty = || Apart(UnsafeCell::new([const { MaybeUninit::uninit() }; BATCH]));
        let slots = (0..SLOTS).map(|_| empty()).collect();
        Self { slots, tail: Apart::default(), head: Apart::default() }
    }
}

impl<T> Ring<T> {
    /// The sending end.
    ///
    /// # Panics
    ///
    /// If there is one already.
    #[must_use]
    pub fn sender(&self) -> Sender<'_, T> {
        // Acquire: pairs with the Release of the last sender's drop.
        assert!(!self.tail.0.1.swap(true, Ordering::Acquire), "a ring has one sender at a time");
        // Relaxed: senders alone store it, and the last one's stores are seen by the swap above.
        let tail = self.tail.0.0.load(Ordering::Relaxed);
        // Acquire: pairs with the receiver's Release; it has emptied the slots before.
        Sender { ring: self, tail, head_seen: self.head.0.0.load(Ordering::Acquire) }
    }

    /// The receiving end.
    ///
    /// # Panics
    ///
    /// If there is one already.
    #[must_use]
    pub fn receiver(&self) -> Receiver<'_, T> {
        // Acquire: pairs with the Release of the last receiver's drop.
        assert!(!self.head.0.1.swap(true, Ordering::Acquire), "a ring has one receiver at a time");
        // Relaxed: receivers alone store it, and the last one's stores are seen by the swap above.
        let head = self.head.0.0.load(Ordering::Relaxed);
        Receiver { ring: self, head, tail_seen: head }
    }

    fn slot(&self, position: usize) -> *mut [MaybeUninit<T>; BATCH] {
        self.slots[position % SLOTS].0.get()
    }
}

/// Waits until `there` says so; false if it does not, and never will because the other end is gone.
#[cold]
fn wait(other_end: &AtomicBool, mut there: impl FnMut() -> bool) -> bool {
    let mut spins = 0;
    loop {
        // Acquire: pairs with the Release of the other end's drop. What it did before is seen by
        // the look that follows.
        let gone = !other_end.load(Ordering::Acquire);
        if there() {
            return true;
        }
        if gone {
            return false;
        }
        spins += 1;
        if spins < SPINS { hint::spin_loop() } else { thread::yield_now() }
    }
}

/// The sending end of a [`Ring`].
#[derive(Debug)]
pub struct Sender<'a, T> {
    ring: &'a Ring<T>,
    tail: usize,
    head_seen: usize,
}

impl<T> Sender<'_, T> {
    /// Waits for room and sends a batch of what `next` makes; false if there is no room and the
    /// receiver is gone.
    ///
    /// # Errors
    ///
    /// The first that `next` returns. What it made before is forgotten, and nothing is sent.
    #[inline(always)]
    pub fn send<E>(&mut self, mut next: impl FnMut() -> Result<T, E>) -> Result<bool, E> {
        if self.tail - self.head_seen == SLOTS && !self.wait() {
            return Ok(false);
        }
        // SAFETY: there is room, so by invariant 2 the slot is this sender's until it is published.
        for entry in unsafe { &mut *self.ring.slot(self.tail) } {
            entry.write(next()?);
        }
        self.tail += 1;
        // Release: pairs with the receiver's Acquire; the slot's content goes with it.
        self.ring.tail.0.0.store(self.tail, Ordering::Release);
        Ok(true)
    }

    #[cold]
    #[inline(never)]
    fn wait(&mut self) -> bool {
        let (head, receiver) = &self.ring.head.0;
        wait(receiver, || {
            // Acquire: pairs with the receiver's Release; it has emptied the slots before.
            self.head_seen = head.load(Ordering::Acquire);
            self.tail - self.head_seen < SLOTS
        })
    }
}

impl<T> Drop for Sender<'_, T> {
    fn drop(&mut self) {
        // Release: the last batch is seen by whoever sees that the sender is gone.
        self.ring.tail.0.1.store(false, Ordering::Release);
    }
}

/// The receiving end of a [`Ring`].
#[derive(Debug)]
pub struct Receiver<'a, T> {
    ring: &'a Ring<T>,
    head: usize,
    tail_seen: usize,
}

impl<T> Receiver<'_, T> {
    /// Waits for a batch and shows each thing of it to `each`; false if there is none and the sender
    /// is gone.
    ///
    /// # Errors
    ///
    /// The first that `each` returns. The rest of the batch is forgotten.
    #[inline(always)]
    pub fn receive<E>(&mut self, mut each: impl FnMut(T) -> Result<(), E>) -> Result<bool, E> {
        if self.head == self.tail_seen && !self.wait() {
            return Ok(false);
        }
        let slot = self.ring.slot(self.head);
        self.head += 1;
        // SAFETY: by invariant 2 the slot is full, and this receiver's until the ring's head moves.
        for entry in unsafe { &*slot } {
            // SAFETY: full, as above. It is read once: this receiver's position has moved on, and
            // the drop publishes it even if `each` fails or panics.
            each(unsafe { entry.assume_init_read() })?;
        }
        // Release: pairs with the sender's Acquire; the slot was emptied before.
        self.ring.head.0.0.store(self.head, Ordering::Release);
        Ok(true)
    }

    #[cold]
    #[inline(never)]
    fn wait(&mut self) -> bool {
        let (tail, sender) = &self.ring.tail.0;
        wait(sender, || {
            // Acquire: pairs with the sender's Release, and makes the slots' content visible.
            self.tail_seen = tail.load(Ordering::Acquire);
            self.head < self.tail_seen
        })
    }
}

impl<T> Drop for Receiver<'_, T> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire of the sender's wait and of the next receiver.
        self.ring.head.0.0.store(self.head, Ordering::Release);
        self.ring.head.0.1.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Nothing = Result<(), ()>;

    /// Enough batches to go round several times.
    const BATCHES: usize = 10 * SLOTS;

    #[test]
    fn everything_arrives_once_and_in_order() {
        let ring = Ring::default();
        let receiver = ring.receiver();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut sender, mut next) = (ring.sender(), 0..);
                for _ in 0..BATCHES {
                    assert_eq!(sender.send(|| next.next().ok_or(())), Ok(true));
                }
            });
            let (mut receiver, mut expected) = (receiver, 0..);
            // The sender may not be there yet.
            while expected.start < BATCHES * BATCH {
                let each = |thing| -> Nothing {
                    assert_eq!(expected.next(), Some(thing));
                    Ok(())
                };
                let _ = receiver.receive(each);
            }
            assert_eq!(receiver.receive(|_| Nothing::Ok(())), Ok(false), "no sender, nothing left");
        });
    }

    #[test]
    fn a_ring_is_bounded_and_tells_that_the_other_end_is_gone() {
        let ring = Ring::default();
        let mut sender = ring.sender();
        for _ in 0..SLOTS {
            assert_eq!(sender.send(|| Ok::<_, ()>(7)), Ok(true));
        }
        assert_eq!(sender.send(|| Ok::<_, ()>(7)), Ok(false), "full, and no receiver");
    }

    /// Ends that come later go on where the last ones stopped.
    #[test]
    fn an_error_loses_a_batch_and_repeats_none() {
        let ring = Ring::default();
        for batch in 0..3 {
            assert_eq!(ring.sender().send(|| Ok::<_, ()>(batch)), Ok(true));
        }
        assert_eq!(ring.sender().send(|| Err(9)), Err(9));
        assert_eq!(ring.receiver().receive(|_| Err(8)), Err(8));
        for batch in 1..3 {
            let each = |thing| if thing == batch { Ok(()) } else { Err(thing) };
            assert_eq!(ring.receiver().receive(each), Ok(true));
        }
    }

    #[test]
    #[should_panic(expected = "one sender at a time")]
    fn a_second_sender_is_refused() {
        let ring = Ring::<u8>::default();
        let _first = ring.sender();
        let _second = ring.sender();
    }
}
