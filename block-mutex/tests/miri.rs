//! Small tests of several threads that Miri runs: `.ci/run miri`.

use std::thread;

use block_core::{BlockAlloc, BlockAllocExt, SharedPool};
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
                        // SAFETY: this thread holds the block, frees it once, and every byte is initialised.
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

/// Several threads drop owners and owned blocks, and the last drop frees the pool. Miri lets another
/// thread run after the last step of each free.
#[test]
fn the_last_owner_or_block_frees_the_pool() {
    for _ in 0..4 {
        let pool = SharedPool::new(MutexAlloc::new(8, 3).unwrap());
        let [first, second] = [(); 2].map(|()| pool.alloc_owned().unwrap());
        let threads =
            [thread::spawn(move || drop((first, pool))), thread::spawn(move || drop(second))];
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}
