//! Whose a block is while several handles share it, on whatever threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use block_core::buffer::{BlockBuf, BlockBytes};
use block_core::{AllocError, Block, BlockAlloc};
use bytes::{BufMut, Bytes};

use crate::support::Pool;
use crate::{SIZE, filled};

#[test]
fn a_frozen_buffer_is_as_small_as_bytes() {
    assert_eq!(size_of::<BlockBytes<&Pool>>(), size_of::<Bytes>());
    assert_eq!(size_of::<BlockBytes<Arc<Pool>>>(), size_of::<Bytes>());
    assert_eq!(size_of::<Option<BlockBytes<&Pool>>>(), size_of::<Bytes>());
    assert_eq!(size_of::<BlockBuf<&Pool>>(), 5 * size_of::<usize>());
}

#[test]
fn buffers_over_any_pool_cross_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<BlockBuf<&Pool>>();
    crosses::<BlockBytes<&'static dyn BlockAlloc>>();
    crosses::<BlockBytes<Arc<Pool>>>();
    crosses::<BlockBuf<Arc<dyn BlockAlloc>>>();
}

/// A buffer may outlive all other handles of its pool, if it owns a share of it.
#[test]
fn the_last_buffer_takes_its_pool_along_on_whatever_thread() {
    let (sender, receiver) = mpsc::channel::<BlockBytes<Arc<dyn BlockAlloc>>>();
    let pool: Arc<dyn BlockAlloc> = Arc::new(Pool::new(SIZE, 2));
    let gone = Arc::downgrade(&pool);
    let mut buffer = BlockBuf::alloc_in(pool).unwrap();
    buffer.put_slice(b"hello world");
    let (first, second) = (buffer.freeze_to(5), buffer.freeze());
    sender.send(first.clone()).unwrap();
    sender.send(second).unwrap();
    drop((first, sender));
    let reader = thread::spawn(move || {
        let parts: Vec<_> = receiver.iter().collect();
        assert_eq!(parts[0].pool().unwrap().available(), 1);
        assert_eq!(Arc::strong_count(parts[1].pool().unwrap()), 1, "once for the block");
        parts.iter().map(|part| part.len()).sum::<usize>()
    });
    assert_eq!(reader.join().unwrap(), 11);
    assert!(gone.upgrade().is_none());
}

/// Invariants 1 and 2, with many handles of a few blocks on many threads.
#[test]
fn clones_dropped_by_many_threads_at_once_give_each_block_back_once() {
    const THREADS: usize = 4;
    let pool = Pool::new(SIZE, 2);
    for round in 0..if cfg!(miri) { 5 } else { 500_u32 } {
        let (start, bytes) = (Barrier::new(THREADS), round.to_le_bytes());
        let shared = filled(&pool, &bytes).freeze();
        thread::scope(|scope| {
            for part in 0..THREADS {
                let (mine, start) = (shared.slice(part..), &start);
                scope.spawn(move || {
                    start.wait();
                    let more = mine.clone();
                    assert_eq!(more, bytes[part..]);
                    drop(mine);
                    let thawed = more.try_into_mut().map(|mut last| last.fill(0xee));
                    drop(thawed);
                });
            }
            drop(shared);
        });
        pool.assert_only_held(&[]);
    }
}

/// The next holder writes after the last reader has read, although nothing but the block's own count
/// orders the two. For Miri, which sees the race.
#[test]
fn a_block_frozen_by_the_only_handle_goes_back_after_others_have_read_it() {
    let pool = Arc::new(Pool::new(SIZE, 1));
    for freezes in [true, false] {
        let mut buffer = BlockBuf::alloc_in(Arc::clone(&pool)).unwrap();
        buffer.put_bytes(7, 32);
        let (front, gone) = (buffer.freeze_to(16), Arc::new(AtomicBool::new(false)));
        let reader = {
            let gone = Arc::clone(&gone);
            thread::spawn(move || {
                assert_eq!(front[0], 7);
                drop(front);
                gone.store(true, Ordering::Relaxed);
            })
        };
        while !gone.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        if freezes {
            drop(buffer.freeze());
        } else {
            assert!(buffer.try_reclaim(40), "nobody else has a part of it");
            drop(buffer);
        }
        Block::alloc_in(Arc::clone(&pool)).unwrap().fill(9);
        reader.join().unwrap();
    }
}

#[test]
fn a_buffer_of_an_exhausted_pool_is_an_error() {
    let pool = Pool::new(SIZE, 1);
    let buffer = BlockBuf::alloc_in(&pool).unwrap();
    assert_eq!(BlockBuf::alloc_in(&pool).unwrap_err(), AllocError::Exhausted);
    drop(buffer);
    assert!(BlockBuf::alloc_in(&pool).is_ok());
}
