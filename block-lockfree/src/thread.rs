//! Numbers of threads: small, dense, and free for the next thread when one ends.
//!
//! A number selects a thread's magazine in every pool. Only the thread that has it uses it, and what
//! its last owner did with it happens before its next owner gets it, see
//! [`numbers`](crate::numbers).
//!
//! # In a signal handler
//!
//! A thread may ask for its number in a signal handler, also as its first call. On unix the number
//! comes back through a key of `pthread_key_create`, which the first pool with magazines creates.
//! Setting its value allocates no memory for the first 32 keys of a process with glibc, and for no
//! key with musl and bionic. A handler that interrupts [`assign`] finds [`NONE`], and its call uses
//! the stack.
//!
//! Destructors of keys run after those of thread-locals with glibc and musl, so a destructor that
//! frees blocks usually still has its thread's number. After that it finds [`NONE`].
//!
//! # After a fork
//!
//! The threads of the parent do not exist in the child, except the one that forked. Their numbers
//! are not given out again, and [`vanished`] tells that they will never finish what they began. A
//! hook of `pthread_atfork` notes that. A program's own hook may run before it and use a pool, so
//! whoever is about to wait for another thread, or claims a number, compares the process id first
//! ([`notice_fork`]). The words are static, and noting a fork only writes them: it may happen in any
//! state of the program.

use core::sync::atomic::{AtomicU32, Ordering, compiler_fence};
use std::cell::Cell;
use std::sync::Once;

use block_core::seeded;

use crate::numbers::{self, WORD};
use crate::slot::Slot;
use crate::sync::StaticUsize;

/// How many threads can have a number at one time. Others do without.
pub(crate) const LIMIT: usize = if cfg!(block_loom) {
    4
} else if cfg!(block_shuttle) {
    8
} else if cfg!(miri) {
    // A table of slots for 2048 threads takes Miri seconds per pool.
    128
} else if usize::BITS >= 64 {
    2048
} else {
    256
};

/// What a place is counted in: the owner's path is spared a shift.
const SCALE: usize = size_of::<Slot>();

/// What [`place`] says before a thread has asked for one.
pub(crate) const UNASSIGNED: usize = usize::MAX;
/// What it says when there was none left, or when the thread is about to end.
pub(crate) const NONE: usize = usize::MAX - 1;

const WORDS: usize = LIMIT.div_ceil(WORD);

/// A bit for each number: taken.
static TAKEN: [StaticUsize; WORDS] = [const { StaticUsize::new(0) }; WORDS];
/// A bit for each number: its owner was left behind by a fork.
static VANISHED: [StaticUsize; WORDS] = [const { StaticUsize::new(0) }; WORDS];
/// How many forks lie between the first process and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

std::thread_local! {
    /// Without a destructor, so that it can be read at any time in a thread's life.
    static PLACE: Cell<usize> = const { Cell::new(UNASSIGNED) };
}

/// Returns a number at the end of its thread.
fn give_back(number: usize) {
    // First this: destructors that run later must not use the number any more. It fails where the
    // place itself is gone already.
    seeded!(_ = PLACE.try_with(|place| place.set(NONE)), "number-used-after-it-is-given-back" => ());
    numbers::give_back(&TAKEN, number);
}

/// The end of a thread, by a key that has the thread's number as its value.
#[cfg(unix)]
mod end {
    use core::ffi::c_void;
    use core::ptr;
    use core::sync::atomic::Ordering;

    use crate::sync::StaticUsize;

    /// The key plus one; 0 if there is none.
    static KEY: StaticUsize = StaticUsize::new(0);

    /// Creates the key. Without it threads get no numbers, and use the stack.
    pub(super) fn watch() {
        let mut key = 0;
        // SAFETY: the destructor takes the value of the key, and may run on any thread.
        if unsafe { libc::pthread_key_create(&mut key, Some(at_the_end)) } == 0 {
            // Release: pairs with the Acquire of `give_back_later`.
            KEY.store(key as usize + 1, Ordering::Release);
        }
    }

    /// Sees to it that the number is returned when this thread ends. Returns false if it cannot.
    pub(super) fn give_back_later(number: usize) -> bool {
        // Acquire: pairs with the Release of `watch`.
        let Some(key) = KEY.load(Ordering::Acquire).checked_sub(1) else { return false };
        let value = ptr::without_provenance::<c_void>(number + 1);
        // SAFETY: a key that was created, and is never deleted.
        unsafe { libc::pthread_setspecific(key as libc::pthread_key_t, value) == 0 }
    }

