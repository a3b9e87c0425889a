//! Handles over every kind of pointer: they give their block back, once, wherever they go
//! (invariants 1 and 2).

#![cfg(feature = "alloc")]

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread;

use block_core::{AllocError, Block, BlockAlloc, BlockAllocExt, Region};

mod support;
use support::Pool;

const SIZE: usize = 48;

fn start(block: &[u8]) -> NonNull<u8> {
    NonNull::from(block).cast()
}

/// Takes the only two blocks of the pool behind `pointer`, uses and drops them.
fn a_pointer_of_this_kind_works<P>(pointer: &P)
where
    P: block_core::StableDeref<Target: BlockAlloc> + Clone,
{
    assert_eq!((pointer.capacity(), pointer.available()), (2, 2));
    let mut first = Block::alloc_in(pointer.clone()).unwrap();
    let mut second = Block::alloc_in(pointer.clone()).unwrap();
    assert_eq!(pointer.available(), 0);
    assert_eq!(Block::alloc_in(pointer.clone()).unwrap_err(), AllocError::Exhausted);
    assert_ne!(start(&first), start(&second));
    first.fill(1);
    second.fill(2);
    assert_eq!(first[..], [1; SIZE]);
    assert_eq!(second[..], [2; SIZE]);
    drop(first);
    assert_eq!(pointer.available(), 1);
    drop(second);
    assert_eq!(pointer.available(), 2);
}

#[test]
fn every_kind_of_pointer_to_a_pool_makes_handles() {
    let pool = Pool::new(SIZE, 2);
    a_pointer_of_this_kind_works::<&Pool>(&&pool);
    a_pointer_of_this_kind_works::<&dyn BlockAlloc>(&(&pool as &dyn BlockAlloc));
    a_pointer_of_this_kind_works::<Rc<Pool>>(&Rc::new(Pool::new(SIZE, 2)));
    a_pointer_of_this_kind_works::<Rc<dyn BlockAlloc>>(&(Rc::new(pool) as Rc<dyn BlockAlloc>));
    a_pointer_of_this_kind_works::<Arc<Pool>>(&Arc::new(Pool::new(SIZE, 2)));
    let dynamic: Arc<dyn BlockAlloc> = Arc::new(Pool::new(SIZE, 2));
    a_pointer_of_this_kind_works::<Arc<dyn BlockAlloc>>(&dynamic);
    let leaked: &'static Pool = Box::leak(Box::new(Pool::new(SIZE, 2)));
    a_pointer_of_this_kind_works::<&'static Pool>(&leaked);
}

#[test]
fn a_box_makes_a_handle_that_owns_its_pool() {
    let mut block = Block::alloc_in(Box::new(Pool::new(SIZE, 1))).unwrap();
    block.fill(1);
    assert_eq!(block.pool().available(), 0);
}

#[test]
fn the_methods_of_the_pool_make_and_take_handles() {
    let pool = Pool::new(SIZE, 1);
    assert_eq!((pool.block_size(), pool.capacity()), (SIZE, 1));
    pool.free(pool.alloc().unwrap());
    let dynamic: &dyn BlockAlloc = &pool;
    dynamic.free(dynamic.alloc().unwrap());
    pool.assert_only_held(&[]);
}

#[test]
fn handles_cross_threads_if_their_pointer_does() {
    fn crosses<T: Send + Sync>() {}
    crosses::<Block<&Pool>>();
    crosses::<Block<Arc<Pool>>>();
    crosses::<Block<&dyn BlockAlloc>>();
    crosses::<Block<Arc<dyn BlockAlloc>>>();
    crosses::<Block<&'static Pool>>();
}

#[test]
fn a_handle_is_as_small_as_a_slice_and_its_pointer() {
    const WORD: usize = size_of::<usize>();
    assert_eq!(size_of::<Block<&Pool>>(), 3 * WORD);
    assert_eq!(size_of::<Block<Arc<Pool>>>(), 3 * WORD);
    assert_eq!(size_of::<Block<&dyn BlockAlloc>>(), 4 * WORD);
    assert_eq!(size_of::<Option<Block<&Pool>>>(), 3 * WORD, "no room for the null pointer");
}

