//! Numbers of threads: small, dense, and free for the next thread when one ends.
//!
//! A number selects a thread's magazine in every pool. Only the thread that has the number uses the magazine.
//! What the last owner did with it happens before the next owner gets it, see
//! [`numbers`](crate::bitmap).
//!
//! # Marks
//!
//! A mark names one thread's ownership of one number. The low 12 bits are the number plus one, the
//! bits above it a serial number. `OWNERS` has the mark of each number's owner. A thread writes its
//! mark into a magazine while it is inside an operation, and into the reclaimers' lock while it holds it.
//! So other threads can tell a thread that is inside from one that ended there
//! ([`is_gone`]): a thread that `pthread_exit` or a cancellation ended in the middle of a call, or one
//! that a fork left behind in the parent. Serial numbers repeat after 2^19 threads.
//!
//! Ordering: the owner's last step is to clear its word in `OWNERS`, with Release. [`is_gone`] loads it
//! with Acquire. So a thread that finds the owner gone sees all that the owner did, and the owner
//! does nothing more.
//!
//! A thread without a number has the mark of its process: no number, and how many forks lie before it.
//!
//! # In a signal handler
//!
//! A thread may ask for its number in a signal handler, also as its first call. On unix the number
//! is returned by the destructor of a key of `pthread_key_create`, which the first pool with magazines
//! creates. Setting a value allocates no memory with musl and bionic. With glibc it allocates none for
//! the first 32 keys of a process: if the key is not among them, there are no magazines
//! ([`watch`]). Signals are blocked in [`assign`], so no handler interrupts it.
//!
//! Where the target has thread-locals of its own, the magazine_offset lies in one without a destructor. Elsewhere
//! the first access of any thread-local allocates, so the magazine_offset lies in the value of the key
//! (`local_keyed.rs`).
//!
//! Destructors of keys run after those of thread-locals with glibc and musl, so a destructor that
//! frees blocks usually still has its thread's number. After that it finds [`NONE`].
//!
//! # After a fork
//!
//! The threads of the parent do not exist in the child, except the one that forked. Their marks are
//! cleared in the child, and their numbers are free again ([`fork`]).

use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::OnceLock;

use crate::bitmap::{self, WORD};
use crate::magazine::Magazine;
use crate::sync::StaticUsize;

#[cfg_attr(not(unix), path = "thread/end_std.rs")]
mod end;
mod fork;
// Targets without thread-locals of their own, and a cfg for tests of them.
#[cfg_attr(
    any(
        target_os = "android",
        target_os = "illumos",
        target_os = "openbsd",
        target_os = "solaris",
        target_env = "ohos",
        block_keyed_tls
    ),
    path = "thread/local_keyed.rs"
)]
mod local;

pub(crate) use fork::notice as notice_fork;
#[cfg(not(any(block_loom, block_shuttle)))]
pub(crate) use local::set_busy;
pub(crate) use local::{magazine_offset, mark};

/// How many threads can have a number at one time. Others do without.
pub(crate) const LIMIT: usize = if cfg!(any(block_loom, block_shuttle)) {
    8
} else if cfg!(miri) {
    // A table of magazines for 2048 threads takes Miri seconds per pool.
    128
} else if usize::BITS >= 64 {
    2048
} else {
    256
};

/// What a magazine_offset is counted in: the owner's path is spared a shift.
const SCALE: usize = size_of::<Magazine>();

/// What [`magazine_offset`] returns before a thread has asked for one.
pub(crate) const UNASSIGNED: usize = usize::MAX;
/// What it returns when there was none left, or when the thread is about to end.
pub(crate) const NONE: usize = usize::MAX - 1;

const WORDS: usize = LIMIT.div_ceil(WORD);

/// The low bits of a mark: its number plus one, or 0 for a thread without a number.
const NUMBER: u32 = (1 << 12) - 1;
const _: () = assert!(LIMIT <= NUMBER as usize);
/// How many serial numbers there are. They begin at 1; bit 31 of a mark is never set.
const SERIALS: u32 = 1 << 19;
/// The mark of a thread without a number in a process that comes after no fork.
const FIRST: u32 = NUMBER + 1;

