//! What the connections of a server do with buffers at a moment: how many hold one, how many wait.

use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::Poll;

/// Counts who holds a buffer and who waits for one.
///
/// A buffer is counted after it was taken and until before it is given back, so never more are counted
/// than there are.
#[derive(Debug, Default)]
pub struct Gauge {
    /// Who waits in the upper half, who holds in the lower one: both are of the same moment.
    now: AtomicU64,
    most_held: AtomicU32,
    waits: AtomicU64,
}

const HOLDS: u64 = 1;
const WAITS: u64 = 1 << 32;

/// How many connections wait for a buffer, and how many hold one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    pub waiting: usize,
    pub held: usize,
}

// Relaxed throughout: each word is a figure, and nothing else is read because of what it says.
impl Gauge {
    /// Who waits and who holds now.
    pub fn now(&self) -> Moment {
        let now = self.now.load(Ordering::Relaxed);
        Moment { waiting: (now / WAITS) as usize, held: (now % WAITS) as usize }
    }

    /// The most buffers that were held at once.
    pub fn most_held(&self) -> usize {
        self.most_held.load(Ordering::Relaxed) as usize
    }

    /// How often a connection did not get a buffer at once.
    pub fn waits(&self) -> u64 {
        self.waits.load(Ordering::Relaxed)
    }

    /// The buffer that `take` comes to, counted for as long as it is held. May be dropped at any moment.
    pub async fn counted<T>(&self, take: impl Future<Output = T>) -> Held<'_, T> {
        let mut take = pin!(take);
        match poll_fn(|context| Poll::Ready(take.as_mut().poll(context))).await {
            Poll::Ready(buffer) => {
                self.holds(HOLDS);
                Held { gauge: self, buffer }
            }
            Poll::Pending => {
                let place = Place::enter(self);
                let buffer = take.await;
                place.served();
                Held { gauge: self, buffer }
            }
        }
    }

    fn holds(&self, change: u64) {
        let held = self.now.fetch_add(change, Ordering::Relaxed).wrapping_add(change) % WAITS;
        self.most_held.fetch_max(held as u32, Ordering::Relaxed);
    }
}

/// Somebody who waits, until he is served or goes away.
struct Place<'a>(&'a Gauge);

impl<'a> Place<'a> {
    fn enter(gauge: &'a Gauge) -> Self {
        gauge.waits.fetch_add(1, Ordering::Relaxed);
        gauge.now.fetch_add(WAITS, Ordering::Relaxed);
        Self(gauge)
    }

    /// In one step, so that at no moment the connection is counted twice or not at all.
    fn served(self) {
        self.0.holds(HOLDS.wrapping_sub(WAITS));
        std::mem::forget(self);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(WAITS, Ordering::Relaxed);
    }
}

/// A buffer that is counted.
#[must_use = "a buffer that is dropped at once was taken for nothing"]
pub struct Held<'a, T> {
    gauge: &'a Gauge,
    buffer: T,
}

impl<T: Deref> Deref for Held<'_, T> {
    type Target = T::Target;

    fn deref(&self) -> &T::Target {
        &self.buffer
    }
}

impl<T: DerefMut> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T::Target {
        &mut self.buffer
    }
}

impl<T> Drop for Held<'_, T> {
    /// Before the buffer itself is dropped.
    fn drop(&mut self) {
        self.gauge.now.fetch_sub(HOLDS, Ordering::Relaxed);
    }
}
