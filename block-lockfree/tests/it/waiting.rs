//! The pool in `Waiting`: blocks in the magazines of other threads reach the waiters.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::support::deadline;
use block_core::conformance::Factory;
use block_core::wait::Waiting;
use block_core::{Block, BlockAlloc, BlockAllocExt, BlockLayout, Region, StaticMemory};
use block_lockfree::LockFreeAlloc;

fn waiting(region: Region) -> Box<Waiting<LockFreeAlloc>> {
    let pool = LockFreeAlloc::from_region(region).expect("there is memory for the links");
    Box::new(Waiting::new(pool))
}

block_core::conformance_tests! {
    lock_free_that_is_waited_for,
    // SAFETY: nothing else uses the pools.
    unsafe { Factory::new(waiting) }
}

fn pools(capacity: usize) -> [Waiting<LockFreeAlloc>; 2] {
    let pool = || LockFreeAlloc::new(64, capacity).unwrap();
    [pool(), pool().with_magazine(0)].map(Waiting::new)
}

/// Invariants 1 and 2.
#[track_caller]
fn assert_whole(pool: &Waiting<LockFreeAlloc>) {
    assert_eq!(pool.available(), pool.capacity(), "blocks that came back");
    let blocks: Vec<_> = std::iter::from_fn(|| pool.alloc().ok()).collect();
    assert_eq!(blocks.len(), pool.capacity(), "blocks to be had");
}

/// Threads come and go, and leave blocks in their magazines; each takes its blocks one after
/// another, by waiting. A lost wakeup would leave one asleep.
#[test]
fn threads_that_come_and_go_all_get_their_blocks() {
    let _end = deadline("threads that come and go", 120);
    for (capacity, most) in [(1, 1), (3, 1), (8, 2), (130, 40)] {
        for pool in pools(capacity) {
            for generation in 0..10 {
                thread::scope(|scope| {
                    for id in 0..6 {
                        let pool = &pool;
                        scope.spawn(move || gets_its_blocks(pool, most, generation * 10 + id));
                    }
                });
            }
            assert_whole(&pool);
        }
    }
}

fn gets_its_blocks(pool: &Waiting<LockFreeAlloc>, most: usize, stamp: u8) {
    for round in 0..100 {
        // By waiting for one only: several, one by one, would be a deadlock of the test's own.
        let mut held = vec![pool.alloc_wait().unwrap()];
        let others = std::iter::from_fn(|| pool.alloc_timeout(Duration::ZERO).ok());
        held.extend(others.take(round % most));
        held.iter_mut().for_each(|block| block.fill(stamp));
        if round % 7 == 0 {
            thread::yield_now();
        }
        for block in &held {
            assert!(block.iter().all(|&byte| byte == stamp), "invariant 1: another holder wrote");
        }
    }
}

/// Blocks that lie in the magazine of a thread which does nothing any more.
#[test]
fn blocks_in_the_magazine_of_an_idle_thread_need_no_waiting() {
    let _end = deadline("blocks of an idle thread", 120);
    for pool in pools(64) {
        let (filled, go_on) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
        thread::scope(|scope| {
            scope.spawn(|| {
                let blocks: Vec<_> = (0..64).map(|_| pool.alloc_wait().unwrap()).collect();
                drop(blocks);
                filled.wait();
                go_on.wait();
            });
            filled.wait();
            let blocks: Vec<_> = (0..64).map(|_| pool.alloc_wait().unwrap()).collect();
            assert!(pool.alloc_timeout(Duration::ZERO).is_err());
            drop(blocks);
            go_on.wait();
        });
        assert_whole(&pool);
    }
}

/// Without a heap for the pool, and without a line that sets it up.
#[test]
fn a_pool_in_a_static_is_waited_for() {
    const LAYOUT: BlockLayout = match BlockLayout::new(64, 1) {
        Ok(layout) => layout,
        Err(error) => panic!("{}", error.message()),
    };
    static POOL: Waiting<LockFreeAlloc> = Waiting::new({
        static mut MEMORY: StaticMemory<{ LockFreeAlloc::footprint(&LAYOUT).bytes() }> =
            StaticMemory::new();
        let memory = &raw mut MEMORY;
        // SAFETY: the only reference ever made to it: nobody else can name it, and the initializer
        // of a static is evaluated once.
        LockFreeAlloc::in_static(LAYOUT, unsafe { &mut *memory })
    });
    let _end = deadline("a pool in a static", 120);
    let held: Block<&'static Waiting<LockFreeAlloc>> = POOL.alloc_wait().unwrap();
    let other = thread::spawn(|| drop(POOL.alloc_wait().unwrap()));
    while POOL.waiters() == 0 {
        thread::yield_now();
    }
    drop(held);
    other.join().unwrap();
    assert_whole(&POOL);
}

/// Blocks that one thread takes and another gives back, with a pool so small that the first one
/// mostly waits.
#[test]
fn a_producer_waits_for_the_blocks_that_its_consumer_gives_back() {
    let _end = deadline("a producer and its consumer", 120);
    for pool in pools(4) {
        let pool = Arc::new(pool);
        let (sender, receiver) = std::sync::mpsc::channel::<Block<Arc<Waiting<LockFreeAlloc>>>>();
        let consumer = thread::spawn(move || receiver.into_iter().map(drop).count());
        for _ in 0..20_000 {
            sender.send(Block::alloc_wait_in(Arc::clone(&pool)).unwrap()).unwrap();
        }
        drop(sender);
        assert_eq!(consumer.join().unwrap(), 20_000);
        assert_whole(&pool);
    }
}

#[test]
fn what_the_pool_says_of_itself_comes_through_and_who_waits_is_added() {
    let pool = Waiting::new(LockFreeAlloc::new(1500, 2).unwrap().with_magazine(0));
    let held = [pool.alloc_wait().unwrap(), pool.alloc_wait().unwrap()];
    assert!(pool.alloc_timeout(std::time::Duration::ZERO).is_err());
    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.high_water), (2, 2));
    assert!(stats.exhaustions > 0, "{stats}");
    assert_eq!(pool.to_string(), format!("{stats}, 0 waiting"));
    drop(held);
}
