//! A small scene of several threads, for Miri: `.ci/run miri`.

use std::thread;

use block_core::{BlockAlloc, BlockAllocExt};
use block_mutex::MutexAlloc;

#[test]
fn threads_share_a_pool() {
    let pool = &MutexAlloc::new(8, 2).unwrap();
    thread::scope(|scope| {
        for id in 1..=3 {
            scope.spawn(move || {
                for _ in 0..4 {
                    if let Ok(mut block) = pool.alloc() {
                        block.fill(id);
                        thread::yield_now();
                        assert!(block.iter().all(|&byte| byte == id));
                    }
                    if let Ok(raw) = pool.alloc_raw() {
                        // SAFETY: held raw by this thread, and freed once; every byte is initialised.
                        unsafe {
                            raw.write(id);
                            assert_eq!(raw.read(), id);
                            pool.free_raw(raw).unwrap();
                        }
                    }
                }
            });
        }
    });
    assert_eq!(pool.available(), pool.capacity());
}
