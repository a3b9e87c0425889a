//! Threads whose first call on any pool is made by a signal handler.
#![cfg(all(not(any(block_loom, block_shuttle)), unix))]

#[path = "support/handler.rs"]
mod handling;
mod support;

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex, MutexGuard};

use block_core::BlockAlloc;
use block_lockfree::LockFreeAlloc;
use handling::{Target, handle};
use support::{deadline, expect_all_blocks};

/// The pool that the handler uses.
static POOL: AtomicPtr<LockFreeAlloc> = AtomicPtr::new(std::ptr::null_mut());
static HANDLED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn handler(_: libc::c_int) {
    // SAFETY: null, or the pool of the test that runs, which outlives the signals.
    let Some(pool) = (unsafe { POOL.load(Ordering::Relaxed).as_ref() }) else { return };
    if let Some(block) = pool.acquire() {
        // SAFETY: acquired above, and given up here.
        unsafe { pool.release(block) };
    }
    HANDLED.fetch_add(1, Ordering::Relaxed);
}

/// One test at a time: handlers belong to the process.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    HANDLED.store(0, Ordering::Relaxed);
    ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Allocates and frees memory of the heap, in many sizes.
fn use_the_heap() {
    let kept: Vec<Vec<u8>> = (0..500).map(|n| vec![1; n * 7 % 900 + 1]).collect();
    assert!(kept.iter().all(|bytes| bytes[0] == 1));
}

/// The signal is sent to the process: the system chooses the thread.
#[test]
fn a_signal_to_the_process_may_come_to_a_thread_that_is_new_to_the_pool_and_inside_malloc() {
    let _one = alone();
    let _end = deadline("first use by SIGVTALRM", 120);
    let pool = LockFreeAlloc::new(64, 256).unwrap();
    POOL.store(std::ptr::from_ref(&pool).cast_mut(), Ordering::Relaxed);
    handle(libc::SIGVTALRM, handler);
    let timer = |microseconds| {
        let period = libc::timeval { tv_sec: 0, tv_usec: microseconds };
        let timer = libc::itimerval { it_interval: period, it_value: period };
        // SAFETY: reads one `itimerval`.
        let answer = unsafe { libc::setitimer(libc::ITIMER_VIRTUAL, &timer, std::ptr::null_mut()) };
        assert_eq!(answer, 0);
    };
    timer(100);
    for _ in 0..1000 {
        std::thread::spawn(use_the_heap).join().unwrap();
    }
    timer(0);
    POOL.store(std::ptr::null_mut(), Ordering::Relaxed);
    assert!(HANDLED.load(Ordering::Relaxed) > 0, "no signal came");
    expect_all_blocks(&pool);
}

/// The signal is sent to a thread that does nothing but allocate memory of the heap.
#[test]
fn a_thread_whose_only_calls_are_in_a_handler_neither_hangs_nor_keeps_its_number() {
    let _one = alone();
    let _end = deadline("only use in a handler", 120);
    let pool = LockFreeAlloc::new(64, 256).unwrap();
    POOL.store(std::ptr::from_ref(&pool).cast_mut(), Ordering::Relaxed);
    handle(libc::SIGUSR1, handler);
    // More lives than there are numbers.
    for _ in 0..2500 {
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
    POOL.store(std::ptr::null_mut(), Ordering::Relaxed);
    expect_all_blocks(&pool);
    // On a pool that never ran dry: the block of a call is in a magazine, so the caller has a number.
    let fresh = LockFreeAlloc::new(64, 256).unwrap();
    let cached = std::thread::scope(|scope| {
        let body = || {
            drop(support::Stamped::must(&fresh));
            fresh.stats().in_magazines
        };
        scope.spawn(body).join().unwrap()
    });
    assert!(cached > 0, "2,500 ended threads have left no number to a new one");
}
