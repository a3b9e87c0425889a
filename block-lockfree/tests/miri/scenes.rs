//! Small tests of several threads. Each does a few rounds of one task. Miri chooses how the threads
//! interleave, and detects data races and invalid pointers.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use block_core::buffer::{BlockBuf, BlockBytes};
use block_core::wait::Waiting;
use block_core::{
    Block, BlockAlloc, BlockAllocExt, BlockLayout, PoolAllocator, Region, SharedPool,
    SharedPoolAllocator,
};
use block_lockfree::LockFreeAlloc;

const ROUNDS: usize = 4;

block_lockfree::static_pool! { static PACKETS: [[u8; 16]; 3]; }

fn pool(block_size: usize, capacity: usize) -> LockFreeAlloc {
    LockFreeAlloc::new(block_size, capacity).unwrap()
}

/// Allocates, writes, reads and frees by handle, raw and in bulk.
fn use_blocks<A: BlockAlloc + ?Sized>(pool: &A, id: u8, rounds: usize) {
    for round in 0..rounds {
        match round % 4 {
            0 | 1 => {
                if let Ok(mut block) = pool.alloc() {
                    block.fill(id);
                    thread::yield_now();
                    assert!(block.iter().all(|&byte| byte == id));
                }
            }
            2 => {
                if let Ok(raw) = pool.alloc_raw() {
                    // SAFETY: held raw by this thread, and freed once; every byte is initialised.
                    unsafe {
                        raw.write(id);
                        assert_eq!(raw.read(), id);
                        pool.free_raw(raw).unwrap();
                    }
                }
            }
            _ => {
                let mut two = [const { None }; 2];
                if pool.alloc_bulk(&mut two).is_ok() {
                    two.iter_mut().flatten().for_each(|block| block.fill(id));
                    pool.free_bulk(&mut two);
                }
            }
        }
    }
}

fn three_threads_use_blocks<A: BlockAlloc + ?Sized>(pool: &A) {
    thread::scope(|scope| {
        for id in 1..=3 {
            scope.spawn(move || use_blocks(pool, id, ROUNDS));
        }
    });
    assert_eq!(pool.available(), pool.capacity());
}

#[test]
fn threads_share_a_pool_without_magazines() {
    three_threads_use_blocks(&pool(8, 2).with_magazine(0));
}

#[test]
fn threads_share_a_pool_with_magazines() {
    three_threads_use_blocks(&pool(8, 3));
    three_threads_use_blocks(&pool(8, 300));
}

#[test]
fn threads_share_a_hardened_pool() {
    let layout = BlockLayout::new(8, 3).unwrap().with_guard(5).unwrap();
    let region = Region::options().verify_on_acquire(true).map(layout).unwrap();
    three_threads_use_blocks(&LockFreeAlloc::from_region(region).unwrap());
}

#[test]
fn threads_share_a_static_pool() {
    three_threads_use_blocks(&PACKETS);
}

/// A thread that starts gets the number, and the magazine, of one that ended.
#[test]
fn threads_end_while_another_counts_the_blocks() {
    let pool = &pool(8, 4);
    thread::scope(|scope| {
        for id in 1..=2 {
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    thread::scope(|scope| {
                        scope.spawn(|| use_blocks(pool, id, 2));
                    });
                }
            });
        }
        scope.spawn(move || {
            for _ in 0..ROUNDS {
                assert!(pool.available() <= 4);
            }
        });
    });
    assert_eq!(pool.available(), 4);
}

#[test]
fn blocks_that_own_their_pool_go_to_another_thread() {
    let pool = Arc::new(pool(8, 130));
    let (sender, receiver) = mpsc::channel::<Block<Arc<LockFreeAlloc>>>();
    let consumer = thread::spawn(move || {
        for block in receiver {
            assert_eq!(block[0], 7);
        }
    });
    for _ in 0..ROUNDS {
        let mut block = Block::alloc_in(Arc::clone(&pool)).unwrap();
        block[0] = 7;
        sender.send(block).unwrap();
    }
    drop(sender);
    consumer.join().unwrap();
    assert_eq!(pool.available(), 130);
}

/// So many that whole batches go from one thread's magazine to the other's.
#[test]
fn batches_go_from_one_thread_to_another() {
    let pool = &pool(1, 300);
    let (sender, receiver) = mpsc::channel::<Block<&LockFreeAlloc>>();
    thread::scope(|scope| {
        scope.spawn(move || {
            for block in receiver {
                assert_eq!(block[0], 7);
            }
        });
        for _ in 0..if cfg!(miri) { 80 } else { 1000 } {
            if let Ok(mut block) = pool.alloc() {
                block[0] = 7;
                sender.send(block).unwrap();
            }
        }
        drop(sender);
    });
    assert_eq!(pool.available(), 300);
}

