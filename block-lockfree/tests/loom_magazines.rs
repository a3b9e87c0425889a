//! Models of the magazines: owners, reclaimers, thread ends, under the memory model.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p block-lockfree --test loom_magazines`.
//! Each model says how many preemptions it is explored within; `LOOM_MAX_PREEMPTIONS` overrides it.
//!
//! Here magazines hold up to four blocks, the depot has one cell, a reclaim is over after one pop,
//! and owners use the real fence: the asymmetric one is beyond loom. The numbers of threads are
//! given, not claimed.
//!
//! loom looks for the races of a store with the last access of a word alone, and so misses orders:
//! of a compare-and-swap after a load of its own, for one. Two things make up for it. Every call
//! begins with an update of one word, so all orders of whole calls are explored. And each model
//! runs twice, with its two bodies exchanged between the main thread and the spawned one.
//!
//! Each block has a payload cell that its holder writes plainly, so a block with two holders, or a
//! missing happens-before edge between one holder and the next, is a reported race. So is a turn
//! with a magazine's plain memory that is not the caller's.

#![cfg(loom)]

use std::array;

use block_core::{BlockIndex, BlockLayout, Region};
use block_lockfree::magazines::{Magazines, Shared, place_of};
use block_lockfree::stack::Stack;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

/// What a thread has that got no number, because too many others live.
const NO_NUMBER: usize = usize::MAX - 1;

/// A pool, the payload of its blocks, and a flag for the bodies.
struct Pool {
    region: Region,
    stack: Stack,
    magazines: Magazines,
    payload: Vec<UnsafeCell<usize>>,
    flag: AtomicUsize,
    /// Updated at the start of every call; orders nothing in the memory model.
    calls: AtomicUsize,
}

impl Pool {
    fn new(capacity: usize) -> Arc<Self> {
        let region = Region::heap(BlockLayout::new(1, capacity).unwrap()).unwrap();
        Arc::new(Self {
            stack: Stack::new(&region).unwrap(),
            magazines: Magazines::new(&region, usize::MAX).unwrap(),
            payload: (0..capacity).map(|_| UnsafeCell::new(0)).collect(),
            flag: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            region,
        })
    }

    /// The rest of the pool, for one call on the magazines.
    fn call(&self) -> Shared<'_> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Shared { region: &self.region, stack: &self.stack }
    }

    /// A plain write to a block that the caller holds.
    fn touch(&self, block: BlockIndex) {
        // SAFETY: the caller is the only holder (invariant 1); loom reports it if not.
        self.payload[block.get()].with_mut(|bytes| unsafe { *bytes += 1 });
    }

    fn acquire(&self, number: usize) -> Option<BlockIndex> {
        let block = self.magazines.acquire(place_of(number), self.call())?;
        let block = self.region.locate(block).expect("invariant 4");
        self.touch(block);
        Some(block)
    }

    /// Within the caller's share.
    fn acquire_own(&self, number: usize) -> BlockIndex {
        self.acquire(number).expect("invariant 3: at every instant a block was free")
    }

    fn release(&self, number: usize, block: BlockIndex) {
        self.touch(block);
        // SAFETY: the caller holds the block.
        unsafe { self.magazines.release(place_of(number), self.call(), self.region.block(block)) };
    }

    fn acquire_and_release(&self, number: usize) {
        let block = self.acquire_own(number);
        self.release(number, block);
    }

    fn acquire_many<const N: usize>(&self, number: usize) -> Option<[BlockIndex; N]> {
        let mut blocks = [None; N];
        self.magazines.acquire_many(place_of(number), self.call(), &mut blocks).then(|| {
            blocks.map(|block| {
                let block = self.region.locate(block.unwrap()).expect("invariant 4");
                self.touch(block);
                block
            })
        })
    }

    fn release_many<const N: usize>(&self, number: usize, blocks: [BlockIndex; N]) {
        let blocks = blocks.map(|block| {
            self.touch(block);
            Some(self.region.block(block))
        });
        // SAFETY: the caller holds the blocks.
        unsafe { self.magazines.release_many(place_of(number), self.call(), &blocks) };
    }

    fn available(&self, number: usize) -> usize {
        self.magazines.available(place_of(number), self.call())
    }

    /// Takes so many blocks.
    fn take<const N: usize>(&self, number: usize) -> [BlockIndex; N] {
        array::from_fn(|_| self.acquire_own(number))
    }

    /// Leaves all blocks of a pool of at most two in the magazine of this number.
    fn cache_all(&self, number: usize) {
        // Whoever takes all comes by the end of a cool-down, if there was one.
        let blocks: Vec<_> = (0..self.payload.len()).map(|_| self.acquire_own(number)).collect();
        blocks.into_iter().for_each(|block| self.release(number, block));
        assert_eq!(self.stack.pop(), None, "all are cached");
    }

    /// Invariants 1 and 2, when all is quiet: `free` blocks are left, each once.
    fn assert_left(&self, free: usize) {
        assert_eq!(self.available(NO_NUMBER), free, "invariant 2: conserved");
        // Past the magazines and the depot: what is in them must come to the stack.
        let mut left: Vec<_> = std::iter::from_fn(|| self.acquire(NO_NUMBER)).collect();
        left.sort();
        left.dedup();
        assert_eq!(left.len(), free, "invariants 1 and 2: each block once, none lost");
    }
}

