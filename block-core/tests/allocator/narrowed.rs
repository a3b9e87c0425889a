//! Pointers that went through a reference: they reach no further than the value, but the block that
//! they give back goes out whole. The addresses are equal either way; Miri can tell.

use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering};

use allocator_api2::alloc::Allocator;
use allocator_api2::boxed::Box as PoolBox;
use block_core::{BlockAlloc, PoolAllocator, Region};

use crate::layout;
use crate::support::Pool;

const SIZE: usize = 100;

/// A pool that hands the very pointer out again that was given back last.
struct Echo {
    pool: Pool,
    last: AtomicPtr<u8>,
}

impl Echo {
    fn one_block() -> PoolAllocator<Self> {
        let last = AtomicPtr::new(ptr::null_mut());
        PoolAllocator::new(Self { pool: Pool::new(SIZE, 1), last })
    }
}

// SAFETY: the only block is the pool's, then in `last`, or with its holder (invariants 1 to 4); the
// swap acquires what the store releases. The region does not zero, so there is nothing to scrub.
unsafe impl BlockAlloc for Echo {
    fn region(&self) -> &Region {
        self.pool.region()
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        let last = self.last.swap(ptr::null_mut(), Ordering::Acquire);
        NonNull::new(last).or_else(|| self.pool.acquire())
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        self.last.store(block.as_ptr(), Ordering::Release);
    }

    fn available(&self) -> usize {
        let waiting = !self.last.load(Ordering::Relaxed).is_null();
        self.pool.available() + usize::from(waiting)
    }
}

#[test]
fn a_block_given_back_through_a_small_reference_goes_out_whole_again() {
    let pool = Echo::one_block();
    for value in 1..4 {
        let leaked: &mut u8 = PoolBox::leak(PoolBox::try_new_in(value, &pool).unwrap());
        assert_eq!((*leaked, pool.available()), (value, 0));
        // SAFETY: the leaked box's own pointer, used once.
        drop(unsafe { PoolBox::from_raw_in(leaked, &pool) });
        let whole = PoolBox::try_new_in([value; SIZE], &pool).unwrap();
        assert_eq!(*whole, [value; SIZE]);
    }
    assert_eq!(pool.available(), 1);
}

#[test]
fn a_block_grown_through_a_small_reference_is_whole() {
    let pool = Echo::one_block();
    let (small, whole) = (layout(1, 1), layout(SIZE, 1));
    let memory = pool.allocate(small).unwrap().cast::<u8>();
    // SAFETY: the only block is this test's own; its byte is written before it is referred to, and
    // each call passes the last answer on, with the layout that was asked for.
    unsafe {
        memory.write(1);
        let byte: &mut u8 = &mut *memory.as_ptr();
        let grown = pool.grow(byte.into(), small, whole).unwrap().cast::<u8>();
        assert_eq!(grown.read(), 1);
        grown.write_bytes(2, SIZE);
        let byte: &mut u8 = &mut *grown.as_ptr();
        let shrunk = pool.shrink(byte.into(), whole, layout(SIZE - 1, 1)).unwrap();
        shrunk.cast::<u8>().write_bytes(3, SIZE - 1);
        pool.deallocate(shrunk.cast(), layout(SIZE - 1, 1));
    }
    assert_eq!(pool.available(), 1);
}
