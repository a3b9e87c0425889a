//! Allocates and frees several handles in one transfer, without the heap.
//!
//! The pool moves pointers. The caller's entries are handles, which are larger. So the pointers are
//! stored in the memory of the entries:
//!
//! ```text
//! allocate: |      entries, empty       | p0 | p1 | p2 |     the pool fills the end; then, from the
//!           | handle 0 |      ..        | p1 | p2 |          front, each pointer becomes its handle
//!
//! free:     | p0 | p1 | p2 |            ..             |     from the front each handle becomes its
//!                                                            pointer; then the pool takes the front
//! ```
//!
//! An entry is at least two pointers long. So no handle overwrites a pointer that is still to be
//! read, and no pointer overwrites a handle. Meanwhile the entries are not valid values, and
//! nothing unwinds, by the contract of [`BlockAlloc`].

use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};
use core::slice;

use stable_deref_trait::StableDeref;

use crate::{AllocError, Block, BlockAlloc};

/// An entry of a pool's bulk calls.
type Pointer = Option<NonNull<u8>>;
/// An entry of the caller.
type Entry<P> = Option<Block<P>>;

/// Allocates a block for every entry, or none. `pointer` returns a pool pointer to `pool`.
pub(crate) fn alloc<P: StableDeref<Target: BlockAlloc>>(
    pool: &P::Target,
    pointer: impl Fn() -> P,
    entries: &mut [Entry<P>],
) -> Result<(), AllocError> {
    entries.fill_with(|| None);
    // SAFETY: the caller's entries, which are `None` and need no drop.
    unsafe { fill(pool, pointer, entries.as_mut_ptr(), entries.len(), |block| block) }
}

/// Allocates `N` blocks, or none. `pointer` returns a pool pointer to `pool`.
///
/// The handles are created in place: without optimization, an array that is mapped or created by
/// value is copied on the stack several times.
pub(crate) fn alloc_array<P: StableDeref<Target: BlockAlloc>, const N: usize>(
    pool: &P::Target,
    pointer: impl Fn() -> P,
) -> Result<[Block<P>; N], AllocError> {
    let mut blocks = MaybeUninit::<[Block<P>; N]>::uninit();
    let entry = |block| match block {
        Some(block) => MaybeUninit::new(block),
        None => MaybeUninit::uninit(),
    };
    // SAFETY: the array has `N` entries, which need no drop.
    unsafe { fill(pool, pointer, blocks.as_mut_ptr().cast::<MaybeUninit<Block<P>>>(), N, entry)? };
    // SAFETY: `fill` succeeded, so every entry was written.
    Ok(unsafe { blocks.assume_init() })
}

/// Allocates a block for every entry, or none, and writes what `entry` returns for each block, or
/// for `None`. `pointer` returns a pool pointer to `pool`.
///
/// # Safety
///
/// There is memory for `len` entries at `first`, whose contents are not dropped. Neither `pointer`
/// nor `entry` panics.
unsafe fn fill<P: StableDeref<Target: BlockAlloc>, E>(
    pool: &P::Target,
    pointer: impl Fn() -> P,
    first: *mut E,
    len: usize,
    entry: impl Fn(Option<Block<P>>) -> E,
) -> Result<(), AllocError> {
    // SAFETY: the last `len` pointers' worth of the entries' memory, which is larger and at least
    // as aligned; it needs no drop.
    let pointers = unsafe {
        let pointers = pointers_at_end(first, len);
        (0..len).for_each(|position| pointers.add(position).write(None));
        slice::from_raw_parts_mut(pointers, len)
    };
    let is_done = pool.acquire_bulk(pointers);
    let block_size = pool.region().layout().block_size();
    for position in 0..len {
        // SAFETY: the pointer of this position, written by the pool; the entries before it end
        // before it begins.
        let start = unsafe { pointers_at_end(first, len).add(position).read() };
        let block = start.filter(|_| is_done).map(|start| {
            let bytes = NonNull::slice_from_raw_parts(start, block_size);
            // SAFETY: a block of the pool, just acquired (invariant 4).
            unsafe { Block::from_parts(bytes, pointer()) }
        });
        // SAFETY: an entry of the caller, which covers no pointer that is still to be read.
        unsafe { first.add(position).write(entry(block)) };
    }
    if is_done { Ok(()) } else { Err(AllocError::Exhausted) }
}

/// Frees the blocks of all entries and sets them to `None`. The pool pointers of the blocks do
/// nothing when they are dropped: they are references or leases.
pub(crate) fn free<P: StableDeref<Target: BlockAlloc>>(pool: &P::Target, entries: &mut [Entry<P>]) {
    let region = pool.region();
    for entry in &mut *entries {
        // Compare the regions, not the addresses: a region may be inside a block of another one.
        let is_of_another_pool = entry.as_ref().is_some_and(|block| {
            let own = block.pool().region();
            !ptr::eq(own, region)
        });
        if is_of_another_pool {
            *entry = None; // frees it to its own pool
        }
    }
    let (len, first) = (entries.len(), entries.as_mut_ptr());
    let pointers = first.cast::<Pointer>();
    let mut count = 0;
    for position in 0..len {
        // SAFETY: an entry of the caller, not yet overwritten: `count <= position`, and pointers
        // are shorter than entries.
        if let Some(block) = unsafe { first.add(position).read() } {
            let (bytes, _pool) = block.into_parts();
            // SAFETY: in the memory of entries that were read.
            unsafe { pointers.add(count).write(Some(bytes.cast())) };
            count += 1;
        }
    }
    // SAFETY: `count` entries were written. Each is a block of this pool (checked above) without a
    // mark, which its handle gives up.
    unsafe { pool.release_bulk(slice::from_raw_parts_mut(pointers, count)) };
    for position in 0..len {
        // SAFETY: an entry of the caller, whose handle was consumed.
        unsafe { ptr::write(first.add(position), None) };
    }
}

/// Returns the start of the last `len` pointers' worth of memory of `len` entries.
///
/// # Safety
///
/// There are `len` entries at `first`.
unsafe fn pointers_at_end<E>(first: *mut E, len: usize) -> *mut Pointer {
    const {
        assert!(size_of::<E>() >= 2 * size_of::<Pointer>());
        assert!(size_of::<E>() % size_of::<Pointer>() == 0);
        assert!(align_of::<E>() >= align_of::<Pointer>());
    }
    // SAFETY: one past the last entry, and not before the first: pointers are shorter.
    unsafe { first.add(len).cast::<Pointer>().sub(len) }
}
