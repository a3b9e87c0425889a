//! Forked children, which take every block that they can reach and say whether each was there once.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use block_core::{BlockAlloc, BlockAllocExt, BlockIndex};
use block_lockfree::LockFreeAlloc;
use fastrand::Rng;

/// What a child exits with. Not 0: so would a process whose last thread has panicked.
const FINE: i32 = 7;
/// What else it may exit with, and what that means.
const FAULTS: [(i32, &str); 4] = [
    (2, "a block twice"),
    (3, "fewer blocks than are free"),
    (4, "a wrong count of free blocks"),
    (5, "another number of blocks the second time"),
];

/// Seconds after which a child has hung.
const PATIENCE: u32 = 60;

/// Milliseconds between two forks.
const PAUSE: std::ops::Range<u64> = 20..120;

/// Forks a child that looks at the pool, and waits for it. Blocks that are held in the child, and for
/// ever, are marked in `held`; at least `floor` are to be found.
///
/// # Errors
///
/// What the child found, or that there is none.
pub(crate) fn look(pool: &dyn BlockAlloc, held: &[bool], floor: usize) -> Result<(), String> {
    let mut mine = vec![false; held.len()];
    // SAFETY: the child calls the pool, `alarm` and `_exit` alone, and touches no heap.
    match unsafe { libc::fork() } {
        -1 => Err(format!("no child: {}", io::Error::last_os_error())),
        // SAFETY: the calls take numbers alone.
        0 => unsafe {
            libc::alarm(PATIENCE);
            libc::_exit(explore(pool, held, &mut mine, floor));
        },
        child => end_of(child),
    }
}

/// Takes every block but those in `held`, twice.
fn explore(pool: &dyn BlockAlloc, held: &[bool], mine: &mut [bool], floor: usize) -> i32 {
    let [twice, missing, miscounted, lost] = FAULTS.map(|(code, _)| code);
    let mut first = None;
    for _ in 0..2 {
        let mut count = 0;
        while let Some(block) = pool.acquire() {
            let Ok(index) = pool.region().locate(block) else { return twice };
            if held[index.get()] || std::mem::replace(&mut mine[index.get()], true) {
                return twice;
            }
            // SAFETY: a block that this process holds, in memory of its own.
            unsafe { block.write_bytes(0xc4, pool.block_size()) };
            count += 1;
        }
        if count < floor {
            return missing;
        }
        if pool.available() != 0 {
            return miscounted;
        }
        for (index, mine) in mine.iter_mut().enumerate().filter(|(_, mine)| **mine) {
            *mine = false;
            // SAFETY: acquired above, and given up here.
            unsafe { pool.release(pool.region().block(BlockIndex::new(index))) };
        }
        if pool.available() != count {
            return miscounted;
        }
        if *first.get_or_insert(count) != count {
            return lost;
        }
    }
    FINE
}

fn end_of(child: libc::pid_t) -> Result<(), String> {
    let mut status = 0;
    // SAFETY: waits for the child, writes the status.
    while unsafe { libc::waitpid(child, &raw mut status, 0) } != child {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(format!("the child cannot be waited for: {error}"));
        }
    }
    if libc::WIFSIGNALED(status) {
        let signal = libc::WTERMSIG(status);
        return Err(format!(
            "a forked child ended by signal {signal}; {} says that it hung",
            libc::SIGALRM
        ));
    }
    let code = libc::WEXITSTATUS(status);
    let fault = FAULTS.iter().find(|(fault, _)| *fault == code);
    match (code, fault) {
        (FINE, _) => Ok(()),
        (_, Some((_, fault))) => Err(format!("a forked child found {fault}")),
        (_, None) => Err(format!("a forked child ended with {code}")),
    }
}

/// Forks at any moment of what other threads do, on a thread of its own.
#[derive(Debug, Default)]
pub(crate) struct Forks {
    /// The pool that children look at, and which of its blocks are held for long; none while there are to
    /// be no forks. Locked while there is a child.
    target: Mutex<Option<(Arc<LockFreeAlloc>, Vec<bool>)>>,
    over: AtomicBool,
    count: AtomicU64,
    fault: Mutex<Option<String>>,
}

impl Forks {
    /// Has children look at this pool from now on, or at none; waits for the last one.
    pub(crate) fn on(&self, target: Option<(Arc<LockFreeAlloc>, Vec<bool>)>) {
        *lock(&self.target) = target;
    }

    /// The end of [`run`](Self::run).
    pub(crate) fn end(&self) {
        // Relaxed: nothing is read because of it.
        self.over.store(true, Ordering::Relaxed);
    }

    /// Forks so far.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether all children found all well.
    ///
    /// # Errors
    ///
    /// What one found.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        lock(&self.fault).take().map_or(Ok(()), Err)
    }

    /// Forks one child after another, until the end.
    pub(crate) fn run(&self, mut random: Rng) {
        // The first call of a thread must come before it forks. On a pool of its own: on another one
        // the block might be the last.
        if let Ok(own) = LockFreeAlloc::new(8, 64) {
            drop(own.alloc());
        }
        while !self.over.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(random.u64(PAUSE)));
            let target = lock(&self.target);
            let Some((pool, held)) = &*target else { continue };
            // What other threads hold or move is missing in the child, and that may be all there is.
            match look(&**pool, held, 0) {
                Ok(()) => self.count.fetch_add(1, Ordering::Relaxed),
                Err(fault) => return *lock(&self.fault) = Some(fault),
            };
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
