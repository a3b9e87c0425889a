//! Pools with several owners, and blocks that own their pool.

#[path = "support/pool.rs"]
mod pool;

use std::mem;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use block_core::{AllocError, Block, BlockAlloc, BlockAllocExt, FreeError, Lease, SharedPool};
use pool::Pool;

type Owned = Block<Lease<Pool>>;

#[test]
fn a_lease_is_one_word_and_an_owned_block_is_no_larger_than_a_borrowed_one() {
    assert_eq!(size_of::<Lease<Pool>>(), size_of::<usize>());
    assert_eq!(size_of::<Owned>(), size_of::<Block<&Pool>>());
    assert_eq!(size_of::<Option<Owned>>(), size_of::<Owned>());
    assert_eq!(size_of::<SharedPool<Pool>>(), size_of::<usize>());
}

#[test]
fn owners_and_owned_blocks_cross_threads_and_unwinding() {
    fn check<T: Send + Sync + UnwindSafe + RefUnwindSafe + 'static>() {}
    check::<SharedPool<Pool>>();
    check::<Owned>();
    check::<Lease<Pool>>();
}

#[test]
fn a_block_keeps_the_pool_alive_after_its_last_owner() {
    let pool = SharedPool::new(Pool::new(64, 4));
    let clone = pool.clone();
    let [first, second] = [pool.alloc_owned().unwrap(), clone.alloc_owned().unwrap()];
    drop((pool, clone));
    let other = first.pool().alloc().expect("two blocks are free");
    assert_eq!(first.pool().available(), 1);
    drop(other);
    drop(first);
    let thread =
        std::thread::spawn(move || second.iter().map(|&byte| u64::from(byte)).sum::<u64>());
    assert_eq!(thread.join().unwrap(), 0);
}

#[test]
fn owned_bulk_calls_fill_all_entries_or_none_and_free_each_block_to_its_own_pool() {
    let (pool, other) = (SharedPool::new(Pool::new(64, 4)), SharedPool::new(Pool::new(64, 4)));
    let mut blocks = [const { None }; 5];
    assert_eq!(pool.alloc_owned_bulk(&mut blocks), Err(AllocError::Exhausted));
    assert!(blocks.iter().all(Option::is_none));

    let mut blocks = [const { None }; 4];
    pool.alloc_owned_bulk(&mut blocks).unwrap();
    let distinct: std::collections::HashSet<_> =
        blocks.iter().flatten().map(|block| block.as_ptr()).collect();
    assert_eq!((distinct.len(), pool.available()), (4, 0));

    blocks[1] = Some(other.alloc_owned().unwrap());
    blocks[2] = None;
    assert_eq!((pool.available(), other.available()), (2, 3));
    pool.free_owned_bulk(&mut blocks);
    assert!(blocks.iter().all(Option::is_none));
    assert_eq!((pool.available(), other.available()), (4, 4));
}

#[test]
fn raw_blocks_become_owned_ones_again_once() {
    let pool = SharedPool::new(Pool::new(64, 2));
    let mut block = pool.alloc_owned().unwrap();
    block[0] = 7;
    let raw = block.into_raw();
    // SAFETY: from `into_raw`, and not used afterwards; the other calls must fail.
    unsafe {
        let block = pool.from_raw(raw).unwrap();
        assert_eq!(block[0], 7);
        assert_eq!(pool.from_raw(raw).unwrap_err(), FreeError::NotAllocated);
        drop(block);
        assert_eq!(pool.from_raw(raw).unwrap_err(), FreeError::NotAllocated);
        assert_eq!(pool.from_raw(raw.add(1)).unwrap_err(), FreeError::NotBlockStart);
    }
    pool.assert_only_held(&[]);
}

/// The raw calls of a block's pool are the backend's own: they count no reference.
#[test]
fn raw_calls_through_a_block_do_not_change_who_owns_the_pool() {
    let pool = SharedPool::new(Pool::new(64, 8));
    let block = pool.alloc_owned().unwrap();
    for _ in 0..10 {
        let leased = &**block.pool();
        let (raw, mut bulk) = (leased.alloc_raw().unwrap(), [None; 3]);
        leased.alloc_bulk_raw(&mut bulk).unwrap();
        // SAFETY: allocated just now; freed once by the pool, by either of its names.
        unsafe {
            pool.free_raw(raw).unwrap();
            pool.free_bulk_raw(&mut bulk).unwrap();
            leased.free_raw(pool.alloc_raw().unwrap()).unwrap();
        }
    }
    drop(pool);
    assert_eq!(block.pool().available(), 7);
}

#[test]
fn a_pool_behind_a_box_is_shared_like_any_other() {
    let backend: Box<dyn BlockAlloc> = Box::new(Pool::new(64, 3));
    assert_eq!((backend.capacity(), backend.block_size()), (3, 64));
    let pool = SharedPool::new(backend);
    let blocks: Vec<_> = std::iter::from_fn(|| pool.alloc_owned().ok()).collect();
    assert_eq!((blocks.len(), pool.stats().in_use), (3, 3));
    drop(pool);
    drop(blocks);
}

