//! Models of the stack: every interleaving within the bounds, under the memory model.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p block-lockfree --test loom`. Two
//! threads are explored exhaustively, three within three preemptions, or as many as
//! `LOOM_MAX_PREEMPTIONS` says.
//!
//! Each block has a payload cell that its holder writes plainly, so a block with two holders, or a
//! missing happens-before edge between one holder and the next, is a reported race.

#![cfg(loom)]

use block_core::models::sync::Arc;
use block_core::models::{Bound, UnsafeCell, check, fail_next_swap, thread};
use block_core::{BlockIndex, BlockLayout, Region};
use block_lockfree::stack::Stack;

/// A stack and the payload of its blocks.
struct Pool {
    stack: Stack,
    payload: Vec<UnsafeCell<usize>>,
}

impl Pool {
    fn new(capacity: usize) -> Arc<Self> {
        let region = Region::heap(BlockLayout::new(1, capacity).unwrap()).unwrap();
        Arc::new(Self {
            stack: Stack::new(&region).unwrap(),
            payload: (0..capacity).map(|_| UnsafeCell::new(0)).collect(),
        })
    }

    /// A plain write to a block that the caller holds.
    fn touch(&self, block: BlockIndex) {
        // SAFETY: the caller is the only holder (invariant 1); loom reports it if not.
        self.payload[block.get()].with_mut(|bytes| unsafe { *bytes += 1 });
    }

    fn pop(&self) -> Option<BlockIndex> {
        let block = self.stack.pop();
        block.inspect(|&block| self.touch(block));
        block
    }

    fn push(&self, block: BlockIndex) {
        self.touch(block);
        self.stack.push(block);
    }

    fn pop_many<const N: usize>(&self) -> Option<[BlockIndex; N]> {
        let mut blocks = [BlockIndex::new(usize::MAX); N];
        let taken = self.stack.pop_many(N, |position, block| blocks[position] = block);
        taken.then(|| blocks.each_ref().map(|&block| (self.touch(block), block).1))
    }

    fn push_many(&self, blocks: &[BlockIndex]) {
        blocks.iter().for_each(|&block| self.touch(block));
        self.stack.push_many(blocks.iter().copied());
    }

    /// Invariants 1 and 2, when all is quiet: `free` blocks are left, each once.
    fn assert_left(&self, free: usize) {
        assert_eq!(self.stack.content().count(), free, "invariant 2: conserved");
        let mut left: Vec<_> = std::iter::from_fn(|| self.pop()).collect();
        left.sort();
        left.dedup();
        assert_eq!(left.len(), free, "invariants 1 and 2: each block once, none lost");
    }
}

/// A model that starts from `prepare`, runs each body on a thread of its own, and checks that
/// `free` blocks are left.
fn model(capacity: usize, prepare: fn(&Pool), bodies: &'static [fn(&Pool)], Leaves(free): Leaves) {
    let bound = if bodies.len() <= 2 { Bound::Exhaustive } else { Bound::Within(3) };
    check(bound, move || {
        let pool = Pool::new(capacity);
        prepare(&pool);
        let run = |body: &fn(&Pool)| {
            let (pool, body) = (Arc::clone(&pool), *body);
            thread::spawn(move || body(&pool))
        };
        let threads: Vec<_> = bodies.iter().map(run).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        pool.assert_left(free);
    });
}

/// How many blocks are free when the threads of a model have ended.
struct Leaves(usize);

/// All blocks have been used once, so that the links are written ones; block 0 on top.
fn used_once(pool: &Pool) {
    let mut blocks: Vec<_> = std::iter::from_fn(|| pool.pop()).collect();
    blocks.reverse();
    blocks.into_iter().for_each(|block| pool.push(block));
}

fn untouched(_: &Pool) {}

fn pop_push(pool: &Pool) {
    if let Some(block) = pool.pop() {
        pool.push(block);
    }
}

fn pop_two_push_the_first(pool: &Pool) {
    let (first, second) = (pool.pop(), pool.pop());
    if let Some(block) = first {
        pool.push(block);
    }
    if let Some(block) = second {
        pool.push(block);
    }
}

/// Two threads, two blocks, a pop and a push each; exhaustive.
#[test]
fn pop_against_push_hands_over_the_bytes() {
    model(2, used_once, &[pop_push, pop_push], Leaves(2));
}

