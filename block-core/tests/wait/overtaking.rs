//! Who comes while somebody waits and a block is free for a moment.

use std::ptr::NonNull;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use block_core::wait::{AllocFuture, Waiting};
use block_core::{AllocError, Block, BlockAlloc, BlockAllocExt};

use crate::assert_whole;
use crate::hooked::{Hooked, hooked};
use crate::tasks::poll_once;

type Blocks = Arc<Waiting<Hooked>>;

/// A waiter that a test and a moment share.
#[derive(Clone)]
struct Waiter(Arc<Mutex<AllocFuture<Blocks, Hooked>>>);

impl Waiter {
    fn of(pool: &Blocks) -> Self {
        Self(Arc::new(Mutex::new(Block::alloc_async_in(Arc::clone(pool)))))
    }

    fn is_served(&self) -> bool {
        poll_once(&mut *self.0.lock().unwrap()).is_ready()
    }
}

/// A waiter registers while a block comes back, and somebody else, who would wait as well, comes before
/// the block has been passed on.
#[test]
fn a_newcomer_that_would_wait_does_not_take_what_lies_there_for_who_waits() {
    for is_task in [true, false] {
        let (pool, moments) = hooked(1);
        let held = Block::alloc_wait_in(Arc::clone(&pool)).unwrap();
        let (first, newcomer) = (Waiter::of(&pool), Waiter::of(&pool));
        let comes = first.clone();
        moments.before_release.run_once(move || assert!(!comes.is_served()));
        let (comes, same) = (newcomer.clone(), Arc::clone(&pool));
        moments.after_release.run_once(move || {
            if is_task {
                assert!(!comes.is_served(), "overtook");
            } else {
                let refused = same.alloc_timeout(Duration::ZERO).map(drop);
                assert_eq!(refused, Err(AllocError::TimedOut), "overtook");
            }
        });
        drop(held);
        assert!(first.is_served());
        assert!(newcomer.is_served(), "the block of the first one came back");
        drop((first, newcomer));
        assert_whole(&*pool);
    }
}

/// Bulks that fail hold blocks for a moment each. If they did not look first, a chain of them could pass
/// a block on from one to the next for ever, beside somebody who waits for it.
#[test]
fn a_bulk_serves_who_waits_before_it_takes_anything() {
    let (pool, moments) = hooked(1);
    let waiter = Waiter::of(&pool);
    let two = |pool: &Blocks| pool.alloc_bulk(&mut [const { None }; 2]);
    // The first one holds the only block for a moment; the waiter comes. It gives the block back, and
    // before it looks for waiters the next one begins.
    let comes = waiter.clone();
    moments.before_release.run_once(move || assert!(!comes.is_served()));
    let (comes, same, again) = (waiter.clone(), Arc::clone(&pool), Arc::clone(&moments));
    moments.after_release.run_once(move || {
        again.before_bulk.run_once(move || assert!(comes.is_served(), "starves"));
        assert_eq!(two(&same), Err(AllocError::Exhausted));
    });
    assert_eq!(two(&pool), Err(AllocError::Exhausted));
    assert!(moments.before_bulk.is_over() && moments.after_release.is_over());
    drop(waiter);
    assert_whole(&*pool);
}

/// What it would hold for a moment others would not find, and it cannot have them anyway.
#[test]
fn a_bulk_takes_nothing_while_somebody_waits() {
    let (pool, moments) = hooked(2);
    let held = pool.alloc_array::<2>().unwrap();
    let waiter = Waiter::of(&pool);
    assert!(!waiter.is_served());
    moments.before_bulk.run_once(|| panic!("the backend was asked"));
    let mut entries = [Some(NonNull::dangling()); 2];
    assert!(!pool.acquire_bulk(&mut entries));
    assert_eq!(entries, [None; 2], "nothing that stood there before");
    moments.before_bulk.run_once(|| ());
    assert!(pool.acquire_bulk(&mut []), "no block is always to be had");
    drop(held);
    drop(waiter);
    assert_whole(&*pool);
}

/// Who registers after the giver has looked the first time, and before the block is free.
#[test]
fn a_waiter_that_comes_while_blocks_go_back_is_served_when_they_are_back() {
    for is_bulk in [false, true] {
        let (pool, moments) = hooked(2);
        let mut held = pool.alloc_array::<2>().unwrap().map(Some);
        let waiter = Waiter::of(&pool);
        let comes = waiter.clone();
        moments.before_release.run_once(move || assert!(!comes.is_served()));
        if is_bulk {
            pool.free_bulk(&mut held);
        } else {
            drop(held[0].take());
        }
        assert_eq!(pool.waiters(), 0, "a wakeup was lost");
        assert!(waiter.is_served());
        drop((held, waiter));
        assert_whole(&*pool);
    }
}
