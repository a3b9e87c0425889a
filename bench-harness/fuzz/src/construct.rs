//! Pools by every constructor, whose answers must be those that were computed.

use std::mem::MaybeUninit;

use block_core::{BlockLayout, BuildError, Region, RegionError, StaticMemory};
use block_lockfree::LockFreeAlloc;
use block_mutex::MutexAlloc;

use crate::expected::{Shape, is_right, saturated};
use crate::setup::{Given, Memory, Setup};
use crate::subject::Backend;

/// Bytes of the static that a pool is built in, and of the caller's memory at most.
const STATIC_BYTES: usize = 1 << 14;
const LARGEST_GIVEN: u128 = 1 << 16;

/// Memory that a pool was given for ever. Dropped after that pool, the only one that knows of it.
///
/// The pointers are those that the boxes became: what was lent is derived from them, so they are good for
/// a box again when it has ended.
#[derive(Debug)]
pub(crate) enum Loan {
    None,
    Bytes(*mut [MaybeUninit<u8>]),
    Static(*mut StaticMemory<STATIC_BYTES>),
}

impl Drop for Loan {
    fn drop(&mut self) {
        match *self {
            Self::None => {}
            // SAFETY: from `Box::into_raw`; the pool that had the reference derived from it is gone.
            Self::Bytes(bytes) => drop(unsafe { Box::from_raw(bytes) }),
            // SAFETY: as for bytes.
            Self::Static(memory) => drop(unsafe { Box::from_raw(memory) }),
        }
    }
}

/// The layout of both kinds, if there is one. A refusal is the same for every constructor.
pub(crate) fn layout(setup: &Setup) -> Option<(BlockLayout, Shape)> {
    let Setup { block_size, capacity, align, guard, .. } = *setup;
    let guarded = BlockLayout::new(block_size, capacity).and_then(|it| it.with_guard(guard));
    let answer = guarded.and_then(|layout| match align {
        Some(align) => layout.with_align(align),
        None => Ok(layout),
    });
    match (answer, Shape::of(setup)) {
        (Ok(layout), Ok(shape)) => {
            let Shape { block_size, align, stride, capacity } = shape;
            let found = [layout.block_size(), layout.align(), layout.stride(), layout.capacity()];
            let computed = [block_size, align, stride, capacity].map(saturated);
            assert_eq!(found, computed, "(block size, alignment, stride, capacity)");
            assert_eq!(layout.region_bytes() as u128, shape.region_bytes());
            let behind = if guard == 0 { 0 } else { layout.stride() - layout.block_size() };
            assert_eq!(layout.guard(), behind, "all up to the next block");
            Some((layout, shape))
        }
        (answer, computed) => {
            let (answer, computed) = (answer.map(drop), computed.map(drop));
            assert_eq!(answer, computed, "of {setup:?}");
            let error = computed.expect_err("both cannot be right");
            assert!(!error.to_string().is_empty() && !error.message().is_empty());
            if align.is_none() && guard == 0 {
                let refused = Err(BuildError::Layout(error));
                assert_eq!(LockFreeAlloc::new(block_size, capacity).map(drop), refused);
                assert_eq!(MutexAlloc::new(block_size, capacity).map(drop), refused);
            }
            None
        }
    }
}

