//! Pools that break a promise each.

use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use block_core::{BlockAlloc, BlockIndex, BlockLayout, FreeError, Region};

/// What a pool does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    None,
    /// While threads work, it now and then hands a block to two of them, and tidies up when both
    /// have given it back.
    Doubles,
    /// While threads work, it now and then loses a block that is given back.
    Loses,
    /// While threads work, it now and then says that it is empty.
    Denies,
    /// It counts one free block too many.
    Miscounts,
    /// It hands out pointers into the middle of blocks.
    Shifts,
    /// It refuses every block on the checked path.
    Refuses,
    /// It does not know an end: it hands out the first block again.
    NeverEmpty,
}

/// Every so many calls of working threads the flaw shows.
pub const EVERY: usize = 3;

/// A pool with a flaw.
#[derive(Debug)]
pub struct BrokenAlloc {
    region: Region,
    lists: Mutex<Lists>,
    /// Relaxed: a count, and nothing else is read because of it.
    calls: AtomicUsize,
    flaw: Flaw,
}

#[derive(Debug)]
struct Lists {
    free: Vec<usize>,
    /// Blocks that were handed out twice.
    doubled: Vec<usize>,
}

impl BrokenAlloc {
    /// A pool with that flaw.
    pub fn new(block_size: usize, capacity: usize, flaw: Flaw) -> Self {
        let layout = BlockLayout::new(block_size, capacity).expect("a small layout");
        let lists = Lists { free: (0..capacity).collect(), doubled: Vec::new() };
        Self {
            region: Region::map(layout).expect("a small region"),
            lists: Mutex::new(lists),
            calls: AtomicUsize::new(0),
            flaw,
        }
    }

    /// Whether this is the call, of a working thread, in which the flaw shows.
    fn shows(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
            && std::thread::current().name().is_some_and(|name| name.starts_with("worker"))
            && self.calls.fetch_add(1, Ordering::Relaxed) % EVERY == EVERY - 1
    }
}

// SAFETY: it keeps its promises only with `Flaw::None`. With any other the tests use it through
// bare pointers alone, and touch its blocks, all of them inside the region, by atomics or volatile
// writes.
unsafe impl BlockAlloc for BrokenAlloc {
    fn region(&self) -> &Region {
        &self.region
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        if self.shows(Flaw::Denies) {
            return None;
        }
        let mut lists = self.lists.lock().unwrap();
        let index = match lists.free.pop() {
            None if self.flaw == Flaw::NeverEmpty => 0,
            index => index?,
        };
        if self.shows(Flaw::Doubles) && !lists.doubled.contains(&index) {
            lists.free.push(index);
            lists.doubled.push(index);
        }
        let block = self.region.block(BlockIndex::new(index));
        // SAFETY: a block has two bytes or more.
        Some(if self.flaw == Flaw::Shifts { unsafe { block.add(1) } } else { block })
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        let shift = usize::from(self.flaw == Flaw::Shifts);
        // SAFETY: `acquire` added as much.
        let block = unsafe { block.sub(shift) };
        let index = self.region.locate(block).expect("its own block").get();
        let mut lists = self.lists.lock().unwrap();
        if let Some(position) = lists.doubled.iter().position(|&doubled| doubled == index) {
            lists.doubled.swap_remove(position);
        } else if !self.shows(Flaw::Loses) {
            lists.free.push(index);
        }
    }

    fn available(&self) -> usize {
        let free = self.lists.lock().unwrap().free.len();
        free + usize::from(self.flaw == Flaw::Miscounts)
    }

    unsafe fn free_raw(&self, block: NonNull<u8>) -> Result<(), FreeError> {
        if self.flaw == Flaw::Refuses {
            return Err(FreeError::NotAllocated);
        }
        // SAFETY: the caller's promise is more than this asks.
        unsafe { self.release(block) };
        Ok(())
    }
}
