//! Events in the life of a pool: capacities, ends of threads, panics, forgotten handles (invariants
//! 2 and 3).

use core::cell::Cell;
use core::mem::{forget, transmute};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::vec::Vec;

use crate::conformance::bag::{Bag, Stamped, all_are_back};
use crate::conformance::held::Way;
use crate::conformance::keeper::Keeper;
use crate::conformance::leaving::take_all;
use crate::conformance::threads::{Team, apart, together};
use crate::conformance::verdict::{Check, ensure};
use crate::{Block, BlockAlloc, BlockAllocExt};

/// Allocates every block once with every call, from a new pool and again after all were freed.
pub(super) fn each_block_once<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    let mut keeper = Keeper::new(pool);
    for way in Way::ALL {
        while keeper.take(way)? {}
        keeper.account()?;
        keeper.take_many(way, 1)?;
        while keeper.held() > 0 {
            keeper.give(0)?;
        }
        keeper.take_many(way, keeper.free())?;
        keeper.give_many(0, keeper.held())?;
        keeper.account()?;
    }
    keeper.finish()
}

/// Allocates every block once, and again after all were freed.
pub(super) fn every_block_twice<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    let mut keeper = Keeper::new(pool);
    while keeper.take(Way::Unchecked)? {}
    keeper.finish()
}

pub(super) fn recovery<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    let mut keeper = Keeper::new(pool);
    let capacity = pool.capacity();
    for back in [1, 2, capacity / 2, capacity - 1, capacity].map(|back| back.clamp(1, capacity)) {
        for way in Way::ALL {
            // Each of these ends with a failed allocation: the model knows the number of free
            // blocks.
            while keeper.take(way)? {}
            keeper.account()?;
            keeper.give_many(0, back)?;
            keeper.account()?;
        }
    }
    keeper.finish()
}

pub(super) fn thread_ends_with_cached_blocks<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    for id in 0..12 {
        apart(|| {
            let mut bag = Bag::new(pool, id);
            take_all(&mut bag, pool.capacity(), "all other threads have ended")?;
            // One by one, since a thread may cache such blocks.
            while bag.len() > 0 {
                bag.give()?;
            }
            Ok(())
        })?;
    }
    all_are_back(pool)
}

pub(super) fn thread_ends_at_exhaustion<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    let (rounds, ended) = (16, AtomicUsize::new(0));
    together(2, |id, team| {
        let mut bag = Bag::new(pool, id);
        for round in 1..=rounds {
            if id == 0 {
                apart(|| give_all_and_end(pool, round, team))?;
                // Release: pairs with the Acquire below, which sees everything that the thread did.
                ended.store(round, Ordering::Release);
            } else if team.meet() {
                let has_ended = || ended.load(Ordering::Acquire) == round;
                while bag.len() < pool.capacity() && team.goes_on() {
                    ask(&mut bag, pool.capacity(), has_ended)?;
                }
                bag.empty()?;
            }
            if !team.meet() {
                return Ok(());
            }
        }
        Ok(())
    })?;
    all_are_back(pool)
}

/// Runs the thread that ends, which has every block when the other starts.
fn give_all_and_end<A: BlockAlloc + ?Sized>(pool: &A, round: usize, team: &Team) -> Check {
    let mut bag = Bag::new(pool, round);
    take_all(&mut bag, pool.capacity(), "no other thread holds any")?;
    if team.meet() {
        thread::yield_now();
    }
    while bag.len() > 0 {
        bag.give()?;
    }
    Ok(())
}

/// Allocates a block, which must succeed if that thread has ended.
fn ask<A: BlockAlloc + ?Sized>(
    bag: &mut Bag<'_, A>,
    capacity: usize,
    has_ended: impl Fn() -> bool,
) -> Check {
    // Load the flag first: a call that began before the end may fail.
    let ended = has_ended();
    let taken = bag.take()?;
    ensure!(
        ExactExhaustion,
        taken || !ended,
        "the thread that held every block has given back all and ended, but only {} of {capacity} can \
         be had",
        bag.len()
    );
    Ok(())
}

/// A function that runs when the thread ends.
struct AtTheEnd(Option<Box<dyn FnOnce()>>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        if let Some(work) = self.0.take() {
            work();
        }
    }
}

std::thread_local! {
    static AT_THE_END: Cell<Option<AtTheEnd>> = const { Cell::new(None) };
}

