//! Single calls: what fits, what does not, and what comes back.

use allocator_api2::alloc::{AllocError, Allocator};

use crate::{Watched, layout};

const SIZE: usize = 100;
const ALIGN: usize = 64;

/// Invariant 4: what does not fit is refused while blocks are free, and takes none.
#[test]
fn an_allocation_gets_a_block_if_and_only_if_it_fits() {
    let watched = Watched::new(SIZE, 2);
    let pool = &watched.pool;
    assert_eq!((pool.block_size(), pool.align(), pool.capacity()), (SIZE, ALIGN, 2));
    assert_eq!(pool.to_string(), pool.stats().to_string());
    let huge = 1 << (usize::BITS - 2);
    for (size, align, fits) in [
        (1, 1, true),
        (SIZE - 1, 1, true),
        (SIZE, 1, true),
        (SIZE + 1, 1, false),
        (128, 1, false),
        (isize::MAX as usize, 1, false),
        (1, ALIGN, true),
        (SIZE, ALIGN, true),
        (SIZE + 1, ALIGN, false),
        (1, 2 * ALIGN, false),
        (SIZE, 2 * ALIGN, false),
        (1, huge, false),
    ] {
        let layout = layout(size, align);
        assert_eq!(pool.fits(layout), fits, "{layout:?}");
        let answers = [pool.allocate(layout), pool.allocate_zeroed(layout)];
        for answer in answers {
            assert_eq!(answer.is_ok(), fits, "{layout:?}");
            let Ok(memory) = answer else { continue };
            let start = memory.cast::<u8>().addr().get();
            assert_eq!(watched.block_of(start, memory.len()), start, "{layout:?}");
            assert!((size..=SIZE).contains(&memory.len()), "{} for {layout:?}", memory.len());
            assert!(memory.len() + 8 >= SIZE, "{} for {layout:?}", memory.len());
            assert_eq!(start % align, 0);
            // SAFETY: just allocated; the answer's length is the largest that fits.
            unsafe {
                memory.cast::<u8>().write_bytes(0xFF, memory.len());
                pool.deallocate(memory.cast(), self::layout(memory.len(), align));
            }
        }
        watched.assert_whole();
    }
}

#[test]
fn no_bytes_take_no_block_at_any_alignment() {
    let watched = Watched::new(SIZE, 1);
    let pool = &watched.pool;
    for align in (0..usize::BITS - 1).map(|shift| 1 << shift) {
        let nothing = layout(0, align);
        assert!(pool.fits(nothing));
        for memory in [pool.allocate(nothing).unwrap(), pool.allocate_zeroed(nothing).unwrap()] {
            assert_eq!((memory.len(), memory.cast::<u8>().addr().get() % align), (0, 0));
            assert_eq!(pool.available(), 1);
            // SAFETY: just allocated with this layout.
            unsafe { pool.deallocate(memory.cast(), nothing) };
            assert_eq!(pool.available(), 1, "nothing was taken, so nothing comes back");
        }
    }
    watched.assert_whole();
}

/// Invariant 3.
#[test]
fn an_exhausted_pool_refuses_and_recovers_with_the_first_block_given_back() {
    let watched = Watched::new(SIZE, 3);
    let pool = &watched.pool;
    let whole = layout(SIZE, ALIGN);
    let held = [(); 3].map(|()| pool.allocate(whole).unwrap());
    assert_eq!(pool.available(), 0);
    assert_eq!(pool.allocate(whole), Err(AllocError));
    assert_eq!(pool.allocate_zeroed(layout(1, 1)), Err(AllocError));
    assert!(pool.allocate(layout(0, 1)).is_ok(), "no block is needed for no bytes");
    // SAFETY: allocated above with this layout, and given back once.
    unsafe { pool.deallocate(held[1].cast(), whole) };
    assert_eq!(pool.allocate(whole), Ok(held[1]));
    for memory in held {
        // SAFETY: as above.
        unsafe { pool.deallocate(memory.cast(), whole) };
    }
    watched.assert_whole();
}

#[test]
fn zeroed_memory_is_zero_after_a_dirty_block() {
    let watched = Watched::new(SIZE, 1);
    let pool = &watched.pool;
    let (whole, part) = (layout(SIZE, 1), layout(10, 1));
    for asked in [whole, part, whole] {
        let dirty = pool.allocate(whole).unwrap();
        // SAFETY: `SIZE` bytes of this test's own.
        unsafe {
            dirty.cast::<u8>().write_bytes(0xFF, SIZE);
            pool.deallocate(dirty.cast(), whole);
        }
        let memory = pool.allocate_zeroed(asked).unwrap();
        assert_eq!(memory.cast::<u8>(), dirty.cast(), "the only block");
        // SAFETY: this test's own, and initialised by the call.
        let bytes = unsafe { memory.as_ref() };
        assert!(bytes.iter().all(|&byte| byte == 0), "{bytes:?}");
        // SAFETY: allocated with this layout, not used again.
        unsafe { pool.deallocate(memory.cast(), asked) };
    }
    watched.assert_whole();
}

#[test]
fn debug_output_tells_the_shape_and_what_is_free() {
    let shown = format!("{:?}", Watched::new(SIZE, 3).pool);
    for part in ["PoolAllocator", "block_size: 100", "capacity: 3", "available: 3"] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
}
