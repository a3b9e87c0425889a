//! Pairs in a pool of which 99.8% is held: a service at its limit, where every cache of free blocks
//! competes for the last few.
//!
//! The held blocks are taken by the threads themselves, in equal shares, before the time is taken,
//! and given back after all of them are done. The figure belongs beside that of `pair` in the same
//! arena.

use super::{Job, exhausted, pair};
use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;
use crate::subject::Span;

/// One block in so many is left for the loop.
pub(super) const FREE: usize = 500;

/// Blocks that the thread holds all the time.
pub(super) fn share(arena: usize, threads: usize, thread: usize) -> usize {
    exhausted::share(arena - arena / FREE, threads, thread)
}

#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    mut hand: H,
    probe: &mut P,
    mut job: Job<'_>,
) -> Result<Span, Fault> {
    let share = share(job.shape.arena, job.shape.threads, job.thread);
    let kept = super::fill(&mut hand, probe, share)?;
    let span = job.clock.time(|| pair::pairs(&mut hand, probe, job.pairs))?;
    job.clock.wait_for_all();
    super::empty(&mut hand, probe, kept)?;
    Ok(span)
}
