//! The first pool is built after the process has created many keys of thread-specific data. With
//! glibc, setting the value of a late key allocates, which a signal handler must not do. This test
//! needs a process of its own, because the key of the pools is created once.
#![cfg(all(not(any(block_loom, block_shuttle)), unix))]

#[path = "support/handler.rs"]
#[allow(dead_code, reason = "signals are sent to the process, not to a thread")]
mod handling;
#[path = "support/newcomers.rs"]
mod newcomers;
mod support;

use block_core::BlockAlloc;
use block_lockfree::LockFreeAlloc;
use newcomers::interrupt_newcomers;
use support::{Stamped, deadline, expect_all_blocks};

#[test]
fn a_handler_uses_a_pool_that_was_built_after_many_keys_were_created() {
    let _end = deadline("late keys", 120);
    for _ in 0..40 {
        let mut key = 0;
        // SAFETY: writes one key.
        assert_eq!(unsafe { libc::pthread_key_create(&mut key, None) }, 0);
    }
    let pool = LockFreeAlloc::new(64, 256).unwrap();
    drop(Stamped::must(&pool));
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        assert_eq!(pool.stats().cached, 0, "there are no magazines");
        assert!(format!("{pool:?}").contains("magazine: 0"), "{pool:?}");
    }
    interrupt_newcomers(1000, &pool);
    expect_all_blocks(&pool);
}