    extern "C" fn at_the_end(value: *mut c_void) {
        super::give_back(value.addr() - 1);
    }
}

/// The end of a thread, by the destructor of a thread-local.
#[cfg(not(unix))]
mod end {
    use std::cell::Cell;

    struct Owner(Cell<Option<usize>>);

    impl Drop for Owner {
        fn drop(&mut self) {
            self.0.take().into_iter().for_each(super::give_back);
        }
    }

    std::thread_local! {
        static OWNER: Owner = const { Owner(Cell::new(None)) };
    }

    pub(super) fn watch() {}

    /// Sees to it that the number is returned when this thread ends. Returns false if it cannot.
    pub(super) fn give_back_later(number: usize) -> bool {
        OWNER.try_with(|owner| owner.0.set(Some(number))).is_ok()
    }
}

/// This thread's number times [`SCALE`]: where its slot lies in every pool's table, in bytes.
/// [`UNASSIGNED`] or [`NONE`] if it has no number.
#[inline]
pub(crate) fn place() -> usize {
    PLACE.get()
}

/// The place that goes with a number, for models, which give out numbers themselves.
#[cfg(any(block_loom, block_shuttle))]
pub fn place_of(number: usize) -> usize {
    if number < LIMIT { number * SCALE } else { NONE }
}

/// This thread's number, if it has one.
pub(crate) fn number() -> Option<usize> {
    Some(place() / SCALE).filter(|&number| number < LIMIT)
}

/// Returns this thread's place, after an attempt to get one.
#[cold]
pub(crate) fn assign() -> usize {
    if PLACE.get() == UNASSIGNED {
        notice_fork();
        // A handler that interrupts this must not get a second number.
        PLACE.set(NONE);
        compiler_fence(Ordering::SeqCst);
        let place = claim().map_or(NONE, |number| number * SCALE);
        compiler_fence(Ordering::SeqCst);
        PLACE.set(place);
    }
    PLACE.get()
}

fn claim() -> Option<usize> {
    let number = numbers::claim(&TAKEN).filter(|&number| number < LIMIT)?;
    if end::give_back_later(number) {
        return Some(number);
    }
    numbers::give_back(&TAKEN, number);
    None
}

/// Whether the owner of a number does not exist in this process.
pub(crate) fn vanished(number: usize) -> bool {
    // Relaxed: written in the hook of a fork, before which this process had no other thread.
    VANISHED[number / WORD].load(Ordering::Relaxed) >> (number % WORD) & 1 == 1
}

/// How many forks this process comes after; at least 1.
pub(crate) fn generation() -> u32 {
    // Relaxed: as in `vanished`.
    GENERATION.load(Ordering::Relaxed) + 1
}

/// Prepares for ends of threads and for forks. Call it before the first thread gets a number.
pub(crate) fn watch() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        end::watch();
        fork::watch();
    });
}

/// Notes a fork if this is a child of one whose hook has not run yet. Call it before waiting for
/// another thread: it makes a system call.
pub(crate) fn notice_fork() {
    fork::notice();
}

#[cfg(all(unix, not(target_os = "emscripten"), not(miri)))]
mod fork {
    use core::sync::atomic::{AtomicBool, AtomicI32, Ordering};

    use super::{GENERATION, TAKEN, VANISHED, WORD, number};

    /// The process for which the words of the module above are right; 0 before the first pool.
    static PROCESS: AtomicI32 = AtomicI32::new(0);
    /// Whether a fork was noted before its hook ran.
    static IS_NOTED: AtomicBool = AtomicBool::new(false);

    pub(super) fn watch() {
        PROCESS.store(process(), Ordering::Relaxed);
        // SAFETY: the hook takes and returns nothing, and is async-signal-safe: it writes static
        // atomics and reads a thread-local without a destructor.
        let answer = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        assert_eq!(answer, 0, "no memory for a fork handler");
    }

    pub(super) fn notice() {
        // Relaxed, here and below: a child has one thread when it begins.
        let noted = PROCESS.load(Ordering::Relaxed);
        if noted != 0 && noted != process() {
            note();
            IS_NOTED.store(true, Ordering::Relaxed);
        }
    }

    /// The hook. A child in another namespace can have its parent's process id, so this does not ask
    /// for it.
    extern "C" fn in_child() {
        if !IS_NOTED.swap(false, Ordering::Relaxed) {
            note();
        }
    }

