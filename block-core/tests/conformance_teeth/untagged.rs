//! A Treiber stack without a tag: a pop that is stopped between its two reads and its exchange does not
//! notice that the list has changed, if the same block is at the top again.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

const END: u32 = u32::MAX;

/// The numbers of the free blocks. SeqCst throughout: the fault is not one of ordering.
pub struct Stack {
    head: AtomicU32,
    next: Vec<AtomicU32>,
    free: AtomicUsize,
}

impl Stack {
    pub fn new(capacity: usize) -> Self {
        let end = u32::try_from(capacity).unwrap();
        let next = (1..=end).map(|next| AtomicU32::new(if next == end { END } else { next }));
        Self { head: AtomicU32::new(0), next: next.collect(), free: AtomicUsize::new(capacity) }
    }

    pub fn pop(&self) -> Option<usize> {
        let mut head = self.head.load(Ordering::SeqCst);
        loop {
            let next = self.next.get(head as usize)?.load(Ordering::SeqCst);
            match self.head.compare_exchange(head, next, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => break,
                Err(now) => head = now,
            }
        }
        self.free.fetch_sub(1, Ordering::SeqCst);
        Some(head as usize)
    }

    pub fn push(&self, index: usize) {
        self.free.fetch_add(1, Ordering::SeqCst);
        let mut head = self.head.load(Ordering::SeqCst);
        loop {
            self.next[index].store(head, Ordering::SeqCst);
            match self.head.compare_exchange(head, index as u32, Ordering::SeqCst, Ordering::SeqCst)
            {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    pub fn len(&self) -> usize {
        self.free.load(Ordering::SeqCst)
    }
}
