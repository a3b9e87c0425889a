//! Wrong frees, which must return the right error and change nothing (invariant 5).

use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::conformance::bad::{Bad, Call, Elsewhere, refused, refused_as};
use crate::conformance::bag::all_are_back;
use crate::conformance::held::{Held, Way};
use crate::conformance::keeper::Keeper;
use crate::conformance::layouts::Shape;
use crate::conformance::threads::apart;
use crate::conformance::verdict::{Check, ensure};
use crate::{BlockAlloc, FreeError};

/// Frees bad pointers of these kinds with every call: in a new pool, next to blocks that are
/// allocated in every way, and in an exhausted pool. Nothing is freed meanwhile, so free blocks
/// were never allocated.
pub(super) fn never_accepted<A: BlockAlloc + ?Sized>(
    pool: &A,
    shape: &Shape,
    kinds: &[Bad],
) -> Check {
    let elsewhere = Elsewhere::new(shape);
    let mut keeper = Keeper::new(pool);
    for way in Way::ALL.into_iter().cycle() {
        for (&bad, call) in kinds.iter().flat_map(|bad| Call::ALL.map(|call| (bad, call))) {
            for pick in 0..2 {
                refused(&keeper, &elsewhere, (bad, call, pick))?;
            }
        }
        if !keeper.take(way)? {
            break;
        }
    }
    keeper.finish()
}

/// Frees a raw block of another pool of the same layout.
pub(super) fn block_of_another_pool<A: BlockAlloc + ?Sized>(
    pool: &A,
    other: &A,
    _: &Shape,
) -> Check {
    let (mut keeper, mut others) = (Keeper::new(pool), Keeper::new(other));
    while others.take(Way::Raw)? {}
    loop {
        for &block in &others.raws() {
            refused_by_every_call(&keeper, block, FreeError::Foreign, "to another pool's block")?;
        }
        if !keeper.take(Way::Raw)? {
            break;
        }
    }
    // They are still allocated in their own pool: `finish` frees them.
    others.finish()?;
    keeper.finish()
}

fn refused_by_every_call<A: BlockAlloc + ?Sized>(
    keeper: &Keeper<'_, A>,
    block: NonNull<u8>,
    expected: FreeError,
    what: &str,
) -> Check {
    for (pick, call) in Call::ALL.into_iter().enumerate() {
        refused_as(keeper, (call, pick), block, (expected, &what))?;
    }
    Ok(())
}

fn freed_before<A: BlockAlloc + ?Sized>(keeper: &Keeper<'_, A>, block: NonNull<u8>) -> Check {
    refused_by_every_call(keeper, block, FreeError::NotAllocated, "to a block freed before")
}

/// Allocates a raw block, frees it, and returns its pointer.
fn freed<A: BlockAlloc + ?Sized>(keeper: &mut Keeper<'_, A>) -> Check<Option<NonNull<u8>>> {
    keeper.take(Way::Raw)?;
    let block = keeper.raws().last().copied();
    keeper.give(keeper.held() - 1)?;
    Ok(block)
}

pub(super) fn double_free_at_once<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    let mut keeper = Keeper::new(pool);
    // While more and more blocks are allocated.
    while keeper.free() > 0 {
        for _ in 0..3 {
            if let Some(block) = freed(&mut keeper)? {
                freed_before(&keeper, block)?;
            }
        }
        keeper.take(Way::Raw)?;
    }
    keeper.finish()
}

pub(super) fn double_free_delayed<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    let mut keeper = Keeper::new(pool);
    for way in [Way::Raw, Way::Handle, Way::Unchecked] {
        let Some(block) = freed(&mut keeper)? else { continue };
        for _ in 0..3 {
            // Every block was allocated and freed since. While a block is allocated raw again, the
            // old free cannot be detected.
            while keeper.take(way)? {}
            if way != Way::Raw {
                freed_before(&keeper, block)?;
            }
            keeper.give_many(0, keeper.held())?;
            freed_before(&keeper, block)?;
        }
    }
    keeper.finish()
}

pub(super) fn double_free_after_other_frees<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    let mut keeper = Keeper::new(pool);
    for _ in 0..2 {
        while keeper.take(Way::Raw)? {}
        let mut first = None;
        while keeper.held() > 0 {
            let blocks = keeper.raws();
            keeper.give(0)?;
            freed_before(&keeper, *first.get_or_insert(blocks[0]))?;
        }
    }
    keeper.finish()
}

pub(super) fn double_free_across_threads<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    let mut blocks = std::vec::Vec::new();
    while let Some(held) = Held::take(pool, Way::Raw) {
        blocks.push(AtomicPtr::new(held.pointer().as_ptr()));
    }
    let free = |expected| {
        for block in &blocks {
            // Relaxed: written before the threads were started.
            let Some(block) = NonNull::new(block.load(Ordering::Relaxed)) else { continue };
            // SAFETY: a raw block that is not used again; all calls except the first must fail.
            let answer = unsafe { pool.free_raw(block) };
            ensure!(
                CheckedFree,
                answer == expected,
                "a free by another thread was answered {answer:?}, not {expected:?}"
            );
        }
        Ok(())
    };
    apart(|| free(Ok(())))?;
    apart(|| free(Err(FreeError::NotAllocated)))?;
    free(Err(FreeError::NotAllocated))?;
    all_are_back(pool)
}
