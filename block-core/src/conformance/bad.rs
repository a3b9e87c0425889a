//! Pointers that are no block out raw: every kind of them, and the calls that must refuse them.

use core::fmt;
use core::ptr::NonNull;
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use super::held::Way;
use super::keeper::Keeper;
use super::layouts::Shape;
use super::verdict::{Check, ensure};
use crate::{Block, BlockAlloc, BlockIndex, FreeError, Region};

/// What is wrong with the pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    OnTheStack,
    OnTheHeap,
    OfAnotherRegion,
    OneByteBeforeTheBase,
    OneBlockBeforeTheBase,
    OnePastTheEnd,
    OneBlockPastTheEnd,
    HalfTheAddressSpaceAway,
    AtTheLastAddress,
    InteriorFirst,
    InteriorMiddle,
    InteriorLast,
    /// Given back before, or never handed out.
    OfAFreeBlock,
    OfAHandle,
    HeldUnchecked,
}

impl Bad {
    pub(super) const ALL: [Self; 15] = [
        Self::OnTheStack,
        Self::OnTheHeap,
        Self::OfAnotherRegion,
        Self::OneByteBeforeTheBase,
        Self::OneBlockBeforeTheBase,
        Self::OnePastTheEnd,
        Self::OneBlockPastTheEnd,
        Self::HalfTheAddressSpaceAway,
        Self::AtTheLastAddress,
        Self::InteriorFirst,
        Self::InteriorMiddle,
        Self::InteriorLast,
        Self::OfAFreeBlock,
        Self::OfAHandle,
        Self::HeldUnchecked,
    ];
}

/// A call that must refuse the pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Free,
    /// Among right ones.
    FreeBulk,
    IntoHandle,
}

impl Call {
    pub(super) const ALL: [Self; 3] = [Self::Free, Self::FreeBulk, Self::IntoHandle];
}

/// Memory that is not the pool's.
#[derive(Debug)]
pub(super) struct Elsewhere {
    heap: Box<[u8; 64]>,
    region: Region,
}

impl Elsewhere {
    pub(super) fn new(shape: &Shape) -> Self {
        Self { heap: Box::new([0; 64]), region: shape.region() }
    }
}

/// A pointer of this kind, and how it is refused; `None` if there is none at the moment.
fn pointer<A: BlockAlloc + ?Sized>(
    bad: Bad,
    keeper: &Keeper<'_, A>,
    elsewhere: &Elsewhere,
    pick: usize,
) -> Option<(NonNull<u8>, FreeError)> {
    let region = keeper.pool.region();
    let layout = region.layout();
    let at = |index| region.block(BlockIndex::new(index)).as_ptr();
    let any = at(pick % layout.capacity());
    let end = at(layout.capacity() - 1).wrapping_add(layout.stride());
    let interior = layout.stride() > 1;
    let on_the_stack = 0_u8;
    let (pointer, error) = match bad {
        Bad::OnTheStack => ((&raw const on_the_stack).cast_mut(), FreeError::Foreign),
        Bad::OnTheHeap => {
            let bytes = &raw const *elsewhere.heap;
            (bytes.cast::<u8>().cast_mut(), FreeError::Foreign)
        }
        Bad::OfAnotherRegion => {
            let index = BlockIndex::new(pick % layout.capacity());
            (elsewhere.region.block(index).as_ptr(), FreeError::Foreign)
        }
        Bad::OneByteBeforeTheBase => (at(0).wrapping_sub(1), FreeError::Foreign),
        Bad::OneBlockBeforeTheBase => (at(0).wrapping_sub(layout.stride()), FreeError::Foreign),
        Bad::OnePastTheEnd => (end, FreeError::Foreign),
        Bad::OneBlockPastTheEnd => (end.wrapping_add(layout.stride()), FreeError::Foreign),
        Bad::HalfTheAddressSpaceAway => {
            (any.map_addr(|address| address ^ 1 << (usize::BITS - 1)), FreeError::Foreign)
        }
        Bad::AtTheLastAddress => (any.with_addr(usize::MAX), FreeError::Foreign),
        Bad::InteriorFirst if interior => (any.wrapping_add(1), FreeError::NotBlockStart),
        Bad::InteriorMiddle if interior => {
            (any.wrapping_add(layout.stride() / 2), FreeError::NotBlockStart)
        }
        Bad::InteriorLast if interior => {
            (any.wrapping_add(layout.stride() - 1), FreeError::NotBlockStart)
        }
        Bad::InteriorFirst | Bad::InteriorMiddle | Bad::InteriorLast => return None,
        Bad::OfAFreeBlock => (keeper.one_free(pick)?.as_ptr(), FreeError::NotAllocated),
        Bad::OfAHandle => (keeper.one_held(Way::Handle, pick)?.as_ptr(), FreeError::NotAllocated),
        Bad::HeldUnchecked => {
            (keeper.one_held(Way::Unchecked, pick)?.as_ptr(), FreeError::NotAllocated)
        }
    };
    // Null, so none, is half the address space away from a block in the middle of it: in 32 bits there may
    // be one.
    Some((NonNull::new(pointer)?, error))
}