pub(super) fn frees_from_a_thread_local_destructor<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    for id in 0..8 {
        // Destructors run in the reverse order of first uses. If it is registered before the pool's
        // own for this thread, it runs after those, and otherwise before them.
        let registered_first = id % 2 == 0;
        let result = Mutex::new(Ok(()));
        apart(|| {
            let mut bag = Bag::new(pool, id);
            let work = || {
                let mut bag = Bag::new(pool, id + 100);
                let check = take_all(&mut bag, pool.capacity(), "this thread ends")
                    .and_then(|()| bag.empty());
                *result.lock().unwrap_or_else(PoisonError::into_inner) = check;
            };
            let work: Box<dyn FnOnce() + '_> = Box::new(work);
            // SAFETY: the borrowed data outlives it: `apart` joins this thread after its
            //         destructors.
            let work = unsafe { transmute::<Box<dyn FnOnce() + '_>, Box<dyn FnOnce()>>(work) };
            let work = AtTheEnd(Some(work));
            if registered_first {
                AT_THE_END.set(Some(work));
                bag.take()?;
                bag.empty()
            } else {
                bag.take()?;
                let emptied = bag.empty();
                AT_THE_END.set(Some(work));
                emptied
            }
        })?;
        result.into_inner().unwrap_or_else(PoisonError::into_inner)?;
        let mut bag = Bag::new(pool, id);
        take_all(&mut bag, pool.capacity(), "a destructor has given back all")?;
        bag.empty()?;
    }
    all_are_back(pool)
}

/// Allocates all free blocks as handles.
fn all<A: BlockAlloc + ?Sized>(pool: &A) -> Vec<Block<&A>> {
    (0..).map_while(|_| BlockAllocExt::alloc(pool).ok()).collect()
}

/// Ends a thread with handles. Afterwards its blocks are free.
pub(in super::super) fn thread_ends_with_handles<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    apart(|| {
        drop(all(pool));
        Ok(())
    })
}

/// Unwinds a thread with handles. Afterwards its blocks are free.
pub(in super::super) fn panic_while_holding_handles<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    apart(|| {
        let unwinding = AssertUnwindSafe(|| {
            let _handles = all(pool);
            // Without the hook, which would print the expected panic.
            resume_unwind(Box::new(()))
        });
        let _ = catch_unwind::<_, ()>(unwinding);
        Ok(())
    })?;
    let (counted, capacity) = (pool.available(), pool.capacity());
    ensure!(
        Conserved,
        counted == capacity && all(pool).len() == capacity,
        "a thread unwound with handles; after that {counted} of {capacity} are free"
    );
    Ok(())
}

/// Forgets a handle, whose block stays allocated.
pub(in super::super) fn forgotten_handle<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    let Ok(handle) = pool.alloc() else { return Ok(()) };
    let bytes = NonNull::from(&*handle).cast();
    forget(handle);
    let (counted, capacity) = (pool.available(), pool.capacity());
    let others: Vec<_> = (0..capacity).map_while(|_| pool.acquire()).collect();
    ensure!(
        Conserved,
        counted == capacity - 1 && others.len() == capacity - 1 && !others.contains(&bytes),
        "one handle was forgotten; {counted} of {capacity} count as free, {} can be had",
        others.len()
    );
    for block in others.into_iter().chain([bytes]) {
        // SAFETY: acquired above, or owned by the forgotten handle, and released once.
        unsafe { pool.release(block) };
    }
    Ok(())
}

pub(super) fn producer_is_not_starved<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    // Blocks that no thread has or moves.
    let free = AtomicUsize::new(pool.capacity());
    let on_the_way = Mutex::new(Vec::new());
    together(2, |id, team| {
        let mut bag = Bag::new(pool, id);
        let mut left = 2000;
        while left > 0 && team.goes_on() {
            let went_on = if id == 0 {
                produce(&mut bag, &free, &on_the_way)?
            } else {
                consume(&mut bag, &free, &on_the_way)?
            };
            if went_on {
                left -= 1;
            } else {
                thread::yield_now();
            }
        }
        Ok(())
    })?;
    all_are_back(pool)
}

/// Allocates a block if one is free, which must succeed, and sends it. Returns false if it must
/// wait.
fn produce<'a, A: BlockAlloc + ?Sized>(
    bag: &mut Bag<'a, A>,
    free: &AtomicUsize,
    on_the_way: &Mutex<Vec<Stamped<'a, A>>>,
) -> Check<bool> {
    // Acquire: pairs with the Release in `consume`, which has freed the block.
    let fewer = |free: usize| free.checked_sub(1);
    if free.fetch_update(Ordering::Acquire, Ordering::Relaxed, fewer).is_err() {
        return Ok(false);
    }
    ensure!(
        ExactExhaustion,
        bag.take()?,
        "a thread that only takes was refused a block, though another has given back enough"
    );
    on_the_way.lock().unwrap_or_else(PoisonError::into_inner).extend(bag.pull());
    Ok(true)
}

/// Frees a received block. Returns false if there is none.
fn consume<'a, A: BlockAlloc + ?Sized>(
    bag: &mut Bag<'a, A>,
    free: &AtomicUsize,
    on_the_way: &Mutex<Vec<Stamped<'a, A>>>,
) -> Check<bool> {
    let came = on_the_way.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let Some(block) = came else { return Ok(false) };
    bag.push(block);
    bag.give()?;
    free.fetch_add(1, Ordering::Release);
    Ok(true)
}
