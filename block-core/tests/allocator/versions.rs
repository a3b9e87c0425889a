//! Containers that are written against different versions of `allocator-api2`, in the same pool.

use block_core::allocator_api2::boxed::Box as OldBox;
use block_core::allocator_api2_04::boxed::Box as NewBox;
use block_core::allocator_api2_04::vec::Vec as NewVec;
use block_core::{PoolAllocator, SharedPoolAllocator};

use crate::support::Pool;

#[test]
fn containers_of_both_versions_share_a_pool() {
    let pool = PoolAllocator::new(Pool::new(64, 3));
    let old = OldBox::try_new_in(1_u64, &pool).unwrap();
    let new = NewBox::try_new_in(2_u64, &pool).unwrap();
    let mut numbers = NewVec::new_in(&pool);
    numbers.try_reserve_exact(4).unwrap();
    numbers.extend([3_u64, 4]);
    assert_eq!((*old, *new, &numbers[..], pool.available()), (1, 2, &[3, 4][..], 0));
    assert!(NewBox::try_new_in(5_u64, &pool).is_err());
    assert!(numbers.try_reserve_exact(100).is_err());
    drop((old, numbers));
    assert_eq!(NewBox::into_inner(new), 2);
    assert_eq!(pool.available(), 3);
}

#[test]
fn a_shared_pool_serves_the_newer_version() {
    let pool = SharedPoolAllocator::from(PoolAllocator::new(Pool::new(64, 1)));
    let mut text = NewVec::with_capacity_in(5, pool.clone());
    text.extend(*b"hello");
    let length = std::thread::spawn(move || text.len()).join().unwrap();
    assert_eq!((length, pool.available()), (5, 1));
}
