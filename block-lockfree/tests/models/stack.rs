//! The stack: how long a tag lasts, and the frontier against everything at once.

use block_core::BlockIndex;
use block_core::models::Bound::Within;
use block_core::models::sync::Arc;
use block_core::models::{check, fail_next_swap, thread};

use crate::pool::Pool;

impl Pool {
    fn pop(&self) -> Option<BlockIndex> {
        self.stack.pop().inspect(|&block| self.touch(block))
    }

    fn push(&self, block: BlockIndex) {
        self.touch(block);
        self.stack.push(block);
    }

    fn pop_and_push(&self) {
        if let Some(block) = self.pop() {
            self.push(block);
        }
    }

    /// Up to two, as a refill takes them.
    fn pop_up_to_two(&self) -> Vec<BlockIndex> {
        let mut blocks = [BlockIndex::new(usize::MAX); 2];
        let taken = self.stack.pop_up_to(2, |position, block| blocks[position] = block);
        blocks[..taken].iter().for_each(|&block| self.touch(block));
        blocks[..taken].to_vec()
    }
}

/// Two threads, three blocks, links all written: while one thread pops, the other one pops two, pushes the
/// first, and pops and pushes it twice more. These are four pops, after which the same block is on top of
/// another one: if the tag is as it was, the slow pop puts a held block back. Within two preemptions.
#[test]
fn the_tag_outlasts_four_pops_in_the_middle_of_one() {
    check(Within(2), || {
        let pool = Pool::new(3);
        let all = [(); 3].map(|()| pool.pop().expect("invariant 3"));
        all.into_iter().rev().for_each(|block| pool.push(block));
        let other = Arc::clone(&pool);
        let slow = thread::spawn(move || other.pop_and_push());
        let (first, second) = (pool.pop(), pool.pop());
        let (first, held) = first.zip(second).expect("invariant 3: the other holds one of three");
        pool.push(first);
        pool.pop_and_push();
        pool.pop_and_push();
        slow.join().unwrap();
        pool.touch(held);
        pool.assert_left(2);
    });
}

/// Two threads, three blocks: a refill of two, of which the first one is pushed, against a pop. Fails when a
/// refill does not move the tag. Within three preemptions.
#[test]
fn refill_of_two_push_the_first_only_against_pop() {
    check(Within(3), || {
        let pool = Pool::new(3);
        let all = [(); 3].map(|()| pool.pop().expect("invariant 3"));
        all.into_iter().rev().for_each(|block| pool.push(block));
        let other = Arc::clone(&pool);
        let slow = thread::spawn(move || other.pop_and_push());
        fail_next_swap();
        let taken = pool.pop_up_to_two();
        assert_eq!(taken.len(), 2, "invariant 3: two are always free");
        pool.push(taken[0]);
        slow.join().unwrap();
        pool.assert_left(2);
    });
}

/// Two threads, three blocks never used: a refill takes two from the frontier, or from what the other one has
/// pushed on top of it. Within three preemptions.
#[test]
fn refill_from_the_frontier_against_pop_and_push() {
    check(Within(3), || {
        let pool = Pool::new(3);
        let other = Arc::clone(&pool);
        let other = thread::spawn(move || {
            other.pop_and_push();
            other.pop_and_push();
        });
        let taken = pool.pop_up_to_two();
        assert_eq!(taken.len(), 2, "invariant 3: two are always free");
        pool.stack.push_bulk(taken);
        other.join().unwrap();
        pool.assert_left(3);
    });
}

/// Four threads, eight blocks never used, six steps each, up to two blocks held by each: pops and pushes of one,
/// of two and of up to two, from the frontier on, and counts.
#[test]
#[cfg(block_shuttle)]
fn frontier_against_single_and_bulk_calls_and_counts() {
    use block_core::models::Bound::Random;
    use shuttle::rand::{Rng, thread_rng};

    fn exercise(pool: &Pool) {
        let mut held = Vec::new();
        for _ in 0..6 {
            match thread_rng().gen_range(0..4) {
                0 if held.len() < 2 => held.push(pool.pop().expect("invariant 3")),
                1 if held.is_empty() => {
                    let mut blocks = [BlockIndex::new(usize::MAX); 2];
                    let taken = pool.stack.pop_bulk(2, |position, block| blocks[position] = block);
                    assert!(taken, "invariant 3: the others hold six of eight");
                    blocks.iter().for_each(|&block| pool.touch(block));
                    held.extend(blocks);
                }
                2 if held.is_empty() => {
                    held = pool.pop_up_to_two();
                    assert_eq!(held.len(), 2, "invariant 3: the others hold six of eight");
                }
                3 => {
                    if let Ok(content) = pool.stack.look() {
                        let most = 8 - held.len();
                        assert!(content.count() <= most, "a confirmed look counts what is free");
                    }
                }
                _ if held.len() == 1 => pool.push(held.remove(0)),
                _ => {
                    held.iter().for_each(|&block| pool.touch(block));
                    pool.stack.push_bulk(held.drain(..));
                }
            }
        }
        pool.stack.push_bulk(held);
    }

    check(Random, || {
        let pool = Pool::new(8);
        let threads = [(); 4].map(|()| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || exercise(&pool))
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        pool.assert_left(8);
    });
}
