//! Threads that come and go: each takes 32 blocks, gives the 16 back that its predecessor left and
//! 16 of its own, leaves the other 16 to its successor, and ends. The idea is that of mleak in the
//! mimalloc-bench suite, whose threads take one block, give one back that an earlier thread left,
//! and end: an allocator that keeps something for each thread must not keep it for the dead.
//!
//! The threads of a worker come [one after another](super::succession). Each block is counted once,
//! but what the figure says is mostly the birth and the end of a thread, divided by 32: the loop
//! alone shows this floor, and what a contender needs beyond it is its own for a new thread and for
//! a dead one.

use super::{Job, Succession};
use crate::clock::Span;
use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;

/// Blocks that each thread takes, and as many that it gives back.
pub(super) const TAKEN: usize = 32;

/// Blocks that each thread leaves.
const LEFT: usize = 16;

/// The most that are held at once.
pub(super) const BLOCKS: usize = LEFT + TAKEN;

#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    hands: &(impl Fn() -> H + Sync),
    probe: &mut P,
    mut job: Job<'_>,
) -> Result<Span, Fault> {
    // In the order in which they were taken.
    let mut blocks = super::fill(&mut hands(), probe, LEFT)?;
    blocks.reserve_exact(TAKEN);
    let succession = Succession::of(&job);
    let span = job.clock.time(|| {
        for _ in 0..job.pairs / TAKEN as u64 {
            succession.next(&mut || {
                let mut hand = hands();
                for _ in 0..TAKEN {
                    let mut held = hand.take().ok_or(Fault::NoBlock)?;
                    probe.taken(H::bytes(&mut held))?;
                    blocks.push(held);
                }
                super::empty(&mut hand, probe, blocks.drain(..TAKEN))
            })?;
        }
        Ok(())
    })?;
    super::empty(&mut hands(), probe, blocks)?;
    Ok(span)
}