/// The ABA case: fails when the tag does not move.
///
/// Two threads, three blocks, up to two pops and pushes each; exhaustive.
#[test]
fn pop_two_push_the_first_against_pop() {
    model(3, used_once, &[pop_two_push_the_first, pop_push], Leaves(3));
}

/// The same where both leave by one bulk pop: fails when that one does not move the tag.
///
/// Two threads, three blocks, a bulk call and a push against a pop and a push; exhaustive.
#[test]
fn bulk_pop_of_two_push_the_first_only_against_pop() {
    fn bulk_pop_push_the_first(pool: &Pool) {
        let [first, _held] = pool.pop_many().expect("invariant 3: two blocks are always free");
        pool.push(first);
    }
    model(3, used_once, &[bulk_pop_push_the_first, pop_push], Leaves(2));
}

/// A weak compare-and-swap may fail though the word is the expected one: the retry must start from
/// the word as it is then.
///
/// Two threads, two or three blocks, one or two failures; exhaustive.
#[test]
fn swaps_that_fail_by_themselves_are_tried_again() {
    fn pop_push_weakly(pool: &Pool) {
        fail_next_swap();
        let block = pool.pop().expect("invariant 3: one block is free for each thread");
        fail_next_swap();
        pool.push(block);
    }
    fn pop_two_push_the_first_weakly(pool: &Pool) {
        fail_next_swap();
        pop_two_push_the_first(pool);
    }
    fn bulk_weakly(pool: &Pool) {
        fail_next_swap();
        let blocks = pool.pop_many::<2>().expect("invariant 3: two blocks are always free");
        fail_next_swap();
        pool.push_many(&blocks);
    }
    model(2, used_once, &[pop_push_weakly, pop_push], Leaves(2));
    model(3, used_once, &[pop_push_weakly, pop_two_push_the_first], Leaves(3));
    model(3, used_once, &[pop_two_push_the_first_weakly, pop_push], Leaves(3));
    model(3, used_once, &[bulk_weakly, pop_push], Leaves(3));
}

/// Two threads, three or four blocks, a bulk pop and push of two; exhaustive.
#[test]
fn bulk_transfer_against_pop_and_push() {
    fn bulk(pool: &Pool) {
        if let Some(blocks) = pool.pop_many::<2>() {
            pool.push_many(&blocks);
        }
    }
    model(3, used_once, &[bulk, pop_push], Leaves(3));
    model(3, used_once, &[bulk, pop_two_push_the_first], Leaves(3));
    model(4, used_once, &[bulk, bulk], Leaves(4));
}

/// Two threads, three or four blocks, up to two pops and pushes each; exhaustive.
#[test]
fn frontier_against_pop_and_push() {
    model(3, untouched, &[pop_two_push_the_first, pop_push], Leaves(3));
    fn bulk_from_the_frontier(pool: &Pool) {
        if let Some([a, b]) = pool.pop_many::<2>() {
            pool.push(b);
            pool.push(a);
        }
    }
    model(4, untouched, &[bulk_from_the_frontier, pop_two_push_the_first], Leaves(4));
}

/// Invariant 3: two threads of one block each, two blocks.
///
/// One or two pops and pushes each; exhaustive.
#[test]
fn within_their_share_no_pop_fails() {
    fn always(pool: &Pool) {
        let block = pool.pop().expect("invariant 3: one block is free for each thread");
        pool.push(block);
    }
    fn always_twice(pool: &Pool) {
        always(pool);
        always(pool);
    }
    model(2, untouched, &[always_twice, always], Leaves(2));
    model(2, used_once, &[always, always], Leaves(2));
}

/// Invariant 3 for bulk calls: one thread holds at most one of three blocks.
///
/// Two threads, a bulk pop and push against one or two single ones; exhaustive.
#[test]
fn within_their_share_no_bulk_pop_fails() {
    fn always_two(pool: &Pool) {
        let blocks = pool.pop_many::<2>().expect("invariant 3: two blocks are always free");
        pool.push_many(&blocks);
    }
    model(3, untouched, &[always_two, pop_push], Leaves(3));
    model(
        3,
        used_once,
        &[always_two, |pool| {
            pop_push(pool);
            pop_push(pool);
        }],
        Leaves(3),
    );
}

