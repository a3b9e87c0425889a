//! Pool pointers written in safe code that deref to another pool each time: a handle over one
//! panics, and no pool gets a block that it does not own (invariants 1 and 5).

#![cfg(feature = "alloc")]

use std::any::Any;
use std::cell::Cell;
use std::ops::Deref;
use std::panic::{self, AssertUnwindSafe};
use std::ptr::NonNull;

use block_core::{Block, BlockAlloc, FreeError};

mod support;
use support::Pool;

/// Derefs to `pools[n]` the n-th time, and to the last of them ever after.
struct Changing<'a> {
    pools: Vec<&'a Pool>,
    derefs: Cell<usize>,
    dropped: &'a Cell<usize>,
}

impl Deref for Changing<'_> {
    type Target = Pool;

    fn deref(&self) -> &Pool {
        let count = self.derefs.replace(self.derefs.get() + 1);
        self.pools[count.min(self.pools.len() - 1)]
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.dropped.set(self.dropped.get() + 1);
    }
}

/// Two pools of other sizes, and a count of the pointers that were dropped.
struct World {
    own: Pool,
    other: Pool,
    dropped: Cell<usize>,
}

impl World {
    fn new() -> Self {
        Self { own: Pool::new(64, 4), other: Pool::new(256, 2), dropped: Cell::new(0) }
    }

    fn pointer(&self, pools: &[bool]) -> Changing<'_> {
        let pools = pools.iter().map(|&own| if own { &self.own } else { &self.other }).collect();
        Changing { pools, derefs: Cell::new(0), dropped: &self.dropped }
    }

    /// A block of `own` in a handle that derefs to that pool once, then as `later` says.
    fn block(&self, later: &[bool]) -> (Block<Changing<'_>>, NonNull<u8>) {
        let block = Block::alloc_in(self.pointer(&[&[OWN][..], later].concat())).unwrap();
        assert_eq!(block.len(), 64, "one deref for the block and its length");
        let start = NonNull::from(&block[..]).cast();
        (block, start)
    }

    /// Both pools work as before; of `own`, the blocks in `lost` alone are out.
    #[track_caller]
    fn is_unharmed_but_for(&self, lost: &[NonNull<u8>]) {
        self.own.assert_only_held(lost);
        self.other.assert_only_held(&[]);
        assert_eq!(self.dropped.get(), 1, "pointers dropped");
        for &block in lost {
            for pool in [&self.own, &self.other] {
                // SAFETY: the calls fail, so nothing is freed.
                let refused = unsafe { pool.free_raw(block) };
                let own = std::ptr::eq(pool, &self.own);
                let why = if own { FreeError::NotAllocated } else { FreeError::Foreign };
                assert_eq!(refused, Err(why), "the lost block has no mark");
            }
        }
    }
}

#[track_caller]
fn panics_over_another_pool<T>(call: impl FnOnce() -> T) {
    let panic: Box<dyn Any + Send> = match panic::catch_unwind(AssertUnwindSafe(call)) {
        Ok(_) => panic!("the call went through"),
        Err(panic) => panic,
    };
    let message = panic.downcast_ref::<&str>().copied().unwrap_or("no message");
    assert!(message.contains("derefs to another pool"), "{message}");
}

const OWN: bool = true;
const OTHER: bool = false;

#[test]
fn dropping_a_handle_whose_pointer_changed_pools_panics_and_harms_neither() {
    let world = World::new();
    let (block, start) = world.block(&[OTHER]);
    panics_over_another_pool(|| drop(block));
    world.is_unharmed_but_for(&[start]);
}

#[test]
fn a_pointer_that_comes_back_in_time_does_no_harm() {
    let world = World::new();
    let (block, _) = world.block(&[OWN, OTHER]);
    drop(block);
    world.is_unharmed_but_for(&[]);
}

#[test]
fn giving_up_a_handle_whose_pointer_changed_pools_panics_once_and_harms_neither() {
    // Two panics at once would abort the process.
    let world = World::new();
    let (block, start) = world.block(&[OTHER, OTHER]);
    panics_over_another_pool(|| block.into_raw());
    world.is_unharmed_but_for(&[start]);
}

#[test]
fn giving_up_a_handle_derefs_its_pointer_once() {
    let world = World::new();
    let (block, start) = world.block(&[OWN, OTHER]);
    assert_eq!(block.into_raw(), start);
    world.own.assert_only_held(&[start]);
    // SAFETY: the block is not used again.
    assert_eq!(unsafe { world.own.free_raw(start) }, Ok(()));
    world.is_unharmed_but_for(&[]);
}

#[test]
fn a_handle_made_of_a_raw_block_is_of_one_pool_and_its_length() {
    let world = World::new();
    let raw = world.own.alloc_raw().unwrap();
    let pointer = world.pointer(&[OWN, OTHER]);
    // SAFETY: the pointer is not used again.
    let block = unsafe { Block::from_raw(raw, pointer) }.unwrap();
    assert_eq!(block.len(), 64, "one deref for the block and its length");
    panics_over_another_pool(|| drop(block));
    world.is_unharmed_but_for(&[raw]);
}
