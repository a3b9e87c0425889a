//! One wrong free after another: each is refused for what it is and changes nothing (invariant 5).

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

/// Frees bad pointers of these kinds by every call: of a new pool, beside blocks that are held in
/// every way, and at exhaustion. Nothing is given back meanwhile, so what is free was never out.
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

/// A block is out raw in another pool of the same layout.
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
    // All of them are still out where they belong: `finish` frees them raw.
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

/// Takes a block raw and frees it; which it was.
fn freed<A: BlockAlloc + ?Sized>(keeper: &mut Keeper<'_, A>) -> Check<Option<NonNull<u8>>> {
    keeper.take(Way::Raw)?;
    let block = keeper.raws().last().copied();
    keeper.give(keeper.held() - 1)?;
    Ok(block)
}

pub(super) fn double_free_at_once<A: BlockAlloc + ?Sized>(pool: &A) -> Check {
    let mut keeper = Keeper::new(pool);
    // Beside more and more that is held.
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
            // Every block has been out and back since; but while it is out raw again, the old free
            // cannot be told from a right one.
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
            // Relaxed: written before the threads were begun.
            let Some(block) = NonNull::new(block.load(Ordering::Relaxed)) else { continue };
            // SAFETY: out raw, and not used again; all calls but the first must fail.
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
