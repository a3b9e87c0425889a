//! Properties of a pool whose blocks own it: it is freed once, after the last owner and the last
//! block (invariant 2 to the end of the pool's life).
//!
//! A pool that is freed is dropped, and its drop unmaps the region, so a call that touches the
//! region after that ends the process.

use core::mem;
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;
use std::vec::Vec;

use super::factory::Factory;
use super::layouts::{Shape, on_each};
use super::random::Random;
use super::verdict::{Check, ensure, violation};
use crate::backend::Retirable;
use crate::{Block, BlockAlloc, Lease, Region, SharedPool, Stats};

type Owned<P> = Block<Lease<Behind<P>>>;

fn shapes() -> [Shape; 4] {
    [Shape::new(64, 1), Shape::new(24, 7), Shape::new(64, 300), Shape::new(24, 65).hardened()]
}

/// Invariant 2 at the end of a pool's life: a pool whose last owner is gone is freed by the free of
/// its last block, and not before.
///
/// # Panics
///
/// If the property does not hold.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::conformance::Factory;
///
/// // SAFETY: the closure keeps no part of the pool.
/// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
/// block_core::conformance::owned_blocks_keep_the_pool(&pools);
/// ```
pub fn owned_blocks_keep_the_pool<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("owned_blocks_keep_the_pool", &shapes(), |shape| {
        let capacity = shape.capacity();
        for round in 0..12 {
            let mut random = Random::new(round);
            let (pool, drops) = shared(shape, pools)?;
            let clone = pool.clone();
            // Blocks that came and went before, in magazines or on a list.
            let count = 1 + random.below(capacity);
            drop(allocate(&pool, count, &mut random)?);
            let mut blocks = allocate(&clone, 1 + random.below(capacity), &mut random)?;
            drop(pool);
            let is_alive = clone.available() == capacity - blocks.len();
            ensure!(Conserved, is_alive, "a clone of a pool's owner sees other blocks");
            drop(clone);
            while !blocks.is_empty() {
                kept(&drops, &mut blocks)?;
                let block = blocks.swap_remove(random.below(blocks.len()));
                // A block can allocate from its pool, which hands out nothing or a block.
                if random.below(3) == 0 {
                    let pool = &**block.pool();
                    if let Some(other) = pool.acquire() {
                        // SAFETY: acquired just now, and not used again.
                        unsafe { pool.release(other) }
                    }
                }
                drop(block);
            }
            freed_once(&drops)?;
        }
        // The other order, and an owner that has no blocks at all.
        for count in [0, capacity] {
            let (pool, drops) = shared(shape, pools)?;
            drop(allocate(&pool, count, &mut Random::new(count))?);
            kept(&drops, &mut Vec::<Owned<P>>::new())?;
            drop(pool);
            freed_once(&drops)?;
        }
        Ok(())
    });
}

/// Invariant 2 at the end of a pool's life, with threads: owners and blocks that go at the same
/// time free the pool once, after all of them.
///
/// # Panics
///
/// If the property does not hold.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::conformance::Factory;
///
/// // SAFETY: the closure keeps no part of the pool.
/// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
/// block_core::conformance::the_last_of_racing_owners_frees_the_pool(&pools);
/// ```
pub fn the_last_of_racing_owners_frees_the_pool<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("the_last_of_racing_owners_frees_the_pool", &shapes(), |shape| {
        for round in 0..150 {
            let mut random = Random::new(round);
            let (pool, drops) = shared(shape, pools)?;
            let mut blocks = allocate(&pool, 1 + random.below(shape.capacity()), &mut random)?;
            let shares = [blocks.split_off(blocks.len() / 2), blocks];
            let verdicts: Vec<Check> = thread::scope(|scope| {
                let threads: Vec<_> = shares
                    .into_iter()
                    .zip([Some(pool.clone()), None])
                    .enumerate()
                    .map(|(id, (blocks, owner))| {
                        let drops = &drops;
                        scope.spawn(move || give_up(blocks, owner, drops, Random::new(round + id)))
                    })
                    .collect();
                for _ in 0..random.below(200) {
                    core::hint::spin_loop();
                }
                drop(pool);
                threads
                    .into_iter()
                    .map(|thread| {
                        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                    })
                    .collect()
            });
            verdicts.into_iter().collect::<Check>()?;
            freed_once(&drops)?;
        }
        Ok(())
    });
}