#[test]
fn a_handle_is_the_bytes_of_its_block_by_every_road() {
    let pool = Pool::new(SIZE, 1);
    let mut block = pool.alloc().unwrap();
    assert_eq!(block.len(), SIZE);
    block[0] = 1;
    block.as_mut()[1] = 2;
    AsMut::<[u8]>::as_mut(&mut block)[SIZE - 1] = 3;
    let by_deref: &[u8] = &block;
    let by_as_ref: &[u8] = block.as_ref();
    assert_eq!((by_deref.as_ptr(), by_deref.len()), (by_as_ref.as_ptr(), by_as_ref.len()));
    assert_eq!((by_as_ref[0], by_as_ref[1], by_as_ref[SIZE - 1]), (1, 2, 3));
    assert_eq!(pool.region().locate(start(&block)).map(|index| index.get()), Ok(0));
    assert!(format!("{block:?}").contains("len: 48"), "{block:?}");
    assert!(std::ptr::eq(*block.pool(), &pool));
}

#[test]
fn a_panic_gives_back_what_the_stack_held_and_the_pool_goes_on() {
    let pool = Pool::new(SIZE, 4);
    let kept = pool.alloc().unwrap();
    let panicked = panic::catch_unwind(AssertUnwindSafe(|| {
        let _held = (pool.alloc().unwrap(), pool.alloc().unwrap());
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    pool.assert_only_held(&[start(&kept)]);
    drop(kept);
    pool.assert_only_held(&[]);
}

#[test]
fn a_forgotten_handle_leaves_its_block_held_and_nothing_worse() {
    let pool = Pool::new(SIZE, 4);
    let block = pool.alloc().unwrap();
    let lost = start(&block);
    mem::forget(block);
    pool.assert_only_held(&[lost]);
    let rest: Vec<_> = (0..3).map(|_| pool.alloc().unwrap()).collect();
    assert!(rest.iter().all(|block| start(block) != lost));
    assert_eq!(pool.alloc().unwrap_err(), AllocError::Exhausted);
    drop(rest);
    pool.assert_only_held(&[lost]);
}

#[test]
fn an_owning_handle_outlives_its_scope_and_is_freed_by_another_thread() {
    let (sender, receiver) = mpsc::channel();
    let pool = {
        let pool = Arc::new(Pool::new(SIZE, 4));
        for value in 1..=4 {
            let mut block = Block::alloc_in(Arc::clone(&pool)).unwrap();
            block.fill(value);
            sender.send(block).unwrap();
        }
        drop(sender);
        Arc::downgrade(&pool)
    };
    assert_eq!(pool.strong_count(), 4, "the blocks alone keep their pool");
    thread::spawn(move || {
        for value in 1..=4_u8 {
            let block = receiver.recv().unwrap();
            assert_eq!(block[..], [value; SIZE]);
            let pool = Arc::clone(block.pool());
            drop(block);
            assert_eq!(pool.available(), value.into());
        }
    })
    .join()
    .unwrap();
    assert!(pool.upgrade().is_none(), "the last block takes its pool along");
}

#[test]
fn handles_of_a_shared_pool_are_read_by_many_and_dropped_by_any_thread() {
    let pool = Pool::new(SIZE, 64);
    let mut blocks: Vec<_> = (0..64).map(|_| pool.alloc().unwrap()).collect();
    for (value, block) in (0_u8..).zip(&mut blocks) {
        block.fill(value);
    }
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (value, block) in (0_u8..).zip(&blocks) {
                    assert_eq!(block[..], [value; SIZE]);
                }
            });
        }
    });
    thread::scope(|scope| {
        while let Some(block) = blocks.pop() {
            scope.spawn(move || drop(block));
        }
    });
    pool.assert_only_held(&[]);
}

/// A pool that is wrong about the size of its blocks.
struct Boastful(Pool);

// SAFETY: all of it is the inner pool's, but for the size, which is what the test is about: no
// slice may be made of it.
unsafe impl BlockAlloc for Boastful {
    fn region(&self) -> &Region {
        self.0.region()
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        self.0.acquire()
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise is passed on.
        unsafe { self.0.release(block) };
    }

    fn available(&self) -> usize {
        self.0.available()
    }

    fn block_size(&self) -> usize {
        2 * SIZE
    }
}

/// Invariant 4.
#[test]
fn the_length_of_a_handle_is_that_of_the_regions_blocks_whatever_the_pool_says() {
    let pool = Boastful(Pool::new(SIZE, 1));
    let block = pool.alloc().unwrap();
    assert_eq!(block.len(), SIZE);
    // SAFETY: out raw, and the pointer is not used again.
    let block = unsafe { Block::from_raw(block.into_raw(), &pool) }.unwrap();
    assert_eq!(block.len(), SIZE);
}
