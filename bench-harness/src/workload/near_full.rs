//! Pairs in a pool of which a share is held, 99.8% or as asked for: a service at its limit, where
//! every cache of free blocks competes for the last few. With none held it is `pair`; with all of
//! them held it would be [`exhausted`].
//!
//! The held blocks are taken by the threads themselves, in equal shares, before the time is taken,
//! and given back after all of them are done. The figure belongs beside that of `pair` in the same
//! arena.

use super::{Job, Occupancy, exhausted, pair};
use crate::clock::Span;
use crate::contender::{Hand, Shape};
use crate::fault::Fault;
use crate::probe::Probe;

#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    mut hand: H,
    probe: &mut P,
    mut job: Job<'_>,
    occupancy: Occupancy,
) -> Result<Span, Fault> {
    let Shape { arena, threads, .. } = job.shape;
    let share = exhausted::share(arena - occupancy.free(arena), threads, job.thread);
    let kept = super::fill(&mut hand, probe, share)?;
    let span = job.clock.time(|| pair::pairs(&mut hand, probe, job.pairs))?;
    job.clock.wait_for_all();
    super::empty(&mut hand, probe, kept)?;
    Ok(span)
}
