//! A signal handler that takes blocks and gives them back, in the middle of whatever its thread does.
//!
//! The timer counts the processor time of the process, so the signals come while threads work, and
//! mostly to one that does. Each handler leaves a block to the next one, on whatever thread that is.

use std::cell::Cell;
use std::io;
use std::ptr::{self, NonNull, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use block_core::BlockAlloc;
use block_lockfree::LockFreeAlloc;

use super::pools::{BLOCK_SIZE, fill, is_filled};

/// Microseconds of processor time between two signals; the system may make more of it.
const PERIOD: libc::suseconds_t = 1_000;

/// What handlers write into their blocks: no other holder's stamp has its highest bit.
const STAMP: u64 = 1 << 63;

/// The pool that handlers use; null while they are not to.
static POOL: AtomicPtr<LockFreeAlloc> = AtomicPtr::new(null_mut());
/// Handlers that may be using it.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
/// The block that the last one left.
static LEFT: AtomicPtr<u8> = AtomicPtr::new(null_mut());
static SIGNALS: AtomicU64 = AtomicU64::new(0);
static SERVED: AtomicU64 = AtomicU64::new(0);
static OVERWRITTEN: AtomicPtr<u8> = AtomicPtr::new(null_mut());

thread_local! {
    /// Whether the thread has made its first call on a pool outside a handler, which must come before any
    /// inside. Without a destructor, so it can be read at any time.
    static READY: Cell<bool> = const { Cell::new(false) };
}

/// Says that handlers may use a pool on this thread, or that they no longer may.
pub(crate) fn ready(is_ready: bool) {
    READY.set(is_ready);
}

/// Blocks that handlers hold at once, at most, on so many threads: each has one, and one in exchange for
/// it; and one is left to the next.
pub(crate) const fn need(threads: usize) -> usize {
    2 * threads + 1
}

/// The timer. When it is dropped no more signals come.
#[derive(Debug)]
pub(crate) struct Signals(());

impl Signals {
    /// Has signals come from now on. There may be one of this at a time.
    ///
    /// # Errors
    ///
    /// If the system refuses the handler or the timer.
    pub(crate) fn start() -> io::Result<Self> {
        // SAFETY: all zeros is a valid action, completed here; what the handler calls is
        // async-signal-safe on threads that are ready.
        let answer = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as *const () as libc::sighandler_t;
            action.sa_flags = libc::SA_RESTART;
            libc::sigaction(libc::SIGPROF, &raw const action, null_mut())
        };
        if answer != 0 {
            return Err(io::Error::last_os_error());
        }
        set_timer(PERIOD)?;
        Ok(Self(()))
    }

    /// Has the handlers use this pool until what is returned is dropped.
    pub(crate) fn on<'a>(&'a self, pool: &'a Arc<LockFreeAlloc>) -> Use<'a> {
        // SeqCst: see `Use::drop`. What the pool consists of was there before the threads that work.
        POOL.store(Arc::as_ptr(pool).cast_mut(), Ordering::SeqCst);
        Use(pool)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // What came before is on its way still, and does nothing without a pool.
        let _ = set_timer(0);
    }
}

fn set_timer(microseconds: libc::suseconds_t) -> io::Result<()> {
    let period = libc::timeval { tv_sec: 0, tv_usec: microseconds };
    let timer = libc::itimerval { it_interval: period, it_value: period };
    // SAFETY: reads a timer that is there.
    match unsafe { libc::setitimer(libc::ITIMER_PROF, &raw const timer, null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Handlers use a pool.
#[derive(Debug)]
pub(crate) struct Use<'a>(&'a LockFreeAlloc);

impl Drop for Use<'_> {
    /// Waits until no handler uses the pool any more, and gives back the block that the last one left.
    fn drop(&mut self) {
        // SeqCst, as all on these two: a handler counts itself, then looks for the pool; here the pool is
        // taken away, then the count is read. One of the two sees what the other wrote.
        POOL.store(null_mut(), Ordering::SeqCst);
        while INSIDE.load(Ordering::SeqCst) > 0 {
            thread::yield_now();
        }
        // Relaxed: the last handler has left, as the count has said.
        give(self.0, LEFT.swap(null_mut(), Ordering::Relaxed));
    }
}

extern "C" fn handler(_signal: libc::c_int) {
    let interrupted = errno::errno();
    serve();
    // A call on a pool may have changed what the interrupted code is about to read.
    errno::set_errno(interrupted);
}

fn serve() {
    // Relaxed, as all counts here: read for the report alone.
    SIGNALS.fetch_add(1, Ordering::Relaxed);
    if !READY.get() {
        return;
    }
    // SeqCst, here and below: see `Use::drop`.
    INSIDE.fetch_add(1, Ordering::SeqCst);
    // SAFETY: null, or a pool that is there until `Use::drop` has seen this handler leave.
    if let Some(pool) = unsafe { POOL.load(Ordering::SeqCst).as_ref() }
        && let Some(fresh) = take(pool)
    {
        // AcqRel: pairs with itself, the stamp goes with the block.
        give(pool, LEFT.swap(fresh.as_ptr(), Ordering::AcqRel));
        SERVED.fetch_add(1, Ordering::Relaxed);
    }
    INSIDE.fetch_sub(1, Ordering::SeqCst);
}

fn take(pool: &LockFreeAlloc) -> Option<NonNull<u8>> {
    let block = pool.acquire()?;
    // SAFETY: a block that is held here alone (invariant 1), of so many bytes, all initialised.
    fill(unsafe { NonNull::slice_from_raw_parts(block, BLOCK_SIZE).as_mut() }, STAMP);
    Some(block)
}

fn give(pool: &LockFreeAlloc, block: *mut u8) {
    let Some(block) = NonNull::new(block) else { return };
    // SAFETY: taken in `take`, and held by whoever has it from `LEFT` alone.
    if !is_filled(unsafe { NonNull::slice_from_raw_parts(block, BLOCK_SIZE).as_ref() }, STAMP) {
        OVERWRITTEN.store(block.as_ptr(), Ordering::Relaxed);
    }
    // SAFETY: acquired in `take` of the same pool, since the last block of each is given back with its
    // use, and given up here.
    unsafe { pool.release(block) };
}

/// Signals so far, and those whose handler had a block.
pub(crate) fn counts() -> (u64, u64) {
    (SIGNALS.load(Ordering::Relaxed), SERVED.load(Ordering::Relaxed))
}

/// Whether all handlers found their blocks as they had been left.
///
/// # Errors
///
/// One that was not.
pub(crate) fn verdict() -> Result<(), String> {
    match OVERWRITTEN.load(Ordering::Relaxed) {
        block if ptr::eq(block, ptr::null()) => Ok(()),
        block => Err(format!("block {block:p}, which a signal handler held, was written to")),
    }
}
