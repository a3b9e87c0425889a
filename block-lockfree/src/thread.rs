//! Thread numbers: small, dense, and reused when a thread ends.
//!
//! A number selects a thread's magazine in every pool. Only the thread with the number uses the
//! magazine. Everything that the last owner did with it happens before the next owner gets the
//! number, see [`bitmap`](crate::bitmap).
//!
//! # Marks
//!
//! A mark stands for one thread's ownership of one number. Its low 12 bits are the number plus one,
//! the bits above are a serial number. `OWNERS` has the mark of each number's owner. A thread
//! writes its mark into its magazine during an operation, and into the reclaimers' lock while it
//! holds the lock. So other threads can tell a thread that is inside an operation from a thread
//! that ended there ([`is_gone`]): one that `pthread_exit` or a cancellation ended in the middle of
//! a call, or one that does not exist after a fork. Serial numbers repeat after 2^19 threads.
//!
//! The owner's last step clears its word in `OWNERS` with Release, and [`is_gone`] loads it with
//! Acquire. So a thread that finds the owner gone sees everything that the owner did.
//!
//! A thread without a number uses the mark of its process: no number, and the number of forks
//! before it.
//!
//! # In a signal handler
//!
//! A thread may ask for its number in a signal handler, also in its first call. On unix the
//! destructor of a `pthread_key_create` key returns the number; the first pool with magazines
//! creates the key. Setting the value allocates no memory with musl and bionic. With glibc it
//! allocates none for the first 32 keys of a process: if the key is not among them, there are no
//! magazines ([`prepare`]). [`assign`] blocks signals, so no handler interrupts it.
//!
//! On targets with native thread-locals, the offset is in a thread-local without a destructor. On
//! other targets the first access of a thread-local allocates, so the offset is in the value of the
//! key (`local_keyed.rs`).
//!
//! With glibc and musl, destructors of keys run after those of thread-locals, so a destructor that
//! frees blocks usually still has its thread's number. After that it finds [`NONE`].
//!
//! # After a fork
//!
//! The threads of the parent do not exist in the child, except the one that forked. The child
//! clears their marks and frees their numbers ([`fork`]).

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

pub(crate) use fork::check as check_for_fork;
#[cfg(not(any(block_loom, block_shuttle)))]
pub(crate) use local::set_busy;
pub(crate) use local::{magazine_offset, mark};

/// The largest number of threads that have a number at the same time.
pub(crate) const LIMIT: usize = if cfg!(any(block_loom, block_shuttle)) {
    8
} else if cfg!(miri) {
    // Miri needs seconds for a table of 2048 magazines.
    128
} else if usize::BITS >= 64 {
    2048
} else {
    256
};

/// The unit of an offset. With it, the fast path needs no shift.
const SCALE: usize = size_of::<Magazine>();

/// The offset of a thread that has not asked for a number yet.
pub(crate) const UNASSIGNED: usize = usize::MAX;
/// The offset of a thread that got no number, or that is about to end.
pub(crate) const NONE: usize = usize::MAX - 1;

const WORDS: usize = LIMIT.div_ceil(WORD);

/// The low bits of a mark: the number plus one, or 0 for a thread without a number.
const NUMBER: u32 = (1 << 12) - 1;
const _: () = assert!(LIMIT <= NUMBER as usize);
/// The number of serial numbers. They start at 1; bit 31 of a mark is never set.
const SERIALS: u32 = 1 << 19;
/// The mark of a thread without a number in a process before any fork.
const FIRST: u32 = NUMBER + 1;

/// One bit per number: allocated.
static TAKEN: [StaticUsize; WORDS] = [const { StaticUsize::new(0) }; WORDS];
/// The mark of each number's owner; 0 if there is none.
static OWNERS: [AtomicU32; LIMIT] = [const { AtomicU32::new(0) }; LIMIT];
/// The number of forks between the first process and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Returns the number in a mark.
fn number_of(mark: u32) -> Option<usize> {
    ((mark & NUMBER) as usize).checked_sub(1)
}

/// Returns the mark of threads without a number.
fn numberless() -> u32 {
    // Relaxed: written after a fork, before this process has a second thread.
    (GENERATION.load(Ordering::Relaxed) % (SERIALS - 1) + 1) * FIRST
}

/// Returns the offset for a number, for models, which assign numbers themselves.
#[cfg(any(block_loom, block_shuttle))]
pub fn magazine_offset_of(number: usize) -> usize {
    if number < LIMIT { number * SCALE } else { NONE }
}

/// Returns this thread's number, if it has one.
pub(crate) fn number() -> Option<usize> {
    Some(magazine_offset() / SCALE).filter(|&number| number < LIMIT)
}

