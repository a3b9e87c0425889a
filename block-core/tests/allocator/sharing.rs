//! One pool, many threads and owners.

use std::sync::{Arc, OnceLock, mpsc};
use std::thread;

use allocator_api2::alloc::Allocator;
use allocator_api2::boxed::Box as PoolBox;
use allocator_api2::vec::Vec as PoolVec;
use block_core::{BlockAlloc, PoolAllocator, SharedPoolAllocator};
use hashbrown::{DefaultHashBuilder, HashMap};

use crate::support::Pool;
use crate::{Watched, layout};

#[test]
fn boxes_dropped_on_another_thread_give_their_blocks_back() {
    let watched = Watched::new(64, 8);
    let pool = &watched.pool;
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel(4);
        scope.spawn(move || {
            for (expected, boxed) in (0_u64..).zip(receiver) {
                let boxed: PoolBox<u64, &PoolAllocator<Pool>> = boxed;
                assert_eq!(*boxed, expected);
            }
        });
        for value in 0..1000 {
            // 4 wait in the channel, one is read, one is made: 8 always suffice.
            sender.send(PoolBox::try_new_in(value, pool).unwrap()).unwrap();
        }
    });
    watched.assert_whole();
}

#[test]
fn threads_with_containers_of_their_own_do_not_meet_in_one_block() {
    const ROUNDS: u64 = if cfg!(miri) { 10 } else { 500 };
    let watched = Watched::new(512, 8);
    let pool = &watched.pool;
    thread::scope(|scope| {
        for thread in 0..4_u64 {
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    // Two blocks a thread.
                    let mut vec = PoolVec::with_capacity_in(16, pool);
                    let mut map = HashMap::with_hasher_in(DefaultHashBuilder::default(), pool);
                    for value in 0..10 {
                        vec.push((thread, round, value));
                        map.insert(value, (thread, round));
                    }
                    assert!((0..10).all(|value| vec[value as usize] == (thread, round, value)));
                    assert!((0..10).all(|value| map[&value] == (thread, round)));
                }
            });
        }
    });
    watched.assert_whole();
}

#[test]
fn containers_own_a_shared_pool_together_and_the_last_takes_it_along() {
    let pool = Arc::new(PoolAllocator::new(Pool::new(256, 4)));
    let alive = Arc::downgrade(&pool);
    let shared = SharedPoolAllocator::from(pool);
    let mut vec = PoolVec::with_capacity_in(4, shared.clone());
    vec.extend([1, 2, 3]);
    let boxed = PoolBox::try_new_in("text", shared.clone()).unwrap();
    assert_eq!((shared.available(), shared.capacity(), shared.block_size()), (2, 4, 256));
    drop(shared);
    thread::spawn(move || {
        assert_eq!((&vec[..], vec.allocator().available()), (&[1, 2, 3][..], 2));
        drop(vec);
        assert_eq!((*boxed, PoolBox::allocator(&boxed).available()), ("text", 3));
    })
    .join()
    .unwrap();
    assert!(alive.upgrade().is_none(), "a pool without containers");
}

#[test]
fn a_clone_is_the_same_pool_in_every_call() {
    let shared = SharedPoolAllocator::from(PoolAllocator::new(Pool::new(64, 2)));
    let clone = shared.clone();
    let (one, all, none) = (layout(1, 1), layout(64, 1), layout(0, 1));
    // SAFETY: each call passes the last answer on, with a layout that fits it.
    unsafe {
        let first = shared.allocate_zeroed(one).unwrap();
        assert_eq!(first.cast::<u8>().read(), 0);
        assert_eq!((shared.available(), clone.available()), (1, 1));
        let grown = clone.grow(first.cast(), one, all).unwrap();
        assert_eq!(grown.cast::<u8>(), first.cast());
        assert!(clone.grow_zeroed(grown.cast(), all, layout(65, 1)).is_err());
        let shrunk = shared.shrink(grown.cast(), all, none).unwrap();
        clone.deallocate(shrunk.cast(), none);
        let second = clone.allocate(all).unwrap();
        shared.deallocate(second.cast(), all);
    }
    assert_eq!((shared.available(), clone.available()), (2, 2));
    assert!(format!("{clone:?}").starts_with("SharedPoolAllocator(PoolAllocator {"), "{clone:?}");
}

#[test]
fn a_backend_chosen_at_run_time_serves_by_reference_and_shared() {
    let pool = PoolAllocator::new(Pool::new(64, 1));
    let any: &PoolAllocator<dyn BlockAlloc> = &pool;
    let boxed = PoolBox::try_new_in(1, any).unwrap();
    assert_eq!((*boxed, any.available()), (1, 0));
    drop(boxed);
    let any: Arc<PoolAllocator<dyn BlockAlloc>> = Arc::new(pool);
    let any = SharedPoolAllocator::from(any);
    let boxed = PoolBox::try_new_in(2, any.clone()).unwrap();
    assert_eq!((*boxed, any.available()), (2, 0));
}

#[test]
fn a_pool_for_the_whole_program_serves_containers_of_every_thread() {
    static POOL: OnceLock<PoolAllocator<Pool>> = OnceLock::new();
    let pool: &'static _ = POOL.get_or_init(|| PoolAllocator::new(Pool::new(64, 2)));
    let pinned = PoolBox::into_pin(PoolBox::try_new_in(5, pool).unwrap());
    let back = thread::spawn(move || pinned).join().unwrap();
    assert_eq!((*back, pool.available()), (5, 1));
    drop(back);
    assert_eq!(pool.available(), 2);
}

/// The pool itself, where one container needs it: it moves, its blocks do not.
#[test]
fn a_container_may_own_its_pool() {
    let mut vec = PoolVec::with_capacity_in(3, PoolAllocator::new(Pool::new(64, 1)));
    vec.extend([1, 2, 3]);
    let moved = Box::new(vec);
    assert_eq!((&moved[..], moved.allocator().available()), (&[1, 2, 3][..], 0));
}

#[test]
fn allocators_and_containers_cross_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<PoolAllocator<Pool>>();
    crosses::<PoolVec<u8, &PoolAllocator<Pool>>>();
    crosses::<PoolBox<u8, SharedPoolAllocator<Pool>>>();
    crosses::<PoolBox<u8, SharedPoolAllocator<dyn BlockAlloc>>>();
}
