//! A backend that was written before there were loans, over a region with guards.

use std::pin::pin;
use std::ptr::NonNull;
use std::sync::Mutex;

use block_core::wait::Waiting;
use block_core::{BlockAlloc, BlockAllocExt, BlockIndex, BlockLayout, Region};

use crate::tasks::poll_once;
use crate::{SIZE, assert_whole};

/// A region and a stack of block numbers.
struct Unlending(Region, Mutex<Vec<BlockIndex>>);

// SAFETY: the mutex gives each block of the one region to one holder at a time (invariants 1 to 4) and
// orders its holders; `release` scrubs (6).
unsafe impl BlockAlloc for Unlending {
    fn region(&self) -> &Region {
        &self.0
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        self.1.lock().unwrap().pop().map(|index| self.0.block(index))
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: a block of the region that the caller held.
        unsafe { self.0.on_release(block) };
        // SAFETY: the same.
        let index = unsafe { self.0.index_of(block) };
        self.1.lock().unwrap().push(index);
    }

    fn available(&self) -> usize {
        self.1.lock().unwrap().len()
    }
}

#[test]
fn a_block_that_is_handed_over_is_not_lent_where_no_other_is() {
    let layout = BlockLayout::new(SIZE, 2).unwrap().with_guard(8).unwrap();
    let blocks = Mutex::new((0..2).map(BlockIndex::new).collect());
    let pool = Waiting::new(Unlending(Region::map(layout).unwrap(), blocks));
    let (first, second) = (pool.alloc().unwrap(), pool.alloc().unwrap());
    let mut waiter = pin!(pool.alloc_async());
    assert!(poll_once(&mut waiter).is_pending());
    drop(first);
    assert!(poll_once(&mut waiter).is_ready());
    drop(second); // never lent: nothing to find
    assert_whole(&pool);
}