/// Frees the blocks one by one, and drops the owner on the way.
fn give_up<P>(
    mut blocks: Vec<Owned<P>>,
    mut owner: Option<SharedPool<Behind<P>>>,
    drops: &AtomicUsize,
    mut random: Random,
) -> Check
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    for (number, block) in blocks.iter_mut().enumerate() {
        block.fill(number as u8);
    }
    while let Some(number) = blocks.len().checked_sub(1) {
        if random.below(blocks.len()) == 0 {
            owner = None;
        }
        if drops.load(Ordering::Acquire) != 0 {
            mem::forget(owner);
            return kept(drops, &mut blocks);
        }
        let block = blocks.pop().expect("one is left");
        let is_untouched = block.iter().all(|&byte| byte == number as u8);
        ensure!(Exclusive, is_untouched, "an owned block was written to by another thread");
        drop(block);
    }
    Ok(())
}

/// A pool that counts how often it was freed.
fn shared<P>(
    shape: &Shape,
    pools: &Factory<impl Fn(Region) -> P>,
) -> Check<(SharedPool<Behind<P>>, Arc<AtomicUsize>)>
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    let drops = Arc::new(AtomicUsize::new(0));
    let parts = Parts { pool: shape.pool(pools)?, _counter: Counter(Arc::clone(&drops)) };
    Ok((SharedPool::new(Behind(Retirable::new(parts))), drops))
}

/// Allocates blocks one by one or all by one call.
fn allocate<P>(
    pool: &SharedPool<Behind<P>>,
    count: usize,
    random: &mut Random,
) -> Check<Vec<Owned<P>>>
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    let mut blocks = Vec::new();
    if random.below(2) == 0 {
        blocks.resize_with(count, || None);
        let _ = pool.alloc_owned_bulk(&mut blocks);
    } else {
        blocks.extend((0..count).map(|_| pool.alloc_owned().ok()));
    }
    let blocks: Vec<_> = blocks.into_iter().flatten().collect();
    ensure!(
        ExactExhaustion,
        blocks.len() == count,
        "only {} of {count} owned blocks can be allocated",
        blocks.len()
    );
    Ok(blocks)
}

/// The pool must not have been freed. If it was, its blocks are forgotten: they are gone.
fn kept<P>(drops: &AtomicUsize, blocks: &mut Vec<Owned<P>>) -> Check
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    if drops.load(Ordering::Acquire) == 0 {
        return Ok(());
    }
    let count = blocks.len();
    mem::take(blocks).into_iter().for_each(mem::forget);
    Err(violation!(Conserved, "the pool was freed while {count} of its blocks were allocated"))
}

fn freed_once(drops: &AtomicUsize) -> Check {
    // Acquire: pairs with the Release of the counter.
    let drops = drops.load(Ordering::Acquire);
    ensure!(
        Conserved,
        drops == 1,
        "the pool was freed {drops} times after its last owner and its last block were gone"
    );
    Ok(())
}

/// The pool behind a pointer, as a backend that is owned by value.
// As a whole in a cell, as `BlockAlloc::retire` demands.
#[repr(transparent)]
pub(super) struct Behind<P>(Retirable<Parts<P>>);

struct Parts<P> {
    pool: P,
    _counter: Counter,
}

/// Counts when it is dropped.
struct Counter(Arc<AtomicUsize>);

impl Drop for Counter {
    fn drop(&mut self) {
        // Release: pairs with the Acquire of whoever looks at the count.
        self.0.fetch_add(1, Ordering::Release);
    }
}

impl<P: Deref<Target: BlockAlloc>> Behind<P> {
    fn pool(&self) -> &P::Target {
        &self.0.pool
    }
}

// SAFETY: the pool behind the pointer, to which nothing else has a pointer; every call is its own.
unsafe impl<P: Deref<Target: BlockAlloc> + Send + Sync> BlockAlloc for Behind<P> {
    fn region(&self) -> &Region {
        self.pool().region()
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        self.pool().acquire()
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract.
        unsafe { self.pool().release(block) }
    }

    fn available(&self) -> usize {
        self.pool().available()
    }

    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        self.pool().acquire_bulk(blocks)
    }

    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        // SAFETY: by this function's contract.
        unsafe { self.pool().release_bulk(blocks) }
    }

    fn stats(&self) -> Stats {
        self.pool().stats()
    }

    fn can_retire(&self) -> bool {
        self.pool().can_retire()
    }

    unsafe fn retire(&self) -> bool {
        // SAFETY: by this function's contract.
        unsafe { self.pool().retire() }
    }

    unsafe fn release_owned(&self, block: NonNull<u8>) -> bool {
        // SAFETY: by this function's contract.
        unsafe { self.pool().release_owned(block) }
    }

    unsafe fn release_bulk_owned(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        // SAFETY: by this function's contract.
        unsafe { self.pool().release_bulk_owned(blocks) }
    }
}
