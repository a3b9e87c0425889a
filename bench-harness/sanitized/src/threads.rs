//! POSIX threads as they are, and the two ways in which they wait for each other.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What one thread is started with.
struct Start<'a, F> {
    body: &'a F,
    number: usize,
}

/// Runs the body on so many threads at once, each with its number, and waits for all of them.
///
/// A panic in the body ends the process.
pub fn together<F: Fn(usize) + Sync>(count: usize, body: F) {
    let starts: Vec<_> = (0..count).map(|number| Start { body: &body, number }).collect();
    let threads: Vec<_> = starts.iter().map(start).collect();
    for thread in threads {
        // SAFETY: started below, and joined once.
        let answer = unsafe { libc::pthread_join(thread, ptr::null_mut()) };
        assert_eq!(answer, 0, "pthread_join");
    }
}

fn start<F: Fn(usize) + Sync>(start: &Start<'_, F>) -> libc::pthread_t {
    let mut thread = MaybeUninit::uninit();
    let argument = ptr::from_ref(start).cast_mut().cast();
    // SAFETY: `enter` takes what `argument` points to, which outlives the thread: it is joined before
    // `together` returns, and a panic in between ends the process.
    let answer =
        unsafe { libc::pthread_create(thread.as_mut_ptr(), ptr::null(), enter::<F>, argument) };
    assert_eq!(answer, 0, "pthread_create");
    // SAFETY: written by the call, which succeeded.
    unsafe { thread.assume_init() }
}

extern "C" fn enter<F: Fn(usize) + Sync>(start: *mut c_void) -> *mut c_void {
    // SAFETY: `start` passes a `Start` of this type that lives until this thread is joined, and that
    // nobody changes.
    let Start { body, number } = unsafe { &*start.cast::<Start<'_, F>>() };
    body(*number);
    ptr::null_mut()
}

/// Lets nobody pass until so many have come. For one use.
#[derive(Debug, Default)]
pub struct Gate(AtomicUsize);

impl Gate {
    pub fn pass(&self, count: usize) {
        // Relaxed: nothing is handed over here, so that a pool has nothing to hide behind.
        self.0.fetch_add(1, Ordering::Relaxed);
        while self.0.load(Ordering::Relaxed) < count {
            give_way();
        }
    }
}

/// Asks until there is something, and lets others run in between.
pub fn wait_for<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(something) = ask() {
            return something;
        }
        give_way();
    }
}

/// Lets another thread run: there may be fewer processors than threads, and valgrind has one.
pub fn give_way() {
    // SAFETY: takes nothing, and touches no memory.
    unsafe { libc::sched_yield() };
}