/// How many blocks are free when the bodies of a model have ended.
struct Leaves(usize);

/// The preemptions of an execution.
struct Within(usize);

/// A model that starts from `prepare`, runs the bodies at once, with the blocks that `prepare` left
/// them, and checks that so many blocks are free in the end.
fn model<const N: usize>(
    capacity: usize,
    prepare: fn(&Pool) -> [BlockIndex; N],
    bodies: [fn(&Pool, [BlockIndex; N]); 2],
    Leaves(free): Leaves,
    Within(preemptions): Within,
) {
    for [main, spawned] in [bodies, [bodies[1], bodies[0]]] {
        check(preemptions, move || {
            let pool = Pool::new(capacity);
            let held = prepare(&pool);
            let other = Arc::clone(&pool);
            let thread = thread::spawn(move || spawned(&other, held));
            main(&pool, held);
            thread.join().unwrap();
            pool.assert_left(free);
        });
    }
}

/// Runs every execution of a body, and prints how many there were.
fn check(preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.max_branches = 20_000;
    let executions = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&executions);
    builder.check(move || {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        body();
    });
    println!("{executions:?} executions");
}

const NOTHING_HELD: [BlockIndex; 0] = [];

/// Both blocks lie in the owner's magazine, which a reclaimer empties. One block each.
#[test]
fn owner_against_reclaimer() {
    model(
        2,
        |pool| {
            pool.cache_all(0);
            NOTHING_HELD
        },
        [|pool, _| pool.acquire_and_release(0), |pool, _| pool.acquire_and_release(1)],
        Leaves(2),
        Within(2),
    );
}

/// The owner gives back while a reclaimer empties its magazine and opens it again.
#[test]
fn give_back_against_reclaimer() {
    model(
        2,
        |pool| {
            pool.cache_all(0);
            pool.take::<1>(0)
        },
        [|pool, [block]| pool.release(0, block), |pool, _| pool.acquire_and_release(1)],
        Leaves(2),
        Within(3),
    );
}

/// What was given back before a call began is found by it, even if a reclaimer came meanwhile.
fn given_back_is_found(prepare: fn(&Pool) -> [BlockIndex; 1]) {
    model(
        1,
        prepare,
        [
            |pool, [block]| {
                pool.release(0, block);
                pool.flag.store(1, Ordering::Release);
            },
            |pool, _| {
                let first = pool.acquire(1);
                if pool.flag.load(Ordering::Acquire) == 1 {
                    let block = first.unwrap_or_else(|| pool.acquire_own(1));
                    pool.release(1, block);
                } else if let Some(block) = first {
                    pool.release(1, block);
                }
            },
        ],
        Leaves(1),
        Within(3),
    );
}

#[test]
fn given_back_is_found_in_a_magazine_used_before() {
    given_back_is_found(|pool| {
        pool.cache_all(0);
        pool.take(0)
    });
}

#[test]
fn given_back_is_found_in_a_magazine_never_used() {
    given_back_is_found(|pool| {
        pool.cache_all(2);
        pool.take(2)
    });
}

/// Bulk calls of the owner against a reclaimer that may find nothing.
#[test]
fn bulk_against_reclaimer() {
    model(
        2,
        |pool| {
            pool.cache_all(0);
            NOTHING_HELD
        },
        [
            |pool, _| {
                if let Some(blocks) = pool.acquire_many::<2>(0) {
                    pool.release_many(0, blocks);
                }
            },
            |pool, _| {
                if let Some(block) = pool.acquire(1) {
                    pool.release(1, block);
                }
            },
        ],
        Leaves(2),
        Within(2),
    );
}

/// Two threads reclaim from a magazine whose owner is idle.
#[test]
fn two_reclaimers() {
    model(
        2,
        |pool| {
            pool.cache_all(0);
            NOTHING_HELD
        },
        [|pool, _| pool.acquire_and_release(1), |pool, _| pool.acquire_and_release(2)],
        Leaves(2),
        Within(2),
    );
}

/// A thread ends and hands its number on, while the next owner reclaims under another one.
#[test]
fn reclaim_against_the_end_of_a_thread() {
    model(
        2,
        |pool| {
            pool.cache_all(0);
            pool.take::<1>(0)
        },
        [
            |pool, [block]| {
                pool.release(0, block);
                // As the number is given up and claimed: Release, Acquire.
                pool.flag.store(1, Ordering::Release);
            },
            |pool, _| {
                pool.acquire_and_release(1);
                if pool.flag.load(Ordering::Acquire) == 1 {
                    pool.acquire_and_release(0);
                }
            },
        ],
        Leaves(2),
        Within(3),
    );
}

