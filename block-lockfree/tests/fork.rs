//! A forked child allocates each block once, and reaches exhaustion, whatever other threads of the
//! parent were doing. Blocks that those threads held or moved may be missing in the child.
#![cfg(all(not(any(block_loom, block_shuttle)), unix))]

#[path = "support/churn.rs"]
mod churn;
#[path = "support/hardened.rs"]
mod hardening;
mod support;

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use block_core::{BlockAlloc, BlockIndex};
use block_lockfree::LockFreeAlloc;
use churn::{Random, churn};
use hardening::hardened;
use support::{Stamped, deadline, expect_all_blocks};

/// What a child exits with. Not 0: so would a process whose last thread has panicked.
const FINE: i32 = 7;
const TWICE: i32 = 2;
const MISSING: i32 = 3;
const MISCOUNTED: i32 = 4;
const LOST: i32 = 5;

/// Blocks that one thread moves at a time at most: a magazine and a batch.
const MOVED: usize = 62 + 31;

/// Takes every block but those in `held`, twice. Without the heap, and without panics: this runs in
/// a child of a process with many threads.
fn explore(pool: &LockFreeAlloc, held: &[bool], mine: &mut [bool], floor: usize) -> i32 {
    let mut first = None;
    for _ in 0..2 {
        let mut count = 0;
        while let Some(block) = pool.acquire() {
            let Ok(index) = pool.region().locate(block) else { return TWICE };
            if held[index.get()] || std::mem::replace(&mut mine[index.get()], true) {
                return TWICE;
            }
            // SAFETY: a block that this process holds.
            unsafe { block.write_bytes(0xc4, pool.block_size()) };
            count += 1;
        }
        if count < floor {
            return MISSING;
        }
        if pool.available() != 0 {
            return MISCOUNTED;
        }
        for (index, mine) in mine.iter_mut().enumerate().filter(|(_, mine)| **mine) {
            *mine = false;
            // SAFETY: acquired above, and given up here.
            unsafe { pool.release(pool.region().block(BlockIndex::new(index))) };
        }
        if pool.available() != count {
            return MISCOUNTED;
        }
        if *first.get_or_insert(count) != count {
            return LOST;
        }
    }
    FINE
}

/// Runs `body` in a child with an alarm, and expects it to say that all is well.
fn in_child(body: impl FnOnce() -> i32) {
    // SAFETY: the child calls the pool, `alarm` and `_exit` alone, and touches no heap.
    match unsafe { libc::fork() } {
        -1 => panic!("no child: {}", std::io::Error::last_os_error()),
        // SAFETY: the calls take numbers alone.
        0 => unsafe {
            libc::alarm(30);
            libc::_exit(body());
        },
        child => assert_eq!(end_of(child), FINE, "2 a block twice, 3 blocks missing, 4 miscounted"),
    }
}

/// What a child exited with.
fn end_of(child: libc::pid_t) -> i32 {
    let mut status = 0;
    // SAFETY: waits for the child, writes the status.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert!(!libc::WIFSIGNALED(status), "signal {}: 14 says it hung", libc::WTERMSIG(status));
    libc::WEXITSTATUS(status)
}

/// Forks `times` while `threads` other threads do `work` in a loop.
fn fork_beside(
    pool: &LockFreeAlloc,
    (threads, times, floor): (usize, usize, usize),
    work: impl Fn(usize) + Sync,
) {
    let over = AtomicBool::new(false);
    let started = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|number| {
                let (over, started, work) = (&over, &started, &work);
                scope.spawn(move || {
                    work(number);
                    started.wait();
                    while !over.load(Ordering::Relaxed) {
                        work(number);
                    }
                })
            })
            .collect();
        started.wait();
        let mut random = Random(1);
        for _ in 0..times {
            for _ in 0..random.below(2000) {
                std::hint::spin_loop(); // at another moment of their work each time
            }
            let (held, mut mine) = (vec![false; pool.capacity()], vec![false; pool.capacity()]);
            in_child(|| explore(pool, &held, &mut mine, floor));
        }
        over.store(true, Ordering::Relaxed);
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
    expect_all_blocks(pool);
}

#[test]
fn a_fork_beside_threads_that_allocate_and_free_finds_each_block_once() {
    let _end = deadline("fork", 120);
    let pool = LockFreeAlloc::new(64, 1000).unwrap();
    let floor = 1000 - 3 * (5 + MOVED);
    fork_beside(&pool, (3, 200, floor), |seed| {
        churn(&pool, &mut Vec::new(), (5, 1000, seed), |_| {});
    });
}

#[test]
fn a_fork_beside_threads_that_hand_batches_over() {
    let _end = deadline("fork at batches", 120);
    let pool = LockFreeAlloc::new(64, 2000).unwrap();
    let floor = 2000 - 3 * (300 + MOVED);
    fork_beside(&pool, (3, 200, floor), |_| {
        drop((0..300).map(|_| Stamped::must(&pool)).collect::<Vec<_>>());
    });
}

