//! The word of a shared block under loom: the crate's own file, with loom's atomics in place of the
//! standard library's. Every interleaving that loom knows of two threads; of three as many as
//! `LOOM_MAX_PREEMPTIONS` says.
//!
//! A block's two parts are loom cells: two accesses that are not ordered, one of them a write, fail the
//! model, as does a block that is given back while somebody reads or writes it.

#![cfg(loom)]

// For `seeded!` in the crate's own files below.
#[macro_use]
extern crate block_core;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::AtomicUsize as Counter;
use loom::thread;

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicUsize, Ordering};
}

// What the handles of the crate do with it has tests of its own.
#[allow(dead_code, reason = "what the models do not call")]
#[path = "../src/shares/word.rs"]
mod word;

use sync::Ordering;
use word::{Weight, Word};

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
        // SAFETY: what the models are for: loom checks that nobody else is here.
        self.parts[part].with_mut(|bytes| unsafe { *bytes = value });
    }

    fn read(&self) -> u8 {
        // SAFETY: as above; loom checks that nobody writes.
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

fn on_another_thread(
    shared: &Arc<Shared>,
    work: impl FnOnce(&Shared) + 'static,
) -> thread::JoinHandle<()> {
    let shared = Arc::clone(shared);
    thread::spawn(move || work(&shared))
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
    loom::model(|| {
        let shared = begun_and_frozen();
        assert!(shared.word.join(Word::READER));
        let other = on_another_thread(&shared, read_and_leave);
        read_and_leave(&shared);
        given_back_once(&shared, [other]);
    });
}

#[test]
fn three_readers_one_of_which_joined_late_give_the_block_back_once() {
    loom::model(|| {
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

/// Three threads.
#[test]
fn readers_on_three_threads_give_the_block_back_once() {
    loom::model(|| {
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
    loom::model(|| {
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
    loom::model(|| {
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
    loom::model(|| {
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
    loom::model(|| {
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
    loom::model(|| {
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
    loom::model(|| {
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
