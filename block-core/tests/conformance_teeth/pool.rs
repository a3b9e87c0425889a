//! A simple pool, a list behind a mutex, with room for faults in the four required methods.

use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{sleep, yield_now};
use std::time::Duration;

use block_core::{BlockAlloc, BlockIndex, Region};

use crate::fault::Fault;
use crate::untagged::Stack;

/// One list that all start from, and some that threads have for themselves where a fault says so.
type Lists = [Vec<usize>; 16];

/// The pool. All its atomics are Relaxed: they count, and order nothing.
pub struct Pool {
    region: Region,
    fault: Option<Fault>,
    lists: Mutex<Lists>,
    calls: AtomicUsize,
    held: AtomicUsize,
    last_given: AtomicUsize,
    /// In place of the lists.
    untagged: Option<Stack>,
}

/// The list of this thread.
fn own_list() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed));
    NUMBER.with(|number| number % 15 + 1)
}

thread_local! {
    /// The cache of `MixesPools`.
    static CACHED: Cell<Option<NonNull<u8>>> = const { Cell::new(None) };
}

impl Pool {
    pub fn new(region: Region, fault: Option<Fault>) -> Self {
        let region = if fault == Some(Fault::AnswersForAnotherRegion) {
            Region::map(*region.layout()).unwrap()
        } else {
            region
        };
        let capacity = region.layout().capacity();
        if fault == Some(Fault::StartsDirty) {
            for index in 0..capacity {
                // SAFETY: a block of this region, which nobody has yet.
                unsafe { region.block(BlockIndex::new(index)).write(0xaa) };
            }
        }
        let mut lists = Lists::default();
        let short =
            |number| if fault == Some(Fault::ShortNumbers) { number & 0xffff } else { number };
        lists[0] = (0..capacity).rev().map(short).collect();
        let untagged = (fault == Some(Fault::NoTag)).then(|| Stack::new(capacity));
        let number = || AtomicUsize::new(0);
        let (calls, held, last_given) = (number(), number(), number());
        Self { region, fault, lists: Mutex::new(lists), calls, held, last_given, untagged }
    }

    pub fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// True at every `n`-th call if the pool has this fault.
    fn now_and_then(&self, fault: Fault, n: usize) -> bool {
        self.has(fault) && self.calls.fetch_add(1, Ordering::Relaxed) % n == n - 1
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_from(&self, lists: &mut Lists) -> Option<usize> {
        if self.has(Fault::Strands) {
            return lists[own_list()].pop().or_else(|| lists[0].pop());
        }
        lists.iter_mut().find_map(Vec::pop)
    }

    fn take(&self) -> Option<usize> {
        if self.has(Fault::FailsWhenBusy) {
            let mut lists = self.lists.try_lock().ok()?;
            yield_now();
            return self.take_from(&mut lists);
        }
        if self.has(Fault::TakesInTwoSteps) {
            let seen = self.lists()[0].last().copied()?;
            yield_now();
            return self.take_from(&mut self.lists()).and(Some(seen));
        }
        let mut lists = self.lists();
        let reserved = self.has(Fault::KeepsOneInReserve) && lists[0].len() <= 1;
        if reserved || self.now_and_then(Fault::FailsNowAndThen, 50) {
            return None;
        }
        if self.now_and_then(Fault::GivesTwice, 7) {
            return lists[0].last().copied();
        }
        self.take_from(&mut lists)
    }

    fn write_to_a_held_block(&self) {
        if !self.has(Fault::WritesToAHeldBlock) {
            return;
        }
        let last = self.last_given.load(Ordering::Relaxed);
        let free = self.lists().concat();
        if last > 0 && !free.contains(&(last - 1)) {
            let block = self.region.block(BlockIndex::new(last - 1));
            // SAFETY: inside the region. Its holder is between two calls on the same thread.
            unsafe { block.write(block.read() ^ 0x20) };
        }
    }
}

// SAFETY: without a fault, a block's index is on one list or its block with one holder, under the
// lock. With a fault it is as the fault says; every pointer is one that the suite may look at.
unsafe impl BlockAlloc for Pool {
    fn region(&self) -> &Region {
        &self.region
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        if let Some(stack) = &self.untagged {
            let block = self.region.block(BlockIndex::new(stack.pop()?));
            // SAFETY: a block of the region; off the stack, unless the fault shows.
            unsafe { self.region.on_acquire(block) };
            return Some(block);
        }
        self.write_to_a_held_block();
        if let Some(block) = CACHED.take() {
            self.held.fetch_add(1, Ordering::Relaxed);
            return Some(block);
        }
        let Some(index) = self.take() else {
            let layout = self.region.layout();
            let first = self.region.block(BlockIndex::new(0)).as_ptr();
            let end = NonNull::new(first.wrapping_add(layout.region_bytes()));
            return end.filter(|_| self.has(Fault::GivesOnePastTheEnd));
        };
        self.held.fetch_add(1, Ordering::Relaxed);
        self.last_given.store(index + 1, Ordering::Relaxed);
        let block = self.region.block(BlockIndex::new(index));
        if !self.has(Fault::ForgetsTheLoan) {
            // SAFETY: a block of the region; off the list, unless a fault says otherwise.
            unsafe { self.region.on_acquire(block) };
        }
        if self.has(Fault::GivesMisaligned) {
            return NonNull::new(block.as_ptr().wrapping_add(1));
        }
        Some(block)
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        if let Some(stack) = &self.untagged {
            // SAFETY: a block of the region that the caller holds.
            let index = unsafe {
                self.region.on_release(block);
                self.region.index_of(block)
            };
            return stack.push(index.get());
        }
        self.held.fetch_sub(1, Ordering::Relaxed);
        if !self.has(Fault::ForgetsTheScrub) {
            // SAFETY: a block of the region that the caller holds.
            unsafe { self.region.on_release(block) };
        }
        if self.has(Fault::WritesToAFreeBlock) {
            // SAFETY: inside the region. That it is written to while it is free is the fault.
            unsafe { block.write(block.read() ^ 0x55) };
        }
        if self.has(Fault::MixesPools) && CACHED.get().is_none() {
            return CACHED.set(Some(block));
        }
        let loses = self.now_and_then(Fault::LosesABlock, 10)
            || self.now_and_then(Fault::LosesABlockButCountsIt, 10);
        if !loses {
            let apart = self.has(Fault::Strands) || self.has(Fault::CountsInTwoSteps);
            let list = if apart { own_list() } else { 0 };
            // SAFETY: the caller's promise: a block of the region.
            let index = unsafe { self.region.index_of(block) };
            self.lists()[list].push(index.get());
        }
    }

    fn available(&self) -> usize {
        let free = |lists: &Lists| lists.iter().map(Vec::len).sum::<usize>();
        if let Some(stack) = &self.untagged {
            return stack.len();
        }
        match self.fault {
            Some(Fault::LosesABlockButCountsIt | Fault::MixesPools) => {
                self.capacity() - self.held.load(Ordering::Relaxed)
            }
            Some(Fault::CountsOneTooMany) => (free(&self.lists()) + 1).min(self.capacity()),
            Some(Fault::CountsInTwoSteps) => (0..16)
                .map(|list| {
                    sleep(Duration::from_micros(20));
                    self.lists()[list].len()
                })
                .sum(),
            _ => free(&self.lists()),
        }
    }
}