/// Makes the call with the bad pointer, which must be refused for what it is and change nothing.
pub(super) fn refused<A: BlockAlloc + ?Sized>(
    keeper: &Keeper<'_, A>,
    elsewhere: &Elsewhere,
    (bad, call, pick): (Bad, Call, usize),
) -> Check {
    match pointer(bad, keeper, elsewhere, pick) {
        Some((pointer, expected)) => refused_as(keeper, (call, pick), pointer, (expected, &bad)),
        None => Ok(()),
    }
}

/// Makes the call with this pointer, which must be refused with this error and change nothing.
pub(super) fn refused_as<A: BlockAlloc + ?Sized>(
    keeper: &Keeper<'_, A>,
    (call, pick): (Call, usize),
    pointer: NonNull<u8>,
    (expected, what): (FreeError, &dyn fmt::Debug),
) -> Check {
    let answer = match call {
        // SAFETY: it must not succeed; if it does, the suite stops and uses no block again.
        Call::Free => unsafe { keeper.pool.free_raw(pointer) },
        Call::FreeBulk => return refused_among(keeper, &keeper.raws(), pointer, expected, pick),
        // SAFETY: it must not succeed; if it does, the handle is forgotten and the suite stops.
        Call::IntoHandle => unsafe { Block::from_raw(pointer, keeper.pool) }.map(core::mem::forget),
    };
    ensure!(
        CheckedFree,
        answer == Err(expected),
        "a call ({call:?}) with a pointer {what:?} was answered {answer:?}, not Err({expected:?})"
    );
    keeper.unchanged_by("a refused free")
}

/// Frees two wrong pointers by one call, which must answer for the first.
pub(super) fn first_is_named<A: BlockAlloc + ?Sized>(
    keeper: &Keeper<'_, A>,
    elsewhere: &Elsewhere,
    (first, second): (Bad, Bad),
) -> Check {
    let pointers = [first, second].map(|bad| pointer(bad, keeper, elsewhere, 0));
    let [Some((one, expected)), Some((other, _))] = pointers else { return Ok(()) };
    let mut blocks = [Some(one), None, Some(other)];
    // SAFETY: it must not succeed; if it does, the suite stops and uses no block again.
    let answer = unsafe { keeper.pool.free_bulk_raw(&mut blocks) };
    ensure!(
        CheckedFree,
        answer == Err(expected) && blocks == [Some(one), None, Some(other)],
        "free_bulk_raw of a pointer {first:?} and one {second:?} was answered {answer:?}, not \
         Err({expected:?})"
    );
    keeper.unchanged_by("a refused bulk free")
}

/// Frees the right blocks and the wrong one by one call, which must refuse all.
pub(super) fn refused_among<A: BlockAlloc + ?Sized>(
    keeper: &Keeper<'_, A>,
    right: &[NonNull<u8>],
    wrong: NonNull<u8>,
    expected: FreeError,
    pick: usize,
) -> Check {
    let mut blocks: Vec<_> = vec![None];
    blocks.extend(right.iter().copied().map(Some));
    blocks.insert(pick % (blocks.len() + 1), Some(wrong));
    let before = blocks.clone();
    // SAFETY: it must not succeed; if it does, the suite stops and uses no block again.
    let answer = unsafe { keeper.pool.free_bulk_raw(&mut blocks) };
    ensure!(
        CheckedFree,
        answer == Err(expected) && blocks == before,
        "free_bulk_raw of {} right blocks and a wrong one was answered {answer:?}, not \
         Err({expected:?}), and left {} of {} entries as they were",
        right.len(),
        blocks.iter().zip(&before).filter(|(left, right)| left == right).count(),
        before.len()
    );
    keeper.unchanged_by("a refused bulk free")
}