/// Returns the mark that this thread writes into a lock.
pub(crate) fn lock_mark() -> u32 {
    if number().is_some() { mark() } else { numberless() }
}

/// Returns whether the thread with this mark has ended or does not exist in this process. For a
/// thread without a number, only returns whether it was in another process.
pub(crate) fn is_gone(mark: u32) -> bool {
    match number_of(mark) {
        // Acquire: pairs with the Release in `free_number`.
        Some(number) => OWNERS.get(number).is_none_or(|it| it.load(Ordering::Acquire) != mark),
        None => mark != numberless(),
    }
}

/// Assigns a number to this thread if it has none, and returns its offset.
#[cold]
pub(crate) fn assign() -> usize {
    // A handler must not allocate a second number meanwhile.
    let _blocked = end::Signals::block();
    check_for_fork();
    if magazine_offset() == UNASSIGNED && !fork::is_unrecorded() {
        local::set(allocate());
    }
    magazine_offset()
}

fn allocate() -> Option<u32> {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    let number = bitmap::allocate(&TAKEN).filter(|&number| number < LIMIT)?;
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed) % (SERIALS - 1) + 1;
    let mark = number as u32 + 1 + serial * FIRST;
    OWNERS[number].store(mark, Ordering::Relaxed);
    if end::set_value(mark as usize) {
        return Some(mark);
    }
    free_number(mark);
    None
}

/// Frees the number in a mark, if there is one.
fn free_number(mark: u32) {
    if let Some(number) = number_of(mark) {
        // Release: pairs with the Acquire in `is_gone`.
        OWNERS[number].store(0, Ordering::Release);
        bitmap::free(&TAKEN, number);
    }
}

/// Frees the number of a thread that ends. Destructors that run later do not use the number.
fn on_thread_end(value: usize) {
    local::take_marks(value).into_iter().for_each(free_number);
}

/// Prepares for the ends of threads and for forks. Must be called before the first thread gets a
/// number. Returns false if threads can get no numbers: the system has no more keys, or none that
/// is safe in a signal handler.
pub(crate) fn prepare() -> bool {
    static IS_POSSIBLE: OnceLock<bool> = OnceLock::new();
    *IS_POSSIBLE.get_or_init(|| {
        fork::prepare();
        end::prepare()
    })
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;

    fn is_taken(number: usize) -> bool {
        TAKEN[number / WORD].load(Ordering::Relaxed) >> (number % WORD) & 1 == 1
    }

    /// Checks the destructor of a later key, which runs after the number was freed.
    #[test]
    #[cfg(all(unix, not(miri)))]
    fn a_thread_whose_number_was_freed_gets_no_other() {
        static FOUND: StaticUsize = StaticUsize::new(0);

        extern "C" fn at_the_very_end(_value: *mut core::ffi::c_void) {
            FOUND.store(assign(), Ordering::Relaxed);
        }

        prepare();
        std::thread::spawn(|| {
            let mut key = 0;
            // SAFETY: the destructor may run at the end of any thread; any value except null is
            // valid.
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
    fn a_number_is_free_after_its_thread_has_ended() {
        prepare();
        // A thread of another test may allocate it immediately, but not every time.
        let is_free = (0..100).any(|_| {
            let number = std::thread::spawn(move || {
                let number = assign() / SCALE;
                assert!(is_taken(number));
                number
            });
            !is_taken(number.join().unwrap())
        });
        assert!(is_free);
    }

    #[test]
    #[cfg(unix)]
    fn in_a_forked_child_only_the_forking_thread_has_a_number() {
        prepare();
        let owner = |number: usize| OWNERS[number].load(Ordering::Relaxed);
        let is_correct = |own: usize| {
            (0..LIMIT).all(|number| is_taken(number) == (number == own))
                && (0..LIMIT).all(|number| (owner(number) != 0) == (number == own))
                && owner(own) == mark()
        };
        // More threads than a word has bits. The last ones fork.
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
                            // SAFETY: only ends this process.
                            unsafe { libc::_exit(i32::from(!is_correct(number))) }
                        }
                        // SAFETY: waits for the child created above.
                        unsafe { libc::waitpid(child, &mut status, 0) };
                    }
                    barrier.wait();
                    assert_eq!(status, 0, "in the child of the thread with number {number}");
                });
            }
        });
    }

    #[test]
    fn an_owner_whose_thread_has_ended_is_gone_and_the_next_has_another_mark() {
        prepare();
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
    fn numbers_of_living_threads_are_distinct() {
        prepare();
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
