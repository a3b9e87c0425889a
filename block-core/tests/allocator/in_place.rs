//! Growing and shrinking: in the block, from no block, and to none.

use std::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use crate::{Watched, layout};

const SIZE: usize = 100;
const ALIGN: usize = 64;

fn start(memory: NonNull<[u8]>) -> NonNull<u8> {
    memory.cast()
}

/// Writes 1, 2, 3, ... into the first bytes of a block.
///
/// # Safety
///
/// There are so many, and they are the caller's.
unsafe fn number(memory: NonNull<u8>, bytes: usize) {
    for (value, at) in (1..).zip(0..bytes) {
        // SAFETY: the caller's promise.
        unsafe { memory.add(at).write(value) };
    }
}

/// Whether they are still there.
///
/// # Safety
///
/// As above, and they are initialised.
unsafe fn is_numbered(memory: NonNull<u8>, bytes: usize) -> bool {
    // SAFETY: the caller's promise.
    (1..).zip(0..bytes).all(|(value, at)| unsafe { memory.add(at).read() == value })
}

#[test]
fn growing_and_shrinking_stay_in_the_block_and_keep_the_content() {
    let watched = Watched::new(SIZE, 2);
    let pool = &watched.pool;
    let mut old = layout(10, 1);
    let memory = start(pool.allocate(old).unwrap());
    // SAFETY: `memory` is the one allocation, `old` its layout, and as many bytes are numbered as
    // the smallest layout on the way keeps.
    unsafe {
        number(memory, 10);
        for (size, align) in [(11, 1), (11, 1), (60, 8), (SIZE, ALIGN), (SIZE, 1)] {
            let new = layout(size, align);
            let grown = pool.grow(memory, old, new).unwrap();
            assert_eq!(start(grown), memory);
            assert!(grown.len() >= size, "{} for {new:?}", grown.len());
            assert!(is_numbered(memory, 10));
            old = new;
        }
        number(memory, SIZE);
        for (size, align) in [(SIZE, 1), (SIZE - 1, 8), (50, ALIGN), (1, 1)] {
            let new = layout(size, align);
            let shrunk = pool.shrink(memory, old, new).unwrap();
            assert_eq!(start(shrunk), memory);
            assert!(shrunk.len() >= size, "{} for {new:?}", shrunk.len());
            assert!(is_numbered(memory, size));
            old = new;
        }
        assert_eq!(pool.available(), 1);
        pool.deallocate(memory, old);
    }
    watched.assert_whole();
}

#[test]
fn what_cannot_stay_in_the_block_is_refused_and_changes_nothing() {
    let watched = Watched::new(SIZE, 2);
    let pool = &watched.pool;
    let old = layout(SIZE, ALIGN);
    let memory = start(pool.allocate(old).unwrap());
    // SAFETY: `memory` is the one allocation, `old` its layout throughout.
    unsafe {
        number(memory, SIZE);
        for (size, align) in [(SIZE + 1, ALIGN), (SIZE, 2 * ALIGN), (2 * SIZE, 1)] {
            let new = layout(size, align);
            assert_eq!(pool.grow(memory, old, new), Err(AllocError), "{new:?}");
            assert_eq!(pool.grow_zeroed(memory, old, new), Err(AllocError), "{new:?}");
            assert!(is_numbered(memory, SIZE), "{new:?}");
        }
        for (size, align) in [(SIZE, 2 * ALIGN), (1, 2 * ALIGN), (1, 1 << 20)] {
            let new = layout(size, align);
            assert_eq!(pool.shrink(memory, old, new), Err(AllocError), "{new:?}");
            assert!(is_numbered(memory, SIZE), "{new:?}");
        }
        assert_eq!(pool.available(), 1);
        pool.deallocate(memory, old);
    }
    watched.assert_whole();
}

#[test]
fn growing_from_no_bytes_takes_a_block_and_shrinking_to_none_gives_it_back() {
    let watched = Watched::new(SIZE, 1);
    let pool = &watched.pool;
    let (nothing, some) = (layout(0, 4096), layout(7, 1));
    let mut memory = pool.allocate(nothing).unwrap();
    // SAFETY: each call passes the last answer on, with a layout that fits it.
    unsafe {
        for _ in 0..3 {
            memory = pool.grow(start(memory), nothing, some).unwrap();
            assert_eq!(watched.block_of(start(memory).addr().get(), 7), start(memory).addr().get());
            assert_eq!(pool.available(), 0);
            number(start(memory), 7);
            assert_eq!(
                pool.grow(start(pool.allocate(nothing).unwrap()), nothing, some),
                Err(AllocError),
                "the only block is out"
            );
            assert!(is_numbered(start(memory), 7));
            memory = pool.shrink(start(memory), some, nothing).unwrap();
            assert_eq!((memory.len(), start(memory).addr().get() % 4096), (0, 0));
            assert_eq!(pool.available(), 1);
        }
        // From nothing to nothing, at another alignment.
        let aligned = layout(0, 1 << 20);
        memory = pool.grow(start(memory), nothing, aligned).unwrap();
        assert_eq!((memory.len(), start(memory).addr().get() % (1 << 20)), (0, 0));
        memory = pool.grow_zeroed(start(memory), aligned, aligned).unwrap();
        memory = pool.shrink(start(memory), aligned, nothing).unwrap();
        pool.deallocate(start(memory), nothing);
    }
    watched.assert_whole();
}

#[test]
fn growing_zeroed_keeps_the_old_bytes_and_clears_the_rest() {
    let watched = Watched::new(SIZE, 1);
    let pool = &watched.pool;
    for (old, new) in [(0, 0), (0, 1), (0, SIZE), (1, 1), (1, 50), (10, SIZE), (SIZE, SIZE)] {
        let (whole, old, new) = (layout(SIZE, 1), layout(old, 1), layout(new, 1));
        // SAFETY: the block is this test's own; each call passes the last answer on, with a layout
        // that fits it.
        unsafe {
            let dirty = start(pool.allocate(whole).unwrap());
            dirty.write_bytes(0xFF, SIZE);
            pool.deallocate(dirty, whole);
            let memory = start(pool.allocate(old).unwrap());
            number(memory, old.size());
            let grown = pool.grow_zeroed(memory, old, new).unwrap();
            assert!(is_numbered(start(grown), old.size()));
            let rest = &grown.as_ref()[old.size()..];
            assert!(rest.iter().all(|&byte| byte == 0), "{old:?} to {new:?}: {rest:?}");
            pool.deallocate(start(grown), new);
        }
    }
    watched.assert_whole();
}
