//! Signal handlers that allocate and free blocks in the middle of calls of their own thread.
//!
//! There are two signals, so that a handler interrupts a handler. Each handler keeps a block that
//! its next run frees, so that a block allocated in the middle of one call is freed in the middle
//! of another.
#![cfg(all(not(any(block_loom, block_shuttle)), unix))]

#[path = "support/churn.rs"]
mod churn;
#[path = "support/handler.rs"]
mod handling;
#[path = "support/hardened.rs"]
mod hardening;
mod support;

use std::cell::Cell;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex, MutexGuard};
use std::time::Duration;

use block_core::BlockAlloc;
use block_lockfree::LockFreeAlloc;
use churn::churn;
use handling::{Target, handle};
use hardening::hardened;
use support::{Stamped, deadline, expect_all_blocks};

/// Blocks that the handlers of one thread hold at most: two each, while they exchange them.
const HANDLERS_NEED: usize = 4;
const SIGNALS: [libc::c_int; 2] = [libc::SIGUSR1, libc::SIGUSR2];

/// The pool that handlers use.
static POOL: AtomicPtr<LockFreeAlloc> = AtomicPtr::new(null_mut());
static HANDLED: AtomicUsize = AtomicUsize::new(0);
static SERVED: AtomicUsize = AtomicUsize::new(0);
static CORRUPT: AtomicBool = AtomicBool::new(false);

type Kept = Option<(NonNull<u64>, u64)>;

std::thread_local! {
    /// What each of the two handlers keeps between its runs.
    static KEPT: [Cell<Kept>; 2] = const { [Cell::new(None), Cell::new(None)] };
}

/// Takes a block and stamps it.
fn take(pool: &LockFreeAlloc) -> Kept {
    static NEXT: AtomicU64 = AtomicU64::new(1 << 63);
    let stamp = NEXT.fetch_add(1, Ordering::Relaxed);
    let block = pool.acquire()?.cast::<u64>();
    // SAFETY: a block of 64 bytes, aligned to 64, that the caller now holds.
    (0..8).for_each(|word| unsafe { block.add(word).write_volatile(stamp) });
    Some((block, stamp))
}

/// Checks a block and gives it back.
fn give(pool: &LockFreeAlloc, kept: Kept) {
    let Some((block, stamp)) = kept else { return };
    // SAFETY: held since `take`, all 64 bytes written there.
    if (0..8).any(|word| unsafe { block.add(word).read_volatile() } != stamp) {
        CORRUPT.store(true, Ordering::Relaxed);
    }
    // SAFETY: acquired in `take`, and given up here.
    unsafe { pool.release(block.cast()) };
}

extern "C" fn handler(signal: libc::c_int) {
    // SAFETY: null, or the pool of the test that runs, which outlives the signals.
    let Some(pool) = (unsafe { POOL.load(Ordering::Relaxed).as_ref() }) else { return };
    let own = usize::from(signal == SIGNALS[1]);
    let fresh = take(pool);
    if fresh.is_some() {
        SERVED.fetch_add(1, Ordering::Relaxed);
    }
    // Without a destructor, so it can be used at any time.
    give(pool, KEPT.with(|kept| kept[own].replace(fresh)));
    HANDLED.fetch_add(1, Ordering::Relaxed);
}

/// One test at a time: handlers belong to the process.
fn with_handlers() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for signal in SIGNALS {
        handle(signal, handler);
    }
    HANDLED.store(0, Ordering::Relaxed);
    SERVED.store(0, Ordering::Relaxed);
    guard
}