/// Invariant 3 against a bulk push in the making: its links lead the walk of a bulk pop to a block
/// that is not on the stack, and whose own link, of long ago, says that it is the last one.
///
/// Two threads, five blocks, a bulk pop and push against a pop and a bulk push; exhaustive.
#[test]
fn a_chain_in_the_making_does_not_make_a_bulk_pop_fail() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(5);
        let [top, others @ .., last] = pool.pop_many::<5>().unwrap();
        pool.push(last);
        assert_eq!(pool.pop(), Some(last), "its link says now: the last one");
        pool.push_many(&others);
        pool.push(top);
        let other = Arc::clone(&pool);
        // The walk is the spawned thread's: loom looks for the races of a store with the last
        // access alone, which is the pusher's own, but offers the walk every outdated value.
        let walker = thread::spawn(move || {
            let taken = other.pop_many::<3>();
            let blocks = taken.expect("invariant 3: three blocks are always free");
            other.push_many(&blocks);
        });
        if let Some(block) = pool.pop() {
            pool.push_many(&[block, last]);
        }
        walker.join().unwrap();
        pool.assert_left(5);
    });
}

/// Against a chain in the making, as above: at no instant are more than two blocks free, but the
/// outdated links of the others lead a count over all four.
///
/// Two threads, four blocks, one count against a pop and a bulk push; exhaustive.
#[test]
fn count_never_over_reports() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(4);
        let [top, held @ ..] = pool.pop_many::<4>().unwrap();
        pool.push_many(&held);
        assert_eq!(pool.pop_many(), Some(held), "their links are written");
        pool.push(top);
        let other = Arc::clone(&pool);
        let counter = thread::spawn(move || {
            assert!(other.stack.content().count() <= 2, "counters never over-report");
        });
        assert_eq!(pool.pop(), Some(top));
        pool.push_many(&[top, held[0]]);
        counter.join().unwrap();
        pool.assert_left(2);
    });
}

/// Against single pushes: the link of `b`, written anew, leads a count on to `c`, so whoever reads
/// it must also see that `a` and `b` have been popped. Fails when a push's link store is Relaxed.
///
/// Two threads, three blocks, one count against two pops and two pushes; exhaustive.
#[test]
fn count_never_over_reports_after_single_pushes() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(3);
        let [a, b, c] = pool.pop_many().unwrap();
        pool.push(b);
        pool.push(a);
        let other = Arc::clone(&pool);
        let counter = thread::spawn(move || {
            assert!(other.stack.content().count() <= 2, "counters never over-report");
        });
        assert_eq!((pool.pop(), pool.pop()), (Some(a), Some(b)));
        pool.push(c);
        pool.push(b);
        counter.join().unwrap();
        pool.assert_left(2);
    });
}

/// Beside a thread that takes blocks from returned ones down into the frontier: what is held for sure was
/// off the stack at once, so the mark is not below it, in the same look.
///
/// Two threads, four blocks, one count against a bulk pop of three; exhaustive.
#[test]
fn no_more_are_held_than_the_mark_of_the_same_look_says() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(4);
        let first = pool.pop().unwrap();
        pool.push(first);
        let other = Arc::clone(&pool);
        let counter = thread::spawn(move || {
            let content = other.stack.content();
            let (held, most) = (4 - content.count(), other.stack.most_off());
            assert!(held <= most, "{held} of 4 are held, and at most {most} ever were");
            assert_eq!(content.frontier + most, 4, "one look, one frontier");
        });
        assert!(pool.pop_many::<3>().is_some());
        counter.join().unwrap();
        pool.assert_left(1);
    });
}

/// Against a bulk pop that takes more than the count has passed: fails when the tag moves by one
/// for all of its blocks.
///
/// Two threads, five blocks, one count against a bulk pop and push of three; exhaustive.
#[test]
fn count_never_over_reports_after_a_bulk_pop() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(5);
        let [a, b, c, d, e] = pool.pop_many().unwrap();
        pool.push_many(&[a, b, c]);
        let other = Arc::clone(&pool);
        let counter = thread::spawn(move || {
            assert!(other.stack.content().count() <= 3, "counters never over-report");
        });
        assert_eq!(pool.pop_many(), Some([a, b, c]));
        pool.push_many(&[c, d, e]);
        counter.join().unwrap();
        pool.assert_left(3);
    });
}

/// Three threads, three blocks, a pop and a push each; within three preemptions.
#[test]
fn three_threads() {
    model(3, used_once, &[pop_push, pop_push, pop_push], Leaves(3));
}
