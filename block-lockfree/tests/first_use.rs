//! Threads whose first call of any pool is made by a signal handler.
#![cfg(all(not(any(block_loom, block_shuttle)), unix))]

#[path = "support/handler.rs"]
mod handling;
#[path = "support/newcomers.rs"]
mod newcomers;
mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex, MutexGuard};

use block_core::BlockAlloc;
use block_lockfree::LockFreeAlloc;
use handling::Target;
use newcomers::{HANDLED, interrupt_newcomers, with_handler};
use support::{deadline, expect_all_blocks};

/// One test at a time: handlers belong to the process.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[test]
fn a_signal_to_the_process_may_come_to_a_thread_that_is_new_to_the_pool_and_inside_malloc() {
    let _one = alone();
    let _end = deadline("first use by SIGVTALRM", 120);
    let pool = LockFreeAlloc::new(64, 256).unwrap();
    interrupt_newcomers(1000, &pool);
    expect_all_blocks(&pool);
}

/// A thread that does nothing but use the heap, and handles one signal.
fn live() {
    let (started, over) = (Barrier::new(2), AtomicBool::new(false));
    let target = Mutex::new(None);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            *target.lock().unwrap() = Some(Target::this_thread());
            started.wait();
            while !over.load(Ordering::Relaxed) {
                drop(vec![1_u8; 100]);
            }
        });
        started.wait();
        let before = HANDLED.load(Ordering::Relaxed);
        let target = target.lock().unwrap().unwrap();
        // SAFETY: the thread lives until `over` is set.
        unsafe { target.interrupt(libc::SIGUSR1) };
        while HANDLED.load(Ordering::Relaxed) == before {
            std::hint::spin_loop();
        }
        over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_thread_whose_only_calls_are_in_a_handler_neither_hangs_nor_keeps_its_number() {
    let _one = alone();
    let _end = deadline("only use in a handler", 120);
    let pool = LockFreeAlloc::new(64, 256).unwrap();
    // More lives than there are numbers.
    with_handler(libc::SIGUSR1, &pool, || (0..2500).for_each(|_| live()));
    expect_all_blocks(&pool);
    // On a pool that never ran dry: the block of a call is in a magazine, so the caller has a
    // number.
    let fresh = LockFreeAlloc::new(64, 256).unwrap();
    let cached = std::thread::scope(|scope| {
        let body = || {
            drop(support::Stamped::must(&fresh));
            fresh.stats().cached
        };
        scope.spawn(body).join().unwrap()
    });
    assert!(cached > 0, "2,500 ended threads have left no number to a new one");
}