    /// All threads but this one have vanished.
    fn note() {
        let own = number();
        for (position, (taken, vanished)) in TAKEN.iter().zip(&VANISHED).enumerate() {
            let own_bit = match own {
                Some(own) if own / WORD == position => 1 << (own % WORD),
                _ => 0,
            };
            vanished.store(taken.load(Ordering::Relaxed) & !own_bit, Ordering::Relaxed);
        }
        GENERATION.fetch_add(1, Ordering::Relaxed);
        PROCESS.store(process(), Ordering::Relaxed);
    }

    fn process() -> i32 {
        // SAFETY: no arguments, no failure.
        unsafe { libc::getpid() }
    }
}

/// No forks: Miri has none, nor have these systems.
#[cfg(not(all(unix, not(target_os = "emscripten"), not(miri))))]
mod fork {
    pub(super) fn watch() {}

    pub(super) fn notice() {}
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;

    fn is_taken(number: usize) -> bool {
        TAKEN[number / WORD].load(Ordering::Relaxed) >> (number % WORD) & 1 == 1
    }

    /// What a destructor finds that runs after the number was returned: that of a later key.
    #[test]
    #[cfg(all(unix, not(miri)))]
    fn a_thread_that_gave_its_number_back_has_none_to_its_end() {
        static FOUND: StaticUsize = StaticUsize::new(0);

        extern "C" fn at_the_very_end(_value: *mut core::ffi::c_void) {
            FOUND.store(assign(), Ordering::Relaxed);
        }

        watch();
        std::thread::spawn(|| {
            let mut key = 0;
            // SAFETY: the destructor may run at any thread's end; any value but null will do.
            unsafe {
                assert_eq!(libc::pthread_key_create(&mut key, Some(at_the_very_end)), 0);
                assert_eq!(libc::pthread_setspecific(key, core::ptr::dangling()), 0);
            }
            assert!(assign() < LIMIT * SCALE);
        })
        .join()
        .unwrap();
        assert_eq!(FOUND.load(Ordering::Relaxed), NONE);
    }

    #[test]
    fn a_number_is_free_again_after_its_threads_end() {
        watch();
        // A thread of another test may have it at once, but not each time.
        let is_free_again = (0..100).any(|_| {
            let number = std::thread::spawn(move || {
                let number = assign() / SCALE;
                assert!(is_taken(number));
                number
            });
            !is_taken(number.join().unwrap())
        });
        assert!(is_free_again);
    }

    #[test]
    #[cfg(unix)]
    fn in_a_child_all_owners_have_vanished_but_the_thread_that_forked() {
        watch();
        let is_as_it_should_be = |own: usize| {
            (0..LIMIT).all(|number| vanished(number) == (is_taken(number) && number != own))
        };
        // More than the numbers of a word, of which the last ones fork.
        let barrier = std::sync::Barrier::new(WORD + 3);
        std::thread::scope(|scope| {
            for _ in 0..WORD + 3 {
                scope.spawn(|| {
                    let number = assign() / SCALE;
                    barrier.wait();
                    let mut status = 0;
                    if number > WORD + 1 {
                        status = -1;
                        // SAFETY: the child reads static atomics and ends.
                        let child = unsafe { libc::fork() };
                        if child == 0 {
                            // SAFETY: ends this process without anything else.
                            unsafe { libc::_exit(i32::from(!is_as_it_should_be(number))) }
                        }
                        // SAFETY: waits for the child made above.
                        unsafe { libc::waitpid(child, &mut status, 0) };
                    }
                    barrier.wait();
                    assert_eq!(status, 0, "the child of the thread with number {number}");
                });
            }
        });
    }

    #[test]
    fn numbers_are_distinct_while_their_threads_live() {
        watch();
        let barrier = std::sync::Barrier::new(100);
        let mut numbers = std::vec::Vec::new();
        std::thread::scope(|scope| {
            let threads: std::vec::Vec<_> = (0..100)
                .map(|_| {
                    scope.spawn(|| {
                        let number = assign() / SCALE;
                        barrier.wait();
                        assert_eq!((place(), super::number()), (number * SCALE, Some(number)));
                        number
                    })
                })
                .collect();
            numbers.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
        });
        assert!(numbers.iter().all(|&number| number < LIMIT));
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), 100);
    }
}
