//! A `pthread_atfork` handler of the program uses a pool in the child. The handler is registered
//! before the first pool is built, so it runs before the hook of the pool. This test needs a
//! process of its own, because handlers stay registered.
#![cfg(all(not(any(block_loom, block_shuttle)), any(target_os = "linux", target_os = "android")))]

mod support;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use block_core::BlockAlloc;
use block_lockfree::LockFreeAlloc;
use support::{deadline, expect_all_blocks};

const BLOCKS: usize = 300;

static POOL: OnceLock<LockFreeAlloc> = OnceLock::new();
static READY: AtomicBool = AtomicBool::new(false);

/// Takes all blocks that it can get, and returns them. Without the heap and without panics.
fn take_all() {
    let Some(pool) = POOL.get() else { return };
    let mut held = [None; BLOCKS];
    let mut count = 0;
    while let Some(block) = pool.acquire() {
        held[count] = Some(block);
        count += 1;
    }
    // SAFETY: acquired above, and given up here.
    held[..count].iter().flatten().for_each(|&block| unsafe { pool.release(block) });
}

extern "C" fn in_child() {
    if READY.load(Ordering::Relaxed) {
        // SAFETY: takes a number.
        unsafe { libc::alarm(5) };
        take_all();
    }
}

/// Forks, and says whether the child ended by itself.
fn fork() -> bool {
    // SAFETY: the child runs `in_child`, `take_all` and `_exit`, and touches no heap.
    match unsafe { libc::fork() } {
        -1 => panic!("no child: {}", std::io::Error::last_os_error()),
        0 => {
            take_all();
            // SAFETY: ends this process without anything else.
            unsafe { libc::_exit(0) }
        }
        child => {
            let mut status = 0;
            // SAFETY: waits for the child, writes the status.
            assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
            status == 0
        }
    }
}

#[test]
fn a_handler_registered_before_the_first_pool_finds_the_pool_usable() {
    let _end = deadline("fork hooks", 300);
    // SAFETY: the handler is async-signal-safe.
    assert_eq!(unsafe { libc::pthread_atfork(None, None, Some(in_child)) }, 0);
    let pool = POOL.get_or_init(|| LockFreeAlloc::new(64, BLOCKS).unwrap());
    let over = AtomicBool::new(false);
    let hung = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    take_all();
                    for _ in 0..1500 {
                        if let Some(block) = pool.acquire() {
                            // SAFETY: acquired above, and given up here.
                            unsafe { pool.release(block) };
                        }
                    }
                }
            });
        }
        READY.store(true, Ordering::Relaxed);
        let mut hung = 0;
        for round in 0..60 {
            // Half of the forks by a thread that has not used the pool.
            let ended = if round % 2 == 0 { fork() } else { scope.spawn(fork).join().unwrap() };
            hung += usize::from(!ended);
        }
        over.store(true, Ordering::Relaxed);
        hung
    });
    assert_eq!(hung, 0, "children that hung and were ended");
    expect_all_blocks(pool);
}
