//! The word of a shared block.
//!
//! A block's two parts are cells: two accesses at once, one of them a write, fail the model, and so do two
//! that are not ordered, under loom; as does a block that is given back while somebody reads or writes it.
//!
//! One block; two threads, exhaustive, but where it says otherwise.

use block_core::models::Bound::Exhaustive;
#[cfg(block_shuttle)]
use block_core::models::Bound::Random;
use block_core::models::sync::Arc;
use block_core::models::{AtomicUsize as Counter, UnsafeCell, check, thread};

use crate::on_another_thread;
use crate::sync::Ordering;
use crate::word::{Weight, Word};

/// A block, its word, and how often it was given back.
struct Shared {
    word: Word,
    parts: [UnsafeCell<u8>; 2],
    given_back: Counter,
}

impl Shared {
    /// A block with one handle, a writer that has written 1.
    fn begun() -> Arc<Self> {
        let word = Word::default();
        word.begin(Word::MARK);
        let (parts, given_back) = ([1, 1].map(UnsafeCell::new), Counter::new(0));
        Arc::new(Self { word, parts, given_back })
    }

    fn write(&self, part: usize, value: u8) {
        // SAFETY: what the models are for: the cell checks that nobody else is here.
        self.parts[part].with_mut(|bytes| unsafe { *bytes = value });
    }

    fn read(&self) -> u8 {
        // SAFETY: as above; the cell checks that nobody writes.
        self.parts[0].with(|bytes| unsafe { *bytes })
    }

