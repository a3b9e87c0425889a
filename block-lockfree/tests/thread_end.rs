//! The blocks that a thread leaves when it ends, and threads without a number of their own.
#![cfg(not(any(block_loom, block_shuttle)))]

#[path = "support/churn.rs"]
mod churn;
#[path = "support/share.rs"]
mod share;
mod support;

use std::cell::RefCell;
use std::sync::{Arc, Barrier, Mutex, MutexGuard};

use block_lockfree::LockFreeAlloc;
use churn::churn;
use share::share_all_blocks;
use support::{Stamped, deadline, expect_all_blocks};

/// Returns a guard that each test holds, because the tests depend on the numbers that threads get.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[test]
fn a_thread_that_ends_leaves_its_full_magazine_to_the_others() {
    let _alone = alone();
    let _end = deadline("full magazine", 60);
    for capacity in [1, 10, 62, 200, 2000] {
        let pool = LockFreeAlloc::new(64, capacity).unwrap();
        for _ in 0..10 {
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    drop((0..capacity).map(|_| Stamped::must(&pool)).collect::<Vec<_>>())
                });
            });
            expect_all_blocks(&pool);
        }
    }
}

#[test]
fn more_threads_than_slots_all_get_their_blocks() {
    const THREADS: usize = 2100;
    let _alone = alone();
    let _end = deadline("2100 threads", 120);
    let pool = LockFreeAlloc::new(64, THREADS).unwrap();
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let take_and_give = || {
                for _ in 0..2 {
                    let block = Stamped::must(&pool);
                    barrier.wait(); // now all the blocks are held
                    drop(block);
                    barrier.wait();
                }
            };
            std::thread::Builder::new()
                .stack_size(64 << 10)
                .spawn_scoped(scope, take_and_give)
                .expect("2100 threads at a time are allowed");
        }
    });
    expect_all_blocks(&pool);
}

/// Uses its pool when its thread ends, while another thread uses the pool too.
struct AtTheEnd {
    pool: Arc<LockFreeAlloc>,
    beside: Arc<Barrier>,
    share: usize,
}

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        self.beside.wait();
        churn(&self.pool, &mut Vec::new(), (self.share, 200_000, 1), |_| {});
    }
}

std::thread_local! {
    static AT_THE_END: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
}

/// Destructors run in the reverse order of first use. So a destructor that was registered before
/// that of the pool runs after the thread has lost its number, and the other thread may have got
/// the number.
#[test]
fn frees_from_a_thread_local_destructor_after_the_slot_is_gone_use_no_magazine_of_another_thread() {
    let _alone = alone();
    let _end = deadline("destructors", 120);
    for share in [1, 3, 20, 100, 1000].repeat(4) {
        for registered_first in [true, false] {
            let pool = Arc::new(LockFreeAlloc::new(64, 4 * share).unwrap());
            let beside = Arc::new(Barrier::new(2));
            let ending = {
                let (pool, beside) = (Arc::clone(&pool), Arc::clone(&beside));
                std::thread::spawn(move || {
                    let register = || {
                        let (pool, beside) = (Arc::clone(&pool), Arc::clone(&beside));
                        AT_THE_END.set(Some(AtTheEnd { pool, beside, share }));
                    };
                    if registered_first {
                        register();
                    }
                    drop(Stamped::must(&pool));
                    if !registered_first {
                        register();
                    }
                })
            };
            // The other thread gets its number only now.
            beside.wait();
            std::thread::scope(|scope| {
                scope.spawn(|| churn(&pool, &mut Vec::new(), (share, 200_000, 2), |_| {}));
            });
            ending.join().expect("the destructor got every block");
            expect_all_blocks(&pool);
        }
    }
}

#[test]
fn a_pool_at_the_place_of_a_dropped_one_starts_afresh() {
    let _alone = alone();
    let _end = deadline("pools come and go", 120);
    let barrier = Barrier::new(3);
    let place = Mutex::new(None);
    std::thread::scope(|scope| {
        let rounds = || (0..60).flat_map(|_| [1, 7, 64, 300, 2000]);
        for _ in 0..2 {
            let (barrier, place) = (&barrier, &place);
            scope.spawn(move || {
                for capacity in rounds() {
                    barrier.wait();
                    let pool: Arc<LockFreeAlloc> = place.lock().unwrap().clone().unwrap();
                    let most = capacity / 3;
                    if most > 0 {
                        churn(&pool, &mut Vec::new(), (most, 3 * most, capacity), |_| {});
                    }
                    drop(pool);
                    barrier.wait();
                }
            });
        }
        for capacity in rounds() {
            let pool = Arc::new(LockFreeAlloc::new(64, capacity).unwrap());
            expect_all_blocks(&pool);
            *place.lock().unwrap() = Some(Arc::clone(&pool));
            barrier.wait();
            churn(&pool, &mut Vec::new(), (capacity.div_ceil(3), capacity, 3), |_| {});
            barrier.wait();
            expect_all_blocks(&pool);
            *place.lock().unwrap() = None;
            drop(Arc::into_inner(pool).expect("nobody else has it"));
        }
    });
    share_all_blocks(&LockFreeAlloc::new(64, 64).unwrap(), 2, 1000, |_| {});
}
