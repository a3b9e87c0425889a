//! Calls that fail, one after the other, while every block is held: what a service pays for asking
//! when it is out of blocks. The figure is the time of a refusal.
//!
//! The threads take all blocks, in equal shares, before the time is taken, and give them back after
//! all of them are done.

use std::hint::black_box;

use super::Job;
use crate::clock::Span;
use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;

/// The least that a thread holds: enough to be verified.
pub(super) const BLOCKS: usize = 32;

/// Blocks that the thread holds all the time.
pub(crate) fn share(arena: usize, threads: usize, thread: usize) -> usize {
    arena / threads + usize::from(thread < arena % threads)
}

#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    mut hand: H,
    probe: &mut P,
    mut job: Job<'_>,
) -> Result<Span, Fault> {
    let share = share(job.shape.arena, job.shape.threads, job.thread);
    let kept = super::fill(&mut hand, probe, share)?;
    let span = job.clock.time(|| {
        for _ in 0..job.pairs {
            if let Some(mut held) = black_box(hand.take()) {
                return Err(Fault::Surplus { address: H::bytes(&mut held).addr() });
            }
        }
        Ok(())
    })?;
    job.clock.wait_for_all();
    super::empty(&mut hand, probe, kept)?;
    Ok(span)
}
