//! Any sequence of calls of one thread: the queue does what a list of names would.

use std::collections::{HashSet, VecDeque};
use std::task::Poll;

use block_core::wait::{AllocFuture, Waiting};
use block_core::{AllocError, Block, BlockAlloc, BlockAllocExt};
use proptest::prelude::*;

use crate::seeds::config;
use crate::support::Pool;
use crate::tasks::poll_once;
use crate::{assert_whole, pool};

/// What to do; numbers choose among what is there.
#[derive(Clone, Debug)]
enum Step {
    Begin,
    Poll(usize),
    Forsake(usize),
    Alloc,
    AllocBulk(usize),
    Free(usize),
    FreeBulk(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = any::<usize>;
    let step = prop_oneof![
        2 => Just(Step::Begin),
        4 => which().prop_map(Step::Poll),
        1 => which().prop_map(Step::Forsake),
        2 => Just(Step::Alloc),
        1 => (0..4_usize).prop_map(Step::AllocBulk),
        2 => which().prop_map(Step::Free),
        1 => (1..4_usize).prop_map(Step::FreeBulk),
    ];
    prop::collection::vec(step, 1..120)
}

/// A pool beside what must be true of it.
struct World<'a> {
    pool: &'a Waiting<Pool>,
    held: Vec<Block<&'a Waiting<Pool>>>,
    futures: Vec<(usize, AllocFuture<&'a Waiting<Pool>, Pool>)>,
    names: usize,
    /// Who waits, the oldest first; who was given a block; how many are free.
    waiting: VecDeque<usize>,
    given: HashSet<usize>,
    free: usize,
}

impl<'a> World<'a> {
    fn new(pool: &'a Waiting<Pool>) -> Self {
        let free = pool.capacity();
        let (waiting, given) = (VecDeque::new(), HashSet::new());
        Self { pool, held: vec![], futures: vec![], names: 0, waiting, given, free }
    }

    /// A block came back.
    fn came_back(&mut self) {
        match self.waiting.pop_front() {
            Some(oldest) => _ = self.given.insert(oldest),
            None => self.free += 1,
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Begin => {
                self.futures.push((self.names, self.pool.alloc_async()));
                self.names += 1;
            }
            Step::Poll(which) if !self.futures.is_empty() => {
                self.poll(which % self.futures.len());
            }
            Step::Forsake(which) if !self.futures.is_empty() => {
                let (name, future) = self.futures.swap_remove(which % self.futures.len());
                drop(future);
                self.waiting.retain(|&other| other != name);
                if self.given.remove(&name) {
                    self.came_back();
                }
            }
            Step::Alloc => match self.pool.alloc() {
                Ok(block) => {
                    self.held.push(block);
                    self.free = self.free.checked_sub(1).expect("a block that was not free");
                }
                Err(error) => assert_eq!((error, self.free), (AllocError::Exhausted, 0)),
            },
            Step::AllocBulk(count) => {
                let mut blocks: Vec<_> = (0..count).map(|_| None).collect();
                let done = self.pool.alloc_bulk(&mut blocks).is_ok();
                assert_eq!(done, count <= self.free, "invariant 3");
                self.free -= if done { count } else { 0 };
                self.held.extend(blocks.into_iter().flatten());
            }
            Step::Free(which) if !self.held.is_empty() => {
                drop(self.held.swap_remove(which % self.held.len()));
                self.came_back();
            }
            Step::FreeBulk(count) => {
                let from = self.held.len().saturating_sub(count);
                let mut blocks: Vec<_> = self.held.drain(from..).map(Some).collect();
                self.pool.free_bulk(&mut blocks);
                blocks.iter().for_each(|_| self.came_back());
            }
            Step::Poll(_) | Step::Forsake(_) | Step::Free(_) => {}
        }
        assert_eq!(self.pool.available(), self.free, "free blocks");
        assert!(self.free == 0 || self.waiting.is_empty(), "a wakeup was lost");
    }

    fn poll(&mut self, position: usize) {
        let (name, future) = &mut self.futures[position];
        let (name, polled) = (*name, poll_once(future));
        let expected = if self.given.remove(&name) {
            true
        } else if self.waiting.contains(&name) {
            false
        } else if self.free > 0 {
            self.free -= 1;
            true
        } else {
            self.waiting.push_back(name);
            false
        };
        assert_eq!(polled.is_ready(), expected, "served, of those who wait");
        if let Poll::Ready(block) = polled {
            self.held.push(block.expect("the pool is open"));
            drop(self.futures.swap_remove(position));
        }
    }
}

proptest! {
    #![proptest_config(config())]

    /// Who is served and when, what is free, and a whole pool when all is dropped.
    #[test]
    fn any_sequence_of_calls_serves_waiters_in_order_and_loses_nothing(
        capacity in 1..5_usize,
        steps in steps(),
    ) {
        let pool = pool(capacity);
        let mut world = World::new(&pool);
        steps.iter().for_each(|step| world.take(step));
        drop(world);
        assert_whole(&pool);
    }
}
