//! Threads whose first call of a pool is made by a signal handler.

use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use block_core::BlockAlloc;
use block_lockfree::LockFreeAlloc;

use super::handling::handle;

/// The pool that the handler calls.
static POOL: AtomicPtr<LockFreeAlloc> = AtomicPtr::new(std::ptr::null_mut());
/// The number of times that the handler has run.
pub static HANDLED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn handler(_: libc::c_int) {
    // SAFETY: the pointer is null, or it is the pool of the running test, which outlives the
    // signals.
    let Some(pool) = (unsafe { POOL.load(Ordering::Relaxed).as_ref() }) else { return };
    if let Some(block) = pool.acquire() {
        // SAFETY: acquired above, and not used again.
        unsafe { pool.release(block) };
    }
    HANDLED.fetch_add(1, Ordering::Relaxed);
}

/// Runs `body` with a handler of the signal that calls the pool.
pub fn with_handler(signal: libc::c_int, pool: &LockFreeAlloc, body: impl FnOnce()) {
    HANDLED.store(0, Ordering::Relaxed);
    POOL.store(std::ptr::from_ref(pool).cast_mut(), Ordering::Relaxed);
    handle(signal, handler);
    body();
    POOL.store(std::ptr::null_mut(), Ordering::Relaxed);
}

/// Allocates and frees heap memory in many sizes.
fn use_the_heap() {
    let kept: Vec<Vec<u8>> = (0..500).map(|n| vec![1; n * 7 % 900 + 1]).collect();
    assert!(kept.iter().all(|bytes| bytes[0] == 1));
}

/// Runs `threads` threads that use the heap, one after the other, while a timer sends signals to
/// the process. The system chooses the thread that handles a signal.
pub fn interrupt_newcomers(threads: usize, pool: &LockFreeAlloc) {
    let timer = |microseconds| {
        let period = libc::timeval { tv_sec: 0, tv_usec: microseconds };
        let timer = libc::itimerval { it_interval: period, it_value: period };
        let previous = std::ptr::null_mut::<libc::itimerval>();
        // SAFETY: reads one `itimerval`, and writes none. Older versions of `libc` declare the
        // function for some systems only.
        let answer = unsafe {
            libc::syscall(libc::SYS_setitimer, libc::ITIMER_VIRTUAL, &raw const timer, previous)
        };
        assert_eq!(answer, 0);
    };
    with_handler(libc::SIGVTALRM, pool, || {
        timer(100);
        (0..threads).for_each(|_| std::thread::spawn(use_the_heap).join().unwrap());
        timer(0);
    });
    assert!(HANDLED.load(Ordering::Relaxed) > 0, "no signal came");
}