/// One thread opens the magazines and moves both blocks into them, one under each of its two
/// numbers, and never holds more than one; the other has looked at the state before.
#[test]
fn magazines_that_open_against_a_failing_call() {
    model(
        2,
        |pool| {
            let blocks = pool.take::<2>(0);
            assert_eq!(pool.acquire(0), None, "and the magazines are quiesced now");
            blocks.into_iter().for_each(|block| pool.release(0, block));
            NOTHING_HELD
        },
        [
            |pool, _| {
                pool.acquire_and_release(1);
                pool.acquire_and_release(2);
            },
            |pool, _| pool.touch(pool.acquire_own(3)),
        ],
        Leaves(1),
        Within(2),
    );
}

/// The same, and then a third number's call finds the stack empty and closes the magazines again:
/// the state that the failing call sees is like the one it has seen before, but not the same.
/// The call is on the main thread alone, for the sake of time.
#[test]
fn magazines_that_open_and_close_against_a_failing_call() {
    check(2, || {
        let pool = Pool::new(2);
        let blocks = pool.take::<2>(0);
        assert_eq!(pool.acquire(0), None, "and the magazines are quiesced now");
        blocks.into_iter().for_each(|block| pool.release(0, block));
        let other = Arc::clone(&pool);
        let lives = thread::spawn(move || {
            [1, 2, 0].into_iter().for_each(|number| other.acquire_and_release(number));
        });
        pool.touch(pool.acquire_own(3));
        lives.join().unwrap();
        pool.assert_left(1);
    });
}

/// One block is free at most while it moves from one magazine to another.
#[test]
fn available_against_owners() {
    model(
        2,
        |pool| {
            pool.cache_all(2); // so that this magazine counts from the start
            pool.cache_all(0);
            pool.take::<1>(0)
        },
        [
            |pool, [block]| {
                let other = pool.acquire_own(0);
                pool.release(2, other);
                assert_eq!(pool.available(0), 1);
                pool.touch(block);
            },
            |pool, _| assert!(pool.available(1) <= 1, "counters never over-report"),
        ],
        Leaves(1),
        Within(3),
    );
}

/// Who finds the stack empty sees what came before the last block was taken: that the magazines
/// were opened. The owners' fences hide this from the models above.
fn who_finds_nothing_sees_what_came_before(take_all: fn(&Stack) -> bool) {
    check(3, move || {
        let pool = Pool::new(2);
        let other = Arc::clone(&pool);
        let finder = thread::spawn(move || {
            if !take_all(&other.stack) {
                assert_eq!(other.flag.load(Ordering::Relaxed), 1, "step 6: the state has changed");
            }
        });
        pool.flag.store(1, Ordering::Relaxed);
        take_all(&pool.stack);
        finder.join().unwrap();
    });
}

#[test]
fn who_pops_nothing_sees_what_came_before() {
    who_finds_nothing_sees_what_came_before(|stack| stack.pop().and(stack.pop()).is_some());
}

#[test]
fn who_pops_too_few_sees_what_came_before() {
    who_finds_nothing_sees_what_came_before(|stack| stack.pop_many(2, |_, _| {}));
}

#[test]
fn who_refills_with_nothing_sees_what_came_before() {
    who_finds_nothing_sees_what_came_before(|stack| stack.pop_up_to(2, |_, _| {}) > 0);
}

/// Takes all blocks of a pool of eight and leaves four in the magazine, full, and four held.
fn full_magazine(pool: &Pool) -> [BlockIndex; 4] {
    let held = pool.take::<8>(0);
    let (rest, cached) = held.split_at(4);
    cached.iter().for_each(|&block| pool.release(0, block));
    rest.try_into().unwrap()
}

/// One thread passes on a batch that another may take.
#[test]
fn depot_put_against_take() {
    model(
        8,
        full_magazine,
        [
            |pool, [block, ..]| pool.release(0, block),
            |pool, _| {
                if let Some(block) = pool.acquire(1) {
                    pool.release(1, block);
                }
            },
        ],
        Leaves(5),
        Within(3),
    );
}

/// The cell is full; one thread takes what is in it, the other would put the next batch there.
#[test]
fn depot_take_against_put() {
    model(
        8,
        |pool| {
            let [first, second, third, fourth] = full_magazine(pool);
            pool.release(0, first); // Now there are three in the magazine, and two in the depot.
            pool.release(0, second);
            [third, fourth]
        },
        [|pool, [block, _]| pool.release(0, block), |pool, _| pool.acquire_and_release(1)],
        Leaves(7),
        Within(3),
    );
}

/// A batch in the depot belongs to one of two takers.
#[test]
fn depot_take_against_take() {
    model(
        8,
        |pool| {
            let [first, rest @ ..] = full_magazine(pool);
            pool.release(0, first);
            rest
        },
        [|pool, _| pool.acquire_and_release(1), |pool, _| pool.acquire_and_release(2)],
        Leaves(5),
        Within(2),
    );
}

/// Two threads reclaim from a third, each of one block.
#[test]
fn two_reclaimers_against_an_owner() {
    check(1, || {
        let pool = Pool::new(3);
        pool.take::<3>(0).into_iter().for_each(|block| pool.release(0, block));
        let threads = [1, 2].map(|number| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.acquire_and_release(number))
        });
        pool.acquire_and_release(0);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        pool.assert_left(3);
    });
}
