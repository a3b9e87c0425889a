//! Several handles in one transfer, without the heap.
//!
//! The pool moves pointers, the caller's entries are handles, which are larger. So the pointers lie in
//! the entries' own memory on their way:
//!
//! ```text
//! taking:  |      entries, empty       | p0 | p1 | p2 |     the pool fills the end, then from the front
//!          | handle 0 |      ..        | p1 | p2 |          each pointer is made its handle
//!
//! giving:  | p0 | p1 | p2 |            ..             |     from the front each handle is made its
//!                                                           pointer, then the pool takes the front
//! ```
//!
//! An entry is at least two pointers long, so no handle is written over a pointer that is still to be
//! read, and no pointer over a handle. In between, the entries are no values; nothing unwinds there,
//! by the contract of [`BlockAlloc`].

use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};
use core::slice;

use stable_deref_trait::StableDeref;

use crate::{AllocError, Block, BlockAlloc};

/// What a pool moves.
type Pointer = Option<NonNull<u8>>;
/// What the caller has.
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
/// The handles are made in place: an array that is mapped or built by value is copied several times
/// in builds without optimization, each time on the stack.
pub(crate) fn alloc_array<P: StableDeref<Target: BlockAlloc>, const N: usize>(
    pool: &P::Target,
    pointer: impl Fn() -> P,
) -> Result<[Block<P>; N], AllocError> {
    let mut blocks = MaybeUninit::<[Block<P>; N]>::uninit();
    let entry = |block| match block {
        Some(block) => MaybeUninit::new(block),
        None => MaybeUninit::uninit(),
    };
    // SAFETY: an array has as many entries as it is long, and these need no drop.
    unsafe { fill(pool, pointer, blocks.as_mut_ptr().cast::<MaybeUninit<Block<P>>>(), N, entry)? };
    // SAFETY: `fill` succeeded, so every entry was made of a block.
    Ok(unsafe { blocks.assume_init() })
}

/// Allocates a block for every entry, or none, and writes what `entry` returns for each block, or for
/// `None`. `pointer` returns a pool pointer to `pool`.
///
/// # Safety
///
/// There is memory for `len` entries at `first`. What lies there is not dropped. Neither `pointer` nor
/// `entry` panics.
unsafe fn fill<P: StableDeref<Target: BlockAlloc>, E>(
    pool: &P::Target,
    pointer: impl Fn() -> P,
    first: *mut E,
    len: usize,
    entry: impl Fn(Option<Block<P>>) -> E,
) -> Result<(), AllocError> {
    // SAFETY: the last `len` pointers' worth of the entries' memory, which is larger and at least as
    // aligned; it needs no drop.
    let pointers = unsafe {
        let pointers = pointers_at_end(first, len);
        (0..len).for_each(|position| pointers.add(position).write(None));
        slice::from_raw_parts_mut(pointers, len)
    };
    let is_done = pool.acquire_bulk(pointers);
    let block_size = pool.region().layout().block_size();
    for position in 0..len {
        // SAFETY: the pointer of this position, written by the pool; the entries before it end before
        // it begins.
        let start = unsafe { pointers_at_end(first, len).add(position).read() };
        let block = start.filter(|_| is_done).map(|start| {
            let bytes = NonNull::slice_from_raw_parts(start, block_size);
            // SAFETY: acquired just now, a block of the pool (invariant 4).
            unsafe { Block::from_parts(bytes, pointer()) }
        });
        // SAFETY: an entry of the caller's. It covers no pointer that is still to be read.
        unsafe { first.add(position).write(entry(block)) };
    }
    if is_done { Ok(()) } else { Err(AllocError::Exhausted) }
}

/// Frees the blocks of all entries and leaves `None`. The pool pointers of the blocks are ones that
/// do nothing when they are dropped: references and leases.
pub(crate) fn free<P: StableDeref<Target: BlockAlloc>>(pool: &P::Target, entries: &mut [Entry<P>]) {
    let region = pool.region();
    for entry in &mut *entries {
        // Not by its address: a region may lie within a block of another one.
        let is_of_another_pool = entry.as_ref().is_some_and(|block| {
            let own = block.pool().region();
            !ptr::eq(own, region)
        });
        if is_of_another_pool {
            *entry = None; // to the pool that it came from
        }
    }
    let (len, first) = (entries.len(), entries.as_mut_ptr());
    let pointers = first.cast::<Pointer>();
    let mut count = 0;
    for position in 0..len {
        // SAFETY: an entry of the caller's, not yet written over: `count <= position`, and pointers are
        // shorter than entries.
        if let Some(block) = unsafe { first.add(position).read() } {
            let (bytes, _pool) = block.into_parts();
            // SAFETY: in the memory of entries that were read.
            unsafe { pointers.add(count).write(Some(bytes.cast())) };
            count += 1;
        }
    }
    // SAFETY: so many were written. Each is a block of this pool, whose region it is (seen above), and
    // which its handle held without a mark, and gives up.
    unsafe { pool.release_bulk(slice::from_raw_parts_mut(pointers, count)) };
    for position in 0..len {
        // SAFETY: an entry of the caller's, whose handle is gone.
        unsafe { ptr::write(first.add(position), None) };
    }
}

/// Returns where as many pointers as there are entries end with them.
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
