//! A pool, the model of it, and all that is held of it.

mod address;
mod buffers;
mod freeing;
mod holding;
mod looking;
mod taking;
mod wishes;

use block_core::{BlockIndex, Region};

use crate::calls::Call;
use crate::contents::Contents;
use crate::model::Model;
use crate::subject::Subject;
use buffers::Part;
use holding::{Holding, Pointer};
use wishes::Wished;

/// What a call said: a number, or the name of an error. Not which block: that is the backend's choice.
pub(crate) type Answer = Result<usize, &'static str>;

/// Not made: there was nothing to make it with.
const SKIPPED: Answer = Ok(usize::MAX);

/// How many blocks a sequence holds at most.
const MOST_HELD: usize = 1 << 10;

/// A block that is held, and what was written into it.
struct Entry<'a, S: Subject> {
    holding: Holding<'a, S>,
    index: usize,
    contents: Contents,
}

/// What is known of the pool itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nature {
    pub(crate) has_magazines: bool,
    pub(crate) is_waited_for: bool,
    pub(crate) is_watched: bool,
}

pub(crate) struct World<'a, S: Subject> {
    pool: &'a S,
    nature: Nature,
    model: Model,
    held: Vec<Entry<'a, S>>,
    parts: Vec<Part<'a, S>>,
    wishes: Vec<Wished<'a, S>>,
    /// How many wishes there have been: the name of the next.
    names: usize,
    /// Memory that is not this pool's.
    elsewhere: &'a Elsewhere,
    last_given: Option<usize>,
    answers: Vec<Answer>,
}

/// What outlives a pool's borrow: blocks by their pointers.
pub(crate) struct Remains {
    model: Model,
    held: Vec<(bool, Pointer, usize, Contents)>,
    answers: Vec<Answer>,
}

/// A region and a heap block of nobody's.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    heap: Box<[u8; 64]>,
    region: Region,
}

impl Elsewhere {
    pub(crate) fn new() -> Self {
        let layout = block_core::BlockLayout::new(64, 4).expect("a small layout");
        let region = Region::heap(layout).expect("a small region");
        Self { heap: Box::new([0; 64]), region }
    }
}

impl Remains {
    pub(crate) fn none(model: Model) -> Self {
        Self { model, held: Vec::new(), answers: Vec::new() }
    }
}

impl<'a, S: Subject> World<'a, S> {
    pub(crate) fn new(
        pool: &'a S,
        nature: Nature,
        remains: Remains,
        elsewhere: &'a Elsewhere,
    ) -> Self {
        let Remains { model, held, answers } = remains;
        let entry = |(is_raw, pointer, index, contents)| Entry {
            holding: if is_raw { Holding::Raw(pointer) } else { Holding::Unchecked(pointer) },
            index,
            contents,
        };
        Self {
            pool,
            nature,
            model,
            held: held.into_iter().map(entry).collect(),
            parts: Vec::new(),
            wishes: Vec::new(),
            names: 0,
            elsewhere,
            last_given: None,
            answers,
        }
    }

    /// Makes one call, and checks what can be seen after it.
    pub(crate) fn step(&mut self, call: &Call) {
        let answer = match call {
            Call::Take(way) => self.take(*way),
            Call::TakeMany(way, count, filled) => self.take_many(*way, *count, *filled),
            Call::TakeThree => self.take_three(),
            Call::Give(which) => self.give(*which),
            Call::GiveMany(from, count, gaps) => self.give_many(*from, *count, *gaps),
            Call::Churn(way, times) => self.churn(*way, *times),
            Call::Convert(which, into) => self.convert(*which, *into),
            Call::Free(address, by) => self.free(*address, *by),
            Call::FreeMany(addresses) => self.free_many(addresses),
            Call::Locate(address) => self.locate(*address),
            Call::Write(which) => self.write(*which),
            Call::Buffer { with, which, at, from } => self.buffer(*with, *which, *at, *from),
            Call::Wish => self.wish(),
            Call::Poll(which) => self.poll(*which),
            Call::Cancel(which) => self.cancel(*which),
            Call::AtOnce => self.at_once(),
            Call::Look => self.look(),
            Call::FixedBuffers(which) => self.fixed_buffers(*which),
            Call::Slices => self.slices(),
            Call::Magazine(_) | Call::By(_) => SKIPPED,
        };
        self.answers.push(answer);
        self.check_waiters();
        if self.nature.is_watched {
            self.account();
        }
    }

    /// The pool is no longer borrowed: handles become pointers, buffers and wishes end.
    pub(crate) fn remains(mut self) -> Remains {
        self.end_wishes();
        self.end_parts();
        self.account();
        let pointers = self.held.into_iter().map(|Entry { holding, index, contents }| {
            let (is_raw, pointer) = holding.into_pointer();
            (is_raw, pointer, index, contents)
        });
        Remains { held: pointers.collect(), model: self.model, answers: self.answers }
    }

    /// Everything comes back: then exactly all blocks can be had, once.
    pub(crate) fn finish(mut self) -> Vec<Answer> {
        self.end_wishes();
        self.end_parts();
        while !self.held.is_empty() {
            let _ = self.give(0);
        }
        self.account();
        assert_eq!(self.model.free, self.model.capacity, "everything was given back");
        self.take_all_once();
        self.answers
    }

    fn base(&self) -> usize {
        self.pool.region().block(BlockIndex::new(0)).addr().get()
    }

    /// One of those that are there.
    fn pick(len: usize, which: u8) -> Option<usize> {
        usize::from(which).checked_rem(len)
    }
}