/// Counts the drops of a backend that cannot retire.
struct Counted(Pool, Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: every call is that of the pool inside.
unsafe impl BlockAlloc for Counted {
    fn region(&self) -> &block_core::Region {
        self.0.region()
    }

    fn acquire(&self) -> Option<std::ptr::NonNull<u8>> {
        self.0.acquire()
    }

    unsafe fn release(&self, block: std::ptr::NonNull<u8>) {
        // SAFETY: by this function's contract.
        unsafe { self.0.release(block) }
    }

    fn available(&self) -> usize {
        self.0.available()
    }
}

#[test]
fn a_pool_is_freed_with_its_last_owner_or_block_and_not_before() {
    let drops = Arc::new(AtomicUsize::new(0));
    let pool = || SharedPool::new(Counted(Pool::new(64, 4), Arc::clone(&drops)));
    let count = || drops.swap(0, Ordering::Relaxed);

    drop(pool());
    assert_eq!(count(), 1, "never used");

    let (first, second) = (pool(), pool());
    let block = first.alloc_owned().unwrap();
    drop(first);
    assert_eq!(count(), 0);
    drop(block);
    assert_eq!(count(), 1, "the block was last");

    drop(second.alloc_owned());
    let clone = second.clone();
    drop(second);
    assert_eq!(count(), 0);
    drop(clone);
    assert_eq!(count(), 1, "the clone was last");

    let third = pool();
    mem::forget(third.alloc_owned());
    drop(third);
    assert_eq!(count(), 0, "a forgotten block keeps it for ever");
}

#[cfg(feature = "bytes")]
mod buffers {
    use super::*;
    use block_core::buffer::{BlockBuf, BlockBytes};
    use bytes::Bytes;

    #[test]
    fn buffers_of_a_shared_pool_own_it() {
        let drops = Arc::new(AtomicUsize::new(0));
        let pool = SharedPool::new(Counted(Pool::new(64, 4), Arc::clone(&drops)));
        let mut buffer = BlockBuf::alloc_in(&pool).unwrap();
        buffer.extend_from_slice(b"headbody");
        let head = buffer.freeze_to(4);
        let clones = [(); 10].map(|()| head.clone());
        let body = Bytes::from(buffer.freeze());
        drop(pool);
        drop((head, clones));
        assert_eq!(drops.load(Ordering::Relaxed), 0);
        let thread = std::thread::spawn(move || assert_eq!(body, "body"));
        thread.join().unwrap();
        assert_eq!(drops.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn bytes_become_buffers_of_the_pool_that_owns_them_again() {
        let pool = SharedPool::new(Pool::new(64, 2));
        let mut buffer = BlockBuf::alloc_in(&pool).unwrap();
        buffer.extend_from_slice(b"hello");
        let bytes = pool.from_bytes(Bytes::from(buffer.freeze())).expect("of this pool");
        let buffer = bytes.try_into_mut().expect("the only handle");
        assert_eq!(buffer, b"hello");
        drop(buffer);
        assert_eq!(pool.available(), 2);
        let other = Bytes::from_static(b"not from a pool");
        assert_eq!(pool.from_bytes(other).unwrap_err(), "not from a pool");
    }

    /// A block that was not allocated through the lease has no reference that the lease's pool could
    /// give up, so its handles are not joined by way of that pool.
    #[test]
    fn bytes_of_borrowed_blocks_are_not_joined_through_a_lease() {
        let pool: &'static _ = Box::leak(Box::new(SharedPool::new(Pool::new(64, 2))));
        let mut buffer = BlockBuf::alloc_in(&**pool).unwrap();
        buffer.extend_from_slice(b"hello");
        let bytes = Bytes::from(buffer.freeze());
        let owned = pool.alloc_owned().unwrap();
        let leased = &**owned.pool();
        let bytes = BlockBytes::from_bytes(bytes, &leased).unwrap_err();
        assert_eq!(bytes, "hello");
        assert_eq!(pool.from_bytes(bytes).unwrap_err(), "hello");
    }
}

#[cfg(feature = "wait")]
mod waiting {
    use super::*;
    use block_core::wait::Waiting;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::{Duration, Instant};

    #[test]
    fn owned_blocks_can_be_waited_for_and_free_the_pool_with_the_last_of_them() {
        let drops = Arc::new(AtomicUsize::new(0));
        let pool = SharedPool::new(Waiting::new(Counted(Pool::new(64, 1), Arc::clone(&drops))));
        let block = pool.alloc_owned_wait().unwrap();
        assert_eq!(pool.alloc_owned_timeout(Duration::ZERO).unwrap_err(), AllocError::TimedOut);
        let past = Instant::now();
        assert_eq!(pool.alloc_owned_deadline(past).unwrap_err(), AllocError::TimedOut);

        let mut context = Context::from_waker(Waker::noop());
        let task = pool.clone();
        let mut next = pin!(async move { task.alloc_owned_async().await });
        assert!(next.as_mut().poll(&mut context).is_pending());
        drop(block);
        let Poll::Ready(Ok(block)) = next.as_mut().poll(&mut context) else {
            panic!("the block is the waiter's")
        };
        drop(pool);
        assert_eq!(drops.load(Ordering::Relaxed), 0);
        drop(block);
        assert_eq!(drops.load(Ordering::Relaxed), 1);
    }
}
