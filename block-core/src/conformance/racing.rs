//! Properties of two calls at the same moment: two frees of one block, a free and the next
//! allocation, a count and everything else.

use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use std::vec::Vec;

use super::bag::{Bag, all_are_back};
use super::factory::Factory;
use super::layouts::{Shape, on_each};
use super::threads::together;
use super::verdict::{Check, ensure, violation};
use crate::{Block, BlockAlloc, FreeError, Region};

/// Invariant 5, with threads: of two that free one block at once, by `free_raw` or
/// [`Block::from_raw`], exactly one succeeds; the other is told
/// [`NotAllocated`](FreeError::NotAllocated).
///
/// # Panics
///
/// If it does not hold.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::conformance::Factory;
///
/// // SAFETY: the closure keeps no part of the pool.
/// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
/// block_core::conformance::one_of_two_racing_frees_succeeds(&pools);
/// ```
pub fn one_of_two_racing_frees_succeeds<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    let shapes = [Shape::new(64, 1), Shape::new(24, 16), Shape::new(1, 64).zeroed()];
    on_each("one_of_two_racing_frees_succeeds", &shapes, |shape| {
        let pool = shape.pool(pools)?;
        let pool = &*pool;
        let blocks: Vec<_> = (0..shape.capacity()).map(|_| AtomicPtr::default()).collect();
        let freed: Vec<_> = (0..shape.capacity()).map(|_| AtomicU8::new(0)).collect();
        // All accesses to the two lists are Relaxed: the meetings order them.
        together(2, |id, team| {
            for round in 0..8000 {
                for block in blocks.iter().filter(|_| id == 0) {
                    block.store(raw_block(pool)?.as_ptr(), Ordering::Relaxed);
                }
                if !team.meet() {
                    return Ok(());
                }
                for (block, freed) in blocks.iter().zip(&freed) {
                    let by_handle = (round + id) % 4 == 0;
                    let block = NonNull::new(block.load(Ordering::Relaxed));
                    if block.is_some_and(|block| free(pool, block, by_handle)) {
                        freed.fetch_add(1, Ordering::Relaxed);
                    }
                }
                if !team.meet() {
                    return Ok(());
                }
                for freed in freed.iter().filter(|_| id == 0) {
                    let times = freed.swap(0, Ordering::Relaxed);
                    ensure!(
                        CheckedFree,
                        times == 1,
                        "two threads freed one block at once, and {times} of them succeeded"
                    );
                }
            }
            Ok(())
        })?;
        all_are_back(pool)
    });
}

fn raw_block<A: BlockAlloc + ?Sized>(pool: &A) -> Check<NonNull<u8>> {
    pool.alloc_raw().map_err(|error| {
        violation!(CheckedFree, "blocks are missing after two threads freed each: {error}")
    })
}

/// Frees the block, perhaps through a handle; false if it is refused as not allocated.
fn free<A: BlockAlloc + ?Sized>(pool: &A, block: NonNull<u8>, by_handle: bool) -> bool {
    // SAFETY: of the two threads that come here, none uses the block after a success.
    let answer = unsafe {
        if by_handle { Block::from_raw(block, pool).map(drop) } else { pool.free_raw(block) }
    };
    match answer {
        Ok(()) => true,
        Err(FreeError::NotAllocated) => false,
        Err(other) => panic!("invariant 5 (checked free) is broken: a block was refused: {other}"),
    }
}

/// Invariant 5, with threads: a free is never refused because the block's last holder has only
/// just given it back. (It would be if the mark went after the release instead of before.)
///
/// # Panics
///
/// If it does not hold.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::conformance::Factory;
///
/// // SAFETY: the closure keeps no part of the pool.
/// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
/// block_core::conformance::a_right_free_is_never_refused(&pools);
/// ```
pub fn a_right_free_is_never_refused<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("a_right_free_is_never_refused", &[Shape::new(64, 1), Shape::new(64, 2)], |shape| {
        let pool = shape.pool(pools)?;
        let pool = &*pool;
        together(3, |_, team| {
            for round in 0..100_000 {
                let Ok(block) = pool.alloc_raw() else {
                    thread::yield_now();
                    continue;
                };
                // Now and then the block's last holder gets time to do what it should have done.
                if round % 16 == 0 {
                    thread::yield_now();
                }
                // SAFETY: allocated just now, and not used again.
                let answer = unsafe { pool.free_raw(block) };
                ensure!(
                    CheckedFree,
                    answer.is_ok(),
                    "a block was allocated raw and freed at once; the free was refused: {answer:?}"
                );
                if !team.goes_on() {
                    break;
                }
            }
            Ok(())
        })?;
        all_are_back(pool)
    });
}

/// Invariant 2, with threads: while blocks go out, round and back, one at a time and many,
/// `available` never counts more than the capacity, and afterwards it counts every block.
///
/// # Panics
///
/// If it does not hold.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::conformance::Factory;
///
/// // SAFETY: the closure keeps no part of the pool.
/// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
/// block_core::conformance::available_never_over_reports(&pools);
/// ```
pub fn available_never_over_reports<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    for capacity in [2, 9, 128, 300] {
        on_each("available_never_over_reports", &[Shape::new(64, capacity)], |shape| {
            let pool = shape.pool(pools)?;
            let pool = &*pool;
            let watched = AtomicBool::new(false);
            together(3, |id, team| {
                if id == 0 {
                    let never_more = never_more_than(pool, capacity);
                    // Relaxed: it carries nothing.
                    watched.store(true, Ordering::Relaxed);
                    return never_more;
                }
                let mut bag = Bag::new(pool, id);
                while team.goes_on() && !watched.load(Ordering::Relaxed) {
                    take_and_give(&mut bag, capacity)?;
                }
                Ok(())
            })?;
            all_are_back(pool)
        });
    }
}

/// Has a random number of the blocks that can be had for a moment, and none for another.
fn take_and_give<A: BlockAlloc + ?Sized>(bag: &mut Bag<'_, A>, most: usize) -> Check {
    let wanted = bag.random.below(most) + 1;
    while bag.len() < wanted && bag.take()? {}
    bag.empty()?;
    for _ in 0..bag.random.below(300) {
        core::hint::spin_loop();
    }
    Ok(())
}

fn never_more_than<A: BlockAlloc + ?Sized>(pool: &A, most: usize) -> Check {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(250) {
        let counted = pool.available();
        ensure!(Conserved, counted <= most, "available() counted {counted} of {most} blocks");
    }
    Ok(())
}
