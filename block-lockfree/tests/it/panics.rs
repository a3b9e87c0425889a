//! A panic frees the blocks of the code that it unwinds (invariant 2).

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::{Stamped, deadline, expect_all_blocks};
use block_core::BlockAllocExt;
use block_lockfree::LockFreeAlloc;

#[test]
fn a_panic_gives_back_what_was_held() {
    let _end = deadline("panics", 60);
    for capacity in [1, 5, 100, 1000] {
        let pool = LockFreeAlloc::new(64, capacity).unwrap();
        for held in [1, capacity / 2, capacity] {
            let attempt = catch_unwind(AssertUnwindSafe(|| {
                let _blocks: Vec<_> = (0..held).map(|_| Stamped::must(&pool)).collect();
                std::panic::resume_unwind(Box::new("on purpose"));
            }));
            assert!(attempt.is_err());
            expect_all_blocks(&pool);
        }
    }
}

#[test]
fn a_thread_that_panics_leaves_its_blocks_to_the_others() {
    let _end = deadline("panics in threads", 60);
    let pool = LockFreeAlloc::new(64, 300).unwrap();
    for _ in 0..50 {
        std::thread::scope(|scope| {
            let threads = [0, 1, 2].map(|_| {
                scope.spawn(|| {
                    let mut blocks: Vec<_> = (0..100).map(|_| pool.alloc().unwrap()).collect();
                    blocks.truncate(50);
                    std::panic::resume_unwind(Box::new("on purpose"));
                })
            });
            assert!(threads.into_iter().all(|thread| thread.join().is_err()));
        });
        expect_all_blocks(&pool);
    }
}
