//! More threads than blocks, which wait as tasks do: each is asked again and again whether it has one.
//!
//! A thread that sleeps until it is woken is woken by way of an `Arc`, whose count the sanitizer does not
//! see through.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use block_core::BlockAlloc;
use block_core::wait::Waiting;

use super::{THREADS, stamp};
use crate::held::{check, fill};
use crate::pools::{magazines, mutex, plain_stack};
use crate::threads::{Gate, give_way, together, wait_for};

const BLOCKS: usize = 2;

/// Over pools of its own: those of a trait object cannot be waited for.
pub fn run(rounds: usize) {
    over(magazines(BLOCKS).expect("memory for a small pool"), rounds);
    over(plain_stack(BLOCKS).expect("memory for a small pool"), rounds);
    over(mutex(BLOCKS).expect("memory for a small pool"), rounds);
}

fn over(pool: impl BlockAlloc, rounds: usize) {
    let (pool, gate) = (Waiting::new(pool), Gate::default());
    together(THREADS, |number| {
        gate.pass(THREADS);
        for round in 0..rounds {
            let mut next = pin!(pool.alloc_async());
            let mut context = Context::from_waker(Waker::noop());
            let mut block = wait_for(|| match next.as_mut().poll(&mut context) {
                Poll::Ready(block) => Some(block.expect("the pool is never closed")),
                Poll::Pending => None,
            });
            fill(&mut block, stamp(number, round));
            give_way();
            check(&block, stamp(number, round));
        }
    });
    assert_eq!((pool.available(), pool.waiters()), (BLOCKS, 0));
}