    /// Drops a handle; the last one gives the block back, whose next holder writes.
    fn leave(&self, weight: Weight) {
        if self.word.leave(weight) {
            (0..2).for_each(|part| self.write(part, 99));
            self.given_back.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn begun_and_frozen() -> Arc<Shared> {
    let shared = Shared::begun();
    shared.word.freeze();
    shared
}

fn read_and_leave(shared: &Shared) {
    assert_eq!(shared.read(), 1);
    shared.leave(Word::READER);
}

fn given_back_once(shared: &Shared, others: impl IntoIterator<Item = thread::JoinHandle<()>>) {
    others.into_iter().for_each(|other| other.join().unwrap());
    assert_eq!(shared.given_back.load(Ordering::Relaxed), 1, "given back");
    assert!(!shared.word.is_frozen(Word::MARK), "the word is 0 again");
}

/// Invariant III.
#[test]
fn the_last_of_two_readers_gives_the_block_back_after_both_have_read() {
    check(Exhaustive, || {
        let shared = begun_and_frozen();
        assert!(shared.word.join(Word::READER));
        let other = on_another_thread(&shared, read_and_leave);
        read_and_leave(&shared);
        given_back_once(&shared, [other]);
    });
}

#[test]
fn three_readers_one_of_which_joined_late_give_the_block_back_once() {
    check(Exhaustive, || {
        let shared = begun_and_frozen();
        assert!(shared.word.join(Word::READER));
        let other = on_another_thread(&shared, |shared| {
            assert!(shared.word.join(Word::READER));
            read_and_leave(shared);
            read_and_leave(shared);
        });
        read_and_leave(&shared);
        given_back_once(&shared, [other]);
    });
}

/// Three threads, exhaustive all the same.
#[test]
fn readers_on_three_threads_give_the_block_back_once() {
    check(Exhaustive, || {
        let shared = begun_and_frozen();
        assert!(shared.word.join(Word::READER) && shared.word.join(Word::READER));
        let others = [(); 2].map(|()| on_another_thread(&shared, read_and_leave));
        read_and_leave(&shared);
        given_back_once(&shared, others);
    });
}

/// Invariant II.
#[test]
fn the_only_handle_writes_after_the_others_have_read() {
    check(Exhaustive, || {
        let shared = begun_and_frozen();
        assert!(shared.word.join(Word::READER));
        let other = on_another_thread(&shared, read_and_leave);
        if shared.word.thaw() {
            shared.write(0, 2);
            shared.leave(Word::WRITER);
        } else {
            read_and_leave(&shared);
        }
        given_back_once(&shared, [other]);
    });
}

/// A writer splits a part off, freezes and hands it on, and writes the rest; both end.
#[test]
fn a_writer_and_a_part_that_was_split_off_give_the_block_back_once() {
    check(Exhaustive, || {
        let shared = Shared::begun();
        assert!(shared.word.join(Word::WRITER));
        let other = on_another_thread(&shared, |shared| {
            shared.write(1, 2);
            shared.word.freeze();
            shared.leave(Word::READER);
        });
        shared.write(0, 2);
        shared.word.freeze();
        shared.leave(Word::READER);
        given_back_once(&shared, [other]);
    });
}

/// The store of a writer that freezes alone must not cut off what left before.
#[test]
fn a_writer_that_freezes_alone_gives_back_after_the_reader_that_left_has_read() {
    check(Exhaustive, || {
        let shared = Shared::begun();
        assert!(shared.word.join(Word::READER));
        let other = on_another_thread(&shared, read_and_leave);
        thread::yield_now(); // or loom does not try the reader first
        shared.word.freeze();
        shared.leave(Word::READER);
        given_back_once(&shared, [other]);
    });
}

/// The same, where the other one does it, and where the block is written again.
#[test]
fn a_writer_that_freezes_alone_and_thaws_writes_after_the_other_has_written() {
    check(Exhaustive, || {
        let shared = Shared::begun();
        assert!(shared.word.join(Word::WRITER));
        let other = on_another_thread(&shared, |shared| {
            shared.write(1, 2);
            shared.word.freeze();
            if shared.word.thaw() {
                (0..2).for_each(|part| shared.write(part, 3));
                shared.leave(Word::WRITER);
            } else {
                shared.leave(Word::READER);
            }
        });
        shared.write(0, 2);
        shared.leave(Word::WRITER);
        given_back_once(&shared, [other]);
    });
}

/// Invariant III, where the handles look before they leave.
#[test]
fn two_writers_that_end_at_once_give_the_block_back_once_after_both_have_written() {
    check(Exhaustive, || {
        let shared = Shared::begun();
        assert!(shared.word.join(Word::WRITER));
        let other = on_another_thread(&shared, |shared| {
            shared.write(1, 2);
            shared.leave(Word::WRITER);
        });
        shared.write(0, 2);
        shared.leave(Word::WRITER);
        given_back_once(&shared, [other]);
    });
}

/// What `from_bytes` rests on: with a reader that stays, no writer comes.
#[test]
fn a_block_found_frozen_stays_so_while_the_reader_that_was_known_is_there() {
    check(Exhaustive, || {
        let shared = begun_and_frozen();
        assert!(shared.word.join(Word::READER));
        let other = on_another_thread(&shared, |shared| {
            // Another reader, which would write if it could.
            assert!(!shared.word.is_only(), "the known reader is there");
            shared.leave(Word::READER);
        });
        assert!(shared.word.is_frozen(Word::MARK));
        assert!(shared.word.join(Word::READER));
        assert_eq!(shared.read(), 1);
        other.join().unwrap();
        shared.leave(Word::READER);
        shared.leave(Word::READER);
        given_back_once(&shared, []);
    });
}

/// Four threads, up to four handles each, eight steps each: has another join, reads, writes if it is the only
/// one, freezes, and leaves. Invariants I to III.
#[test]
#[cfg(block_shuttle)]
fn whatever_many_handles_do_the_block_is_given_back_once() {
    use shuttle::rand::{Rng, thread_rng};

    /// Of its handles the last one may write, if `writes`.
    fn exercise(shared: &Shared) {
        let (mut readers, mut writes) = (1, false);
        for _ in 0..8 {
            match thread_rng().gen_range(0..4) {
                0 if readers < 4 && !writes => {
                    assert!(shared.word.join(Word::READER));
                    readers += 1;
                }
                1 if writes => {
                    shared.word.freeze();
                    writes = false;
                }
                1 if readers == 1 && shared.word.thaw() => {
                    shared.write(0, 1);
                    writes = true;
                }
                2 if readers > 1 => {
                    shared.leave(Word::READER);
                    readers -= 1;
                }
                _ => assert_eq!(shared.read(), 1),
            }
        }
        let weight = if writes { Word::WRITER } else { Word::READER };
        (0..readers).for_each(|_| shared.leave(weight));
    }

    check(Random, || {
        let shared = begun_and_frozen();
        assert!((0..3).all(|_| shared.word.join(Word::READER)));
        let others = [(); 3].map(|()| on_another_thread(&shared, exercise));
        exercise(&shared);
        given_back_once(&shared, others);
    });
}