/// Runs `work` on two threads again and again, until they have been interrupted `signals` times.
fn interrupt(pool: &LockFreeAlloc, signals: usize, work: impl Fn(usize) + Sync) {
    POOL.store(std::ptr::from_ref(pool).cast_mut(), Ordering::Relaxed);
    let before = HANDLED.load(Ordering::Relaxed);
    let over = || HANDLED.load(Ordering::Relaxed) - before >= signals;
    let threads = Mutex::new(Vec::new());
    let (known, quiet) = (Barrier::new(3), Barrier::new(3));
    std::thread::scope(|scope| {
        for number in 0..2 {
            let (threads, work, known, quiet) = (&threads, &work, &known, &quiet);
            scope.spawn(move || {
                drop(Stamped::alloc(pool)); // signals may come after a thread's first call
                threads.lock().unwrap().push(Target::this_thread());
                known.wait();
                for round in 0.. {
                    work(2 * round + number);
                    if over() {
                        break;
                    }
                }
                quiet.wait();
                KEPT.with(|kept| kept.iter().for_each(|kept| give(pool, kept.take())));
            });
        }
        known.wait();
        let threads = threads.lock().unwrap().clone();
        while !over() {
            for (thread, signal) in threads.iter().flat_map(|&it| SIGNALS.map(|sig| (it, sig))) {
                // SAFETY: the thread lives: it waits for the barrier below.
                unsafe { thread.interrupt(signal) };
            }
            std::thread::sleep(Duration::from_micros(10)); // or they take this processor's turns
        }
        // A signal that is under way still would be taken in the barrier, before it opens.
        quiet.wait();
    });
    POOL.store(null_mut(), Ordering::Relaxed);
    assert!(!CORRUPT.load(Ordering::Relaxed), "invariant 1: a handler's block was written");
}

#[test]
fn signal_handlers_that_allocate_and_free_leave_all_other_blocks_to_the_calls_they_interrupt() {
    let _one = with_handlers();
    let _end = deadline("signals", 120);
    for each in [100, 30, 5, 1] {
        let pool = LockFreeAlloc::new(64, 2 * (each + HANDLERS_NEED)).unwrap();
        interrupt(&pool, 3_000, |seed| {
            churn(&pool, &mut Vec::new(), (each, 1000, seed), |_| {});
        });
        expect_all_blocks(&pool);
    }
    assert!(SERVED.load(Ordering::Relaxed) > 0, "no handler ever got a block");
}

#[test]
fn a_pool_that_runs_dry_in_signal_handlers_and_calls_neither_hangs_nor_corrupts() {
    let _one = with_handlers();
    let _end = deadline("signals on a dry pool", 120);
    for capacity in [1, 2, 3, 10, 70] {
        let pool = LockFreeAlloc::new(64, capacity).unwrap();
        interrupt(&pool, 3_000, |_| {
            let blocks: Vec<_> = (0..capacity).map_while(|_| Stamped::alloc(&pool)).collect();
            let _ = Stamped::alloc(&pool);
            drop(blocks);
            assert!(pool.available() <= capacity);
        });
        expect_all_blocks(&pool);
    }
}

#[test]
fn handlers_on_an_empty_pool_are_told_so() {
    let _one = with_handlers();
    let _end = deadline("signals on an empty pool", 120);
    let pool = LockFreeAlloc::new(64, 200).unwrap();
    let all: Vec<_> = (0..200).map(|_| Stamped::must(&pool)).collect();
    interrupt(&pool, 3_000, |_| {
        assert!(Stamped::alloc(&pool).is_none(), "invariant 1");
        assert_eq!(pool.available(), 0);
    });
    assert_eq!(SERVED.load(Ordering::Relaxed), 0);
    drop(all);
    expect_all_blocks(&pool);
}

#[test]
fn signal_handlers_that_allocate_and_free_may_interrupt_bulk_calls_too() {
    let _one = with_handlers();
    let _end = deadline("signals in bulk calls", 120);
    for each in [3, 31, 80] {
        let pool = LockFreeAlloc::new(64, 2 * (each + HANDLERS_NEED)).unwrap();
        interrupt(&pool, 3_000, |_| {
            let mut blocks = vec![None; each];
            for _ in 0..100 {
                assert!(pool.acquire_bulk(&mut blocks), "invariant 3");
                // SAFETY: acquired above, all entries are `Some`, and not used again.
                unsafe { pool.release_bulk(&mut blocks) };
            }
        });
        expect_all_blocks(&pool);
    }
}

/// In the middle of a loan's begin and end, too.
#[test]
fn signal_handlers_on_a_hardened_pool_are_blamed_for_nothing() {
    let _one = with_handlers();
    let _end = deadline("signals on a hardened pool", 120);
    for each in [30, 1] {
        for pool in hardened(64, 2 * (each + HANDLERS_NEED)) {
            interrupt(&pool, 2_000, |seed| {
                churn(&pool, &mut Vec::new(), (each, 1000, seed), |_| {});
            });
            expect_all_blocks(&pool);
        }
    }
}