/// Small enough to have no depot: every batch goes to the stack.
#[test]
fn a_fork_beside_threads_that_flush_to_the_stack() {
    let _end = deadline("fork at flushes", 120);
    let pool = LockFreeAlloc::new(64, 120).unwrap();
    fork_beside(&pool, (2, 200, 0), |_| {
        let blocks: [_; 60] = std::array::from_fn(|_| pool.acquire().expect("invariant 3"));
        for block in blocks {
            // SAFETY: acquired above, and given up here.
            unsafe { pool.release(block) };
        }
    });
}

#[test]
fn a_fork_beside_threads_that_reclaim() {
    let _end = deadline("fork at reclaim", 120);
    for each in [1, 20, 200] {
        let pool = LockFreeAlloc::new(64, 3 * each).unwrap();
        fork_beside(&pool, (3, 150, 0), |seed| {
            churn(&pool, &mut Vec::new(), (each, 500, seed), |_| {});
            assert!(pool.available() <= 3 * each); // this stops the others, too
        });
    }
}

#[test]
fn a_fork_beside_idle_threads_loses_nothing_of_their_magazines() {
    let _end = deadline("fork beside idle threads", 60);
    for capacity in [1, 10, 500, 3000] {
        let pool = LockFreeAlloc::new(64, capacity).unwrap();
        let (full, over) = (Barrier::new(4), Barrier::new(4));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    drop((0..capacity / 3).map(|_| Stamped::must(&pool)).collect::<Vec<_>>());
                    full.wait();
                    over.wait();
                });
            }
            full.wait();
            let blocks: Vec<_> = (0..capacity / 5).map(|_| pool.acquire().unwrap()).collect();
            let (mut held, mut mine) = (vec![false; capacity], vec![false; capacity]);
            for &block in &blocks {
                held[pool.region().locate(block).unwrap().get()] = true;
            }
            in_child(|| explore(&pool, &held, &mut mine, capacity - blocks.len()));
            for block in blocks {
                // SAFETY: acquired above, and given up here.
                unsafe { pool.release(block) };
            }
            over.wait();
        });
        expect_all_blocks(&pool);
    }
}

#[test]
fn a_fork_in_a_forked_child_finds_every_block_too() {
    let _end = deadline("fork in a fork", 60);
    let pool = LockFreeAlloc::new(64, 500).unwrap();
    drop(Stamped::must(&pool));
    let (held, mut mine) = (vec![false; 500], vec![false; 500]);
    in_child(|| {
        // SAFETY: as in `in_child`.
        match unsafe { libc::fork() } {
            -1 => LOST,
            0 => explore(&pool, &held, &mut mine, 500),
            child => end_of(child).max(explore(&pool, &held, &mut mine, 500)),
        }
    });
}

/// A block that another thread was lending or scrubbing is missing in the child, and blamed on
/// nobody.
#[test]
fn a_fork_beside_threads_on_a_hardened_pool() {
    let _end = deadline("fork of a hardened pool", 120);
    for pool in hardened(64, 60) {
        fork_beside(&pool, (3, 100, 0), |seed| {
            churn(&pool, &mut Vec::new(), (20, 500, seed), |_| {});
        });
    }
}

/// Runs the function in a child that has this process's memory, as `vfork` does, until it ends.
#[cfg(target_os = "linux")]
fn in_shared_memory(body: extern "C" fn(*mut libc::c_void) -> libc::c_int) {
    const STACK: usize = 256 << 10;
    let mut stack = vec![0_u128; STACK / 16];
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the end of a stack of its own; this thread goes on when the child has ended.
    unsafe {
        let end = stack.as_mut_ptr_range().end.cast();
        let child = libc::clone(body, end, flags, std::ptr::null_mut());
        assert_eq!(end_of(child), FINE);
    }
}

/// A signal may be handled in such a child. It has another process id, and all threads of the
/// parent go on.
#[test]
#[cfg(target_os = "linux")]
fn a_call_in_a_child_that_shares_the_memory_disturbs_no_thread_of_the_parent() {
    static POOL: std::sync::OnceLock<LockFreeAlloc> = std::sync::OnceLock::new();

    extern "C" fn call(_: *mut libc::c_void) -> libc::c_int {
        let Some(pool) = POOL.get() else { return LOST };
        if let Some(block) = pool.acquire() {
            // SAFETY: acquired above, and given up here.
            unsafe { pool.release(block) };
        }
        FINE
    }

    let _end = deadline("vfork", 120);
    let pool = POOL.get_or_init(|| LockFreeAlloc::new(64, 60).unwrap());
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for seed in 0..3 {
            let over = &over;
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    churn(pool, &mut Vec::new(), (20, 500, seed), |_| {});
                }
            });
        }
        // Each by a thread that is new to the pool.
        for _ in 0..500 {
            scope.spawn(|| in_shared_memory(call)).join().unwrap();
        }
        over.store(true, Ordering::Relaxed);
    });
    expect_all_blocks(pool);
}
