//! Numbers of threads: small, dense, and free for the next thread when one ends.
//!
//! A number selects a thread's magazine in every pool. Nobody but the thread that has it uses it,
//! and what its last owner did with it happens before its next owner gets it, see
//! [`numbers`](crate::numbers).
//!
//! # After a fork
//!
//! The threads of the parent do not exist in the child, except the one that forked. Their numbers
//! are not given out again, and [`vanished`] tells that nobody will ever finish what they began.
//! The words are static, and all that the fork's hook does is to write them: it may run in any
//! state of the program.

use core::sync::atomic::{AtomicU32, Ordering};
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
    static OWNER: Owner = const { Owner };
}

/// Gives the number back at the thread's end.
struct Owner;

impl Drop for Owner {
    fn drop(&mut self) {
        // First this: destructors that run later must not use the number any more.
        let place =
            seeded!(PLACE.replace(NONE), "number-used-after-it-is-given-back" => PLACE.get());
        let number = place / SCALE;
        if number < LIMIT {
            numbers::give_back(&TAKEN, number);
        }
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

/// This thread's place, after an attempt to get one.
#[cold]
pub(crate) fn assign() -> usize {
    if PLACE.get() == UNASSIGNED {
        // The destructor comes first: without it the number would be lost.
        let number = OWNER.try_with(|_| numbers::claim(&TAKEN)).ok().flatten();
        let number = number.filter(|&number| number < LIMIT);
        PLACE.set(number.map_or(NONE, |number| number * SCALE));
    }
    PLACE.get()
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

/// Makes forks known to this module. Call it before the first thread gets a number. Does nothing where
/// processes do not fork.
pub(crate) fn watch_forks() {
    // Miri has neither `fork` nor `pthread_atfork`.
    if cfg!(miri) {
        return;
    }
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        #[cfg(all(unix, not(target_os = "emscripten")))]
        // SAFETY: the hook takes and returns nothing, and is async-signal-safe: it writes static
        // atomics and reads a thread-local without a destructor.
        let answer = unsafe { libc::pthread_atfork(None, None, Some(after_fork_in_child)) };
        #[cfg(all(unix, not(target_os = "emscripten")))]
        assert_eq!(answer, 0, "no memory for a fork handler");
    });
}

#[cfg(all(unix, not(target_os = "emscripten")))]
extern "C" fn after_fork_in_child() {
    let own = place() / SCALE;
    for (position, (taken, vanished)) in TAKEN.iter().zip(&VANISHED).enumerate() {
        let own_bit = if own / WORD == position { 1 << (own % WORD) } else { 0 };
        vanished.store(taken.load(Ordering::Relaxed) & !own_bit, Ordering::Relaxed);
    }
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;

    fn is_taken(number: usize) -> bool {
        TAKEN[number / WORD].load(Ordering::Relaxed) >> (number % WORD) & 1 == 1
    }

    /// What a destructor finds that runs after the number was given back.
    struct AtTheEnd(std::sync::mpsc::Sender<usize>);

    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            self.0.send(assign()).unwrap();
        }
    }

    std::thread_local! {
        static AT_THE_END: Cell<Option<AtTheEnd>> = const { Cell::new(None) };
    }

    #[test]
    fn a_thread_that_gave_its_number_back_has_none_to_its_end() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let ending = std::thread::spawn(|| {
            // Destructors run in the reverse order of first use.
            AT_THE_END.set(Some(AtTheEnd(sender)));
            assert!(assign() < LIMIT * SCALE);
        });
        ending.join().unwrap();
        assert_eq!(receiver.recv(), Ok(NONE));
    }

    #[test]
    fn a_number_is_free_again_after_its_threads_end() {
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
        watch_forks();
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
