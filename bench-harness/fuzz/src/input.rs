//! An input: a construction and calls, and what is done with them.

use std::fmt;

use arbitrary::{Result, Unstructured};
use block_core::wait::Waiting;
use block_core::{BlockIndex, BlockLayout};
use block_lockfree::LockFreeAlloc;
use block_mutex::MutexAlloc;

use crate::bytes::byte;
use crate::calls::Call;
use crate::construct::{layout, make};
use crate::containers::Containers;
use crate::expected::Shape;
use crate::model::Model;
use crate::requests::Request;
use crate::setup::{Memory, Setup};
use crate::subject::{Backend, Subject};
use crate::threads;
use crate::world::{Answer, Elsewhere, Nature, Remains, World};

/// How many calls a sequence has at most.
const MOST_CALLS: usize = 400;

/// What is called.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Program {
    Blocks(Vec<Call>),
    Containers(Vec<Request>),
}

/// A pool to be made, and calls to be made on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    setup: Setup,
    program: Program,
}

/// Which of the pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Magazines,
    PlainStack,
    Mutex,
}

impl Input {
    /// The input that these bytes are, unless they are too few.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Unstructured::new(bytes);
        let are_containers = byte(&mut bytes).ok()? % 8 == 7;
        let setup = Setup::decode(&mut bytes).ok()?;
        let program = if are_containers {
            Program::Containers(all(&mut bytes, Request::decode))
        } else {
            Program::Blocks(all(&mut bytes, Call::decode))
        };
        Some(Self { setup, program })
    }

    /// Makes the pools and the calls.
    ///
    /// # Panics
    ///
    /// If anything is not as it must be.
    pub fn run(&self) {
        let Some(sizes) = layout(&self.setup) else { return };
        let answers = [
            self.on::<LockFreeAlloc>(sizes, Kind::Magazines),
            self.on::<LockFreeAlloc>(sizes, Kind::PlainStack),
            self.on::<MutexAlloc>(sizes, Kind::Mutex),
        ];
        // One that the system had no memory for says nothing.
        let answers: Vec<_> = answers.into_iter().flatten().collect();
        for pair in answers.windows(2) {
            assert_eq!(pair[0], pair[1], "two pools disagree");
        }
    }

    fn on<B: Backend>(&self, sizes: (BlockLayout, Shape), kind: Kind) -> Option<Vec<Answer>> {
        let setup = &self.setup;
        let (_loan, mut pool) = make::<B>(setup, sizes)?;
        let asked = if kind == Kind::PlainStack { Some(0) } else { setup.magazine };
        if let Some(blocks) = asked {
            pool = pool.with_magazine(blocks);
        }
        assert_eq!(*pool.region().layout(), sizes.0, "the region's layout");
        assert_eq!(pool.available(), sizes.0.capacity(), "all blocks are free at first");
        let options = setup.options;
        let zeroes = options.zero_on_release || options.verify_on_acquire;
        assert_eq!(pool.region().zeroes_on_release(), zeroes);
        let last = BlockIndex::new(sizes.0.capacity() - 1);
        for index in [BlockIndex::new(0), last] {
            let block = pool.region().block(index);
            assert_eq!(block.addr().get() % sizes.0.align(), 0, "invariant 4");
            assert_eq!(pool.region().locate(block), Ok(index), "invariant 4");
        }
        let by_itself = !matches!(setup.memory, Memory::CallersWhole(_) | Memory::Static);
        let nature = Nature {
            has_magazines: kind == Kind::Magazines && asked.map_or(by_itself, |blocks| blocks > 0),
            is_waited_for: setup.waits,
            is_watched: setup.watched,
        };
        Some(match &self.program {
            Program::Containers(requests) => Containers::new(pool, setup).run(requests),
            Program::Blocks(calls) if setup.waits => {
                sequence(Waiting::new(pool), calls, nature, kind)
            }
            Program::Blocks(calls) => sequence(pool, calls, nature, kind),
        })
    }
}

/// The construction on one line, and each call on one of its own.
impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.setup)?;
        match &self.program {
            Program::Blocks(calls) => calls.iter().try_for_each(|call| writeln!(f, "  {call:?}")),
            Program::Containers(requests) => {
                requests.iter().try_for_each(|request| writeln!(f, "  {request:?}"))
            }
        }
    }
}

/// All that the bytes are, up to the first that is cut off.
fn all<T>(
    bytes: &mut Unstructured<'_>,
    mut decode: impl FnMut(&mut Unstructured<'_>) -> Result<T>,
) -> Vec<T> {
    std::iter::from_fn(|| decode(bytes).ok()).take(MOST_CALLS).collect()
}

/// Makes the calls. Between two magazines nobody borrows the pool.
fn sequence<S: Subject>(
    mut pool: S,
    calls: &[Call],
    mut nature: Nature,
    kind: Kind,
) -> Vec<Answer> {
    let elsewhere = Elsewhere::new();
    let model = Model::new(pool.capacity(), pool.region().zeroes_on_release());
    let mut remains = Remains::none(model);
    for part in calls.split_inclusive(|call| matches!(call, Call::Magazine(_))) {
        let world = threads::run(World::new(&pool, nature, remains, &elsewhere), part);
        remains = world.remains();
        if let Some(Call::Magazine(blocks)) = part.last() {
            let blocks = if kind == Kind::PlainStack { 0 } else { *blocks };
            pool = pool.with_magazine(blocks);
            nature.has_magazines |= kind == Kind::Magazines && blocks > 0;
        }
    }
    World::new(&pool, nature, remains, &elsewhere).finish()
}