/// A bit for each number: taken.
static TAKEN: [StaticUsize; WORDS] = [const { StaticUsize::new(0) }; WORDS];
/// The mark of each number's owner; 0 if there is none.
static OWNERS: [AtomicU32; LIMIT] = [const { AtomicU32::new(0) }; LIMIT];
/// How many forks lie between the first process and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The number in a mark.
fn number_of(mark: u32) -> Option<usize> {
    ((mark & NUMBER) as usize).checked_sub(1)
}

/// The mark of a thread without a number.
fn numberless() -> u32 {
    // Relaxed: written when a fork is noted, before this process has a second thread.
    (GENERATION.load(Ordering::Relaxed) % (SERIALS - 1) + 1) * FIRST
}

/// The magazine_offset that goes with a number, for models, which give out numbers themselves.
#[cfg(any(block_loom, block_shuttle))]
pub fn magazine_offset_of(number: usize) -> usize {
    if number < LIMIT { number * SCALE } else { NONE }
}

/// This thread's number, if it has one.
pub(crate) fn number() -> Option<usize> {
    Some(magazine_offset() / SCALE).filter(|&number| number < LIMIT)
}

/// What this thread writes into a lock that it holds.
pub(crate) fn lock_mark() -> u32 {
    if number().is_some() { mark() } else { numberless() }
}

/// Returns whether the thread with this mark has ended, or does not exist in this process. Of a thread
/// without a number it is only known whether it was in another process.
pub(crate) fn is_gone(mark: u32) -> bool {
    match number_of(mark) {
        // Acquire: pairs with the Release of `give_back`.
        Some(number) => OWNERS.get(number).is_none_or(|it| it.load(Ordering::Acquire) != mark),
        None => mark != numberless(),
    }
}

/// Returns this thread's magazine_offset, after an attempt to get one.
#[cold]
pub(crate) fn assign() -> usize {
    // A handler must not claim a second number in the middle.
    let _blocked = end::Signals::block();
    notice_fork();
    if magazine_offset() == UNASSIGNED && !fork::is_unnoticed() {
        local::set(claim());
    }
    magazine_offset()
}

fn claim() -> Option<u32> {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    let number = bitmap::allocate(&TAKEN).filter(|&number| number < LIMIT)?;
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed) % (SERIALS - 1) + 1;
    let mark = number as u32 + 1 + serial * FIRST;
    OWNERS[number].store(mark, Ordering::Relaxed);
    if end::hold(mark as usize) {
        return Some(mark);
    }
    give_back(mark);
    None
}

/// Returns the number in a mark, if there is one.
fn give_back(mark: u32) {
    if let Some(number) = number_of(mark) {
        // Release: pairs with the Acquire of `is_gone`.
        OWNERS[number].store(0, Ordering::Release);
        bitmap::free(&TAKEN, number);
    }
}

/// The end of a thread that has a number. Destructors that run later must not use the number any more.
fn at_the_end(value: usize) {
    local::at_the_end(value).into_iter().for_each(give_back);
}

/// Prepares for ends of threads and for forks. Call it before the first thread gets a number. Returns
/// false if threads can get none: the system has no more keys, or none that is safe in a handler.
pub(crate) fn watch() -> bool {
    static CAN_BE: OnceLock<bool> = OnceLock::new();
    *CAN_BE.get_or_init(|| {
        fork::watch();
        end::watch()
    })
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
    fn in_a_child_all_owners_are_gone_but_the_thread_that_forked_and_their_numbers_are_free() {
        watch();
        let owner = |number: usize| OWNERS[number].load(Ordering::Relaxed);
        let is_as_it_should_be = |own: usize| {
            (0..LIMIT).all(|number| is_taken(number) == (number == own))
                && (0..LIMIT).all(|number| (owner(number) != 0) == (number == own))
                && owner(own) == mark()
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
    fn an_owner_is_gone_when_its_thread_has_ended_and_the_next_one_has_another_mark() {
        watch();
        let life = || {
            assign();
            assert!(!is_gone(mark()) && number_of(mark()) == number());
            mark()
        };
        let marks = [(); 20].map(|()| std::thread::spawn(life).join().unwrap());
        assert!(marks.into_iter().all(is_gone));
        let mut distinct = marks.to_vec();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), marks.len());
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
                        assert_eq!(
                            (magazine_offset(), super::number()),
                            (number * SCALE, Some(number))
                        );
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