#[test]
fn handles_of_one_buffer_go_to_four_threads() {
    let pool = Arc::new(pool(16, 2));
    for _ in 0..ROUNDS {
        let mut buffer = BlockBuf::alloc_in(Arc::clone(&pool)).unwrap();
        buffer.extend_from_slice(b"head body tail..");
        let head = buffer.freeze_to(4);
        let body = buffer.split_to(6).freeze();
        let shared = bytes::Bytes::from(body.clone());
        let owner = Arc::clone(&pool);
        let threads = [
            thread::spawn(move || {
                assert_eq!(&head.slice(1..)[..], b"ead");
                drop(head.clone());
            }),
            thread::spawn(move || {
                if let Ok(bytes) = BlockBytes::from_bytes(shared, &owner) {
                    assert_eq!(&bytes[..], b" body ");
                    if let Ok(mut writable) = bytes.try_into_mut() {
                        writable[0] = 1;
                    }
                }
            }),
            thread::spawn(move || {
                if buffer.try_reclaim(8) {
                    buffer.extend_from_slice(b"12345678");
                }
                drop(buffer.freeze());
            }),
            thread::spawn(move || {
                if let Ok(mut block) = body.into_block() {
                    block.fill(3);
                }
            }),
        ];
        for thread in threads {
            thread.join().unwrap();
        }
    }
    assert_eq!(pool.available(), 2);
}

#[test]
fn threads_wait_for_the_only_block() {
    let pool = &Waiting::new(pool(8, 1));
    thread::scope(|scope| {
        for id in 1..=3_u8 {
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    let mut block = pool.alloc_wait().unwrap();
                    block.fill(id);
                    thread::yield_now();
                    assert!(block.iter().all(|&byte| byte == id));
                }
            });
        }
        scope.spawn(move || {
            for _ in 0..ROUNDS {
                drop(pool.alloc_timeout(Duration::from_nanos(1)));
            }
        });
    });
    assert_eq!(pool.available(), 1);
}

#[test]
fn futures_that_wait_are_dropped_at_any_time() {
    let pool = &Waiting::new(pool(8, 1));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    let mut context = Context::from_waker(Waker::noop());
                    let mut future = pool.alloc_async();
                    for _ in 0..3 {
                        if let Poll::Ready(Ok(mut block)) = Pin::new(&mut future).poll(&mut context)
                        {
                            block[0] = block[0].wrapping_add(1);
                            break;
                        }
                        thread::yield_now();
                    }
                }
            });
        }
    });
    assert_eq!((pool.available(), pool.waiters()), (1, 0));
}

#[test]
fn containers_of_several_threads_share_a_pool() {
    use allocator_api2::boxed::Box as PoolBox;
    use allocator_api2::vec::Vec as PoolVec;

    let pool = SharedPoolAllocator::from(PoolAllocator::new(pool(64, 3)));
    thread::scope(|scope| {
        for id in 0..3_u32 {
            let pool = pool.clone();
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    let boxed = PoolBox::try_new_in((id as u8, id), pool.clone());
                    let mut numbers = PoolVec::new_in(pool.clone());
                    if numbers.try_reserve_exact(8).is_ok() {
                        numbers.extend([id, 2]);
                        numbers.shrink_to_fit();
                    }
                    drop(boxed);
                }
            });
        }
    });
    assert_eq!(pool.available(), 3);
}

#[test]
fn two_threads_free_one_block_and_one_of_them_succeeds() {
    let pool = &pool(8, 2);
    for _ in 0..ROUNDS {
        let address = pool.alloc_raw().unwrap().addr();
        let freed: usize = thread::scope(|scope| {
            let free = || {
                let block = std::ptr::NonNull::without_provenance(address);
                // SAFETY: every byte is initialised, and the block is not used any more.
                usize::from(unsafe { pool.free_raw(block) }.is_ok())
            };
            [scope.spawn(free), scope.spawn(free)].map(|thread| thread.join().unwrap()).iter().sum()
        });
        assert_eq!(freed, 1);
    }
    assert_eq!(pool.available(), 2);
}

/// Owners and owned blocks go on several threads; whichever is last frees the pool. Miri lets
/// another thread run after the last step of each free.
fn the_last_one_frees_the_pool(magazine: usize) {
    for _ in 0..ROUNDS {
        let pool = SharedPool::new(pool(8, 4).with_magazine(magazine));
        let [first, second, third] = [(); 3].map(|()| pool.alloc_owned().unwrap());
        let mut bulk = [Some(pool.alloc_owned().unwrap()), None];
        let owner = pool.clone();
        let threads = [
            thread::spawn(move || drop((first, pool))),
            thread::spawn(move || {
                owner.free_owned_bulk(&mut bulk);
                drop(second);
            }),
            thread::spawn(move || drop(third)),
        ];
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

#[test]
fn the_last_owner_or_block_frees_a_pool_with_magazines() {
    the_last_one_frees_the_pool(62);
}

#[test]
fn the_last_owner_or_block_frees_a_pool_without_magazines() {
    the_last_one_frees_the_pool(0);
}
