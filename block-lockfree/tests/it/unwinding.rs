//! Pools and handles may cross `catch_unwind`: a panic leaves no pool in a broken state.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use block_core::{Block, Lease, SharedPool};
use block_lockfree::LockFreeAlloc;

const fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

const _: () = {
    is_unwind_safe::<LockFreeAlloc>();
    is_unwind_safe::<SharedPool<LockFreeAlloc>>();
    is_unwind_safe::<Block<&LockFreeAlloc>>();
    is_unwind_safe::<Block<Arc<LockFreeAlloc>>>();
    is_unwind_safe::<Block<Lease<LockFreeAlloc>>>();
};

#[cfg(feature = "bytes")]
const _: () = {
    use block_core::buffer::{BlockBuf, BlockBytes};

    is_unwind_safe::<BlockBuf<&LockFreeAlloc>>();
    is_unwind_safe::<BlockBytes<Lease<LockFreeAlloc>>>();
};

#[cfg(feature = "allocator-api2")]
const _: () = is_unwind_safe::<block_core::PoolAllocator<LockFreeAlloc>>();

#[cfg(feature = "wait")]
const _: () = is_unwind_safe::<block_core::wait::Waiting<LockFreeAlloc>>();

#[test]
fn a_pool_is_whole_after_a_panic_that_crossed_it() {
    use block_core::{BlockAlloc, BlockAllocExt};

    let pool = LockFreeAlloc::new(64, 4).unwrap();
    let panic = std::panic::catch_unwind(|| {
        let _held = [pool.alloc().unwrap(), pool.alloc().unwrap()];
        panic!("on purpose");
    });
    assert!(panic.is_err());
    assert_eq!(pool.available(), 4);
}
