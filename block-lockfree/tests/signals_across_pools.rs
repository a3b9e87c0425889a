//! Two threads with a pool each. A handler interrupts each thread inside a call of its pool, and
//! exhausts the pool of the other thread. Each reclaim waits for the interrupted call of the other
//! thread, and one of them has to give up.
#![cfg(all(not(any(block_loom, block_shuttle)), unix))]

#[path = "support/handler.rs"]
mod handling;
mod support;

use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use block_core::BlockAlloc;
use block_lockfree::LockFreeAlloc;
use handling::{Target, handle};
use support::{deadline, expect_all_blocks};

const BLOCKS: usize = 8;
/// Handlers that have to come to their end. Without the way out this hung after a thousand.
const RUNS: usize = 5_000;

static POOLS: [AtomicPtr<LockFreeAlloc>; 2] = [const { AtomicPtr::new(null_mut()) }; 2];
static HANDLED: AtomicUsize = AtomicUsize::new(0);

std::thread_local! {
    /// The pool that this thread's handler works on.
    static OTHER: Cell<usize> = const { Cell::new(0) };
}

extern "C" fn exhaust_the_other_pool(_signal: libc::c_int) {
    // SAFETY: set before the first signal, and the pools outlive the threads that get them.
    let pool = unsafe { &*POOLS[OTHER.get()].load(Ordering::Relaxed) };
    for block in std::array::from_fn::<_, BLOCKS, _>(|_| pool.acquire()).into_iter().flatten() {
        // SAFETY: acquired just now.
        unsafe { pool.release(block) };
    }
    HANDLED.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn handlers_that_exhaust_each_others_pools_do_not_wait_for_ever() {
    let _deadline = deadline("handlers on each other's pools", 120);
    let pools = [(); 2].map(|()| LockFreeAlloc::new(64, BLOCKS).unwrap());
    for (shared, pool) in POOLS.iter().zip(&pools) {
        shared.store(std::ptr::from_ref(pool).cast_mut(), Ordering::Relaxed);
    }
    handle(libc::SIGUSR1, exhaust_the_other_pool);
    let (done, ready) = (AtomicBool::new(false), Barrier::new(3));
    let (pools, done, ready) = (&pools, &done, &ready);
    std::thread::scope(|scope| {
        let threads = [0, 1].map(|own| {
            let (sender, receiver) = std::sync::mpsc::channel();
            scope.spawn(move || {
                OTHER.set(1 - own);
                // A first call outside handlers: it gives the thread its number.
                for pool in pools {
                    let block = pool.acquire().unwrap();
                    // SAFETY: acquired just now.
                    unsafe { pool.release(block) };
                }
                sender.send(Target::this_thread()).unwrap();
                ready.wait();
                while !done.load(Ordering::Relaxed) {
                    if let Some(block) = pools[own].acquire() {
                        // SAFETY: acquired just now.
                        unsafe { pools[own].release(block) };
                    }
                }
                // The thread must not end while signals are under way to it.
                ready.wait();
            });
            receiver.recv().unwrap()
        });
        ready.wait();
        while HANDLED.load(Ordering::Relaxed) < RUNS {
            for thread in threads {
                // SAFETY: the thread lives until the second `ready`.
                unsafe { thread.interrupt(libc::SIGUSR1) };
            }
            std::thread::sleep(std::time::Duration::from_micros(10));
        }
        done.store(true, Ordering::Relaxed);
        ready.wait();
    });
    pools.iter().for_each(expect_all_blocks);
}