/// A pool, and the memory that it was lent, which is to be dropped after it. None if there must be none,
/// or may be none and is not.
pub(crate) fn make<B: Backend>(
    setup: &Setup,
    (layout, shape): (BlockLayout, Shape),
) -> Option<(Loan, B)> {
    footprint::<B>(&layout, &shape);
    let in_own_memory = |answer: Result<B, BuildError>| {
        let as_computed =
            is_right(setup, &shape, answer.as_ref().map(|_| ()).map_err(|error| *error));
        assert!(as_computed, "{setup:?} was answered {:?}", answer.as_ref().err());
        let named = answer.as_ref().err().map(ToString::to_string);
        assert!(named.is_none_or(|named| !named.is_empty()));
        answer.ok().map(|pool| (Loan::None, pool))
    };
    let region = setup.options.region();
    match setup.memory {
        Memory::New => in_own_memory(B::new(setup.block_size, setup.capacity)),
        Memory::Mapped => {
            in_own_memory(region.map(layout).map_err(Into::into).and_then(B::from_region))
        }
        Memory::Heap => {
            in_own_memory(region.heap(layout).map_err(Into::into).and_then(B::from_region))
        }
        Memory::Callers(given) => {
            let bytes = shape.footprint(None);
            let is_possible = !setup.options.need_a_mapping();
            in_given(given, (bytes, shape.footprint_align()), is_possible, |memory| {
                region.from_static(layout, memory).map_err(Into::into).and_then(B::from_region)
            })
        }
        Memory::CallersWhole(given) => {
            let bytes = shape.footprint(B::footprint(&layout, &shape).1);
            in_given(given, (bytes, shape.footprint_align()), true, |memory| {
                B::from_static(layout, memory)
            })
        }
        Memory::Static => {
            let bytes = shape.footprint(B::footprint(&layout, &shape).1);
            // Else it is an error of the compiler's.
            let fits = bytes <= STATIC_BYTES as u128 && shape.footprint_align() <= 64;
            fits.then(|| {
                let memory = Box::into_raw(Box::new(StaticMemory::new()));
                let loan = Loan::Static(memory);
                // SAFETY: of the box, which the loan frees only after the pool is gone; nobody else uses it.
                (loan, B::in_static(layout, unsafe { &mut *memory }))
            })
        }
    }
}

/// What is said to be needed is what is.
fn footprint<B: Backend>(layout: &BlockLayout, shape: &Shape) {
    let (footprint, entry) = B::footprint(layout, shape);
    let (bytes, align) = (shape.footprint(entry), shape.footprint_align());
    assert_eq!(footprint.bytes(), saturated(bytes), "of {layout:?}");
    assert_eq!(footprint.align() as u128, align, "of {layout:?}");
    assert_eq!(footprint.static_bytes(), saturated(bytes + align - 1), "of {layout:?}");
    let region = saturated(shape.footprint(None) + align - 1);
    assert_eq!(Region::static_bytes(layout), region, "of {layout:?}");
}

/// In memory of the caller, which suffices or not.
fn in_given<B: Backend>(
    given: Given,
    (bytes, align): (u128, u128),
    is_possible: bool,
    make: impl FnOnce(&'static mut [MaybeUninit<u8>]) -> Result<B, BuildError>,
) -> Option<(Loan, B)> {
    // Of what is too large, a little.
    let lent =
        if bytes + align <= LARGEST_GIVEN { (bytes + 2 * align) as usize + 256 } else { 4096 };
    // Not zero: the pool has to see to that.
    let memory = Box::into_raw(vec![MaybeUninit::new(0xa5); lent].into_boxed_slice());
    let loan = Loan::Bytes(memory);
    // SAFETY: of the box, which the loan frees only after the pool is gone; nobody else uses it.
    let memory: &'static mut [_] = unsafe { &mut *memory };
    let start = usize::from(given.offset);
    let gap = (memory[start..].as_ptr().addr() as u128).wrapping_neg() & (align - 1);
    let wanted = (gap + bytes).saturating_add_signed(given.spare.into());
    let end = saturated(wanted).saturating_add(start).min(lent);
    let memory = &mut memory[start..end];
    let len = memory.len();
    let answer = make(memory);
    let too_small =
        RegionError::MemoryTooSmall { needed: saturated(bytes + align - 1), given: len };
    match answer {
        Err(BuildError::Region(RegionError::Unsupported { .. })) => assert!(!is_possible),
        Err(error) => {
            assert!(is_possible && gap + bytes > len as u128, "{len} bytes suffice: {error}");
            assert_eq!(error, too_small.into());
        }
        Ok(pool) => {
            assert!(is_possible && gap + bytes <= len as u128, "{len} bytes do not suffice");
            return Some((loan, pool));
        }
    }
    None
}
