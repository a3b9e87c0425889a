//! Many threads on one processor, which together need every block. Threads are stopped in the
//! middle of calls while others reclaim.
#![cfg(all(not(any(block_loom, block_shuttle)), unix))]

#[path = "support/churn.rs"]
mod churn;
#[path = "support/handler.rs"]
mod handling;
#[path = "support/share.rs"]
mod share;
mod support;

use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::Duration;

use block_lockfree::LockFreeAlloc;
use churn::churn;
use handling::{Target, handle};
use share::share_all_blocks;
use support::{deadline, expect_all_blocks};

/// Pins the calling thread, and the threads that it starts, to one processor.
fn pin() {
    #[cfg(target_os = "linux")]
    // SAFETY: a set of processors is plain bits; the calls read and write it alone.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        let size = size_of_val(&set);
        assert_eq!(libc::sched_getaffinity(0, size, &mut set), 0);
        let first = (0..libc::CPU_SETSIZE as usize).find(|&cpu| libc::CPU_ISSET(cpu, &set));
        libc::CPU_ZERO(&mut set);
        libc::CPU_SET(first.expect("this runs on one"), &mut set);
        assert_eq!(libc::sched_setaffinity(0, size, &set), 0);
    }
}

#[test]
fn threads_that_yield_and_sleep_get_every_block() {
    let _end = deadline("oversubscribed", 120);
    pin();
    for each in [1, 2, 10, 63] {
        let pool = LockFreeAlloc::new(64, 16 * each).unwrap();
        share_all_blocks(&pool, 16, 20_000, |random| match random.below(2000) {
            0 => std::thread::sleep(Duration::from_micros(50)),
            1..100 => std::thread::yield_now(),
            _ => {}
        });
    }
}

static STOPS: AtomicUsize = AtomicUsize::new(0);

/// Stops the thread for a moment, wherever it is; now and then long enough for the others to
/// reclaim, to go on with their magazines, and to take all that is on the stack.
extern "C" fn stop(_signal: libc::c_int) {
    let long = STOPS.load(Ordering::Relaxed) % 8 == 0;
    let moment = libc::timespec { tv_sec: 0, tv_nsec: if long { 3_000_000 } else { 100_000 } };
    // SAFETY: async-signal-safe; it reads the time, and writes nothing to null.
    unsafe { libc::nanosleep(&moment, null_mut()) };
    STOPS.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn owners_stopped_in_the_middle_of_calls_lose_nothing() {
    const THREADS: usize = 6;
    let _end = deadline("stopped owners", 120);
    handle(libc::SIGUSR1, stop);
    for each in [1, 2, 10, 63] {
        let pool = LockFreeAlloc::new(64, THREADS * each).unwrap();
        let enough = STOPS.load(Ordering::Relaxed) + 400;
        let over = || STOPS.load(Ordering::Relaxed) >= enough;
        let threads = Mutex::new(Vec::new());
        let (known, quiet) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
        std::thread::scope(|scope| {
            for number in 0..THREADS {
                let (pool, threads, known, quiet) = (&pool, &threads, &known, &quiet);
                scope.spawn(move || {
                    threads.lock().unwrap().push(Target::this_thread());
                    known.wait();
                    let mut held = Vec::new();
                    for round in 0.. {
                        churn(pool, &mut held, (each, 200, THREADS * round + number), |_| {});
                        if over() {
                            break;
                        }
                    }
                    held.clear();
                    quiet.wait();
                });
            }
            known.wait();
            let threads = threads.lock().unwrap().clone();
            while !over() {
                for &thread in &threads {
                    // SAFETY: the thread lives: it waits for the barrier below.
                    unsafe { thread.interrupt(libc::SIGUSR1) };
                    std::thread::sleep(Duration::from_micros(20));
                }
            }
            quiet.wait();
        });
        expect_all_blocks(&pool);
    }
}
