//! Pointers in safe code that deref to one pool first and to another one later: no block gets a second
//! holder (invariant 1).

use std::cell::Cell;
use std::mem;
use std::ops::Deref;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use block_core::wait::Waiting;
use block_core::{Block, BlockAllocExt};

use super::{Pool, pool};

/// Derefs to the first pool so many times, then to the second.
struct Turns<'a> {
    pools: [&'a Waiting<Pool>; 2],
    left: Cell<usize>,
}

impl Deref for Turns<'_> {
    type Target = Waiting<Pool>;

    fn deref(&self) -> &Waiting<Pool> {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        self.pools[usize::from(left == 0)]
    }
}

#[test]
fn whenever_the_pointer_turns_the_block_is_one_that_nobody_holds() {
    for times in 0..8 {
        for free in [0, 1] {
            let pools = [pool(1), pool(1)];
            // The only block of the other pool, and perhaps of this one, is held.
            let held = pools[1 - free].alloc().unwrap();
            let turns = || Turns { pools: [&pools[0], &pools[1]], left: Cell::new(times) };
            let address = |block: &[u8]| block.as_ptr();
            if let Ok(block) = Block::alloc_timeout_in(turns(), Duration::ZERO) {
                assert_ne!(address(&block), address(&held), "turned after {times}");
                mem::forget(block); // it may not go back to the pool that the pointer is at now
                continue;
            }
            let mut future = pin!(Block::alloc_async_in(turns()));
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..3 {
                if let Poll::Ready(block) = future.as_mut().poll(&mut context) {
                    assert_ne!(address(&block), address(&held), "turned after {times}");
                    mem::forget(block);
                    break;
                }
            }
        }
    }
}
