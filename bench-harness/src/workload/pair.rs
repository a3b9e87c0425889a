//! Take one block, give it back: the least that a user of a pool can do.

use super::Job;
use crate::clock::Span;
use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;

#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    mut hand: H,
    probe: &mut P,
    mut job: Job<'_>,
) -> Result<Span, Fault> {
    job.clock.time(|| pairs(&mut hand, probe, job.pairs))
}

/// The loop, for other workloads as well.
#[inline(never)]
pub(super) fn pairs<H: Hand, P: Probe>(
    hand: &mut H,
    probe: &mut P,
    repetitions: u64,
) -> Result<(), Fault> {
    for _ in 0..repetitions {
        let mut held = hand.take().ok_or(Fault::NoBlock)?;
        let bytes = H::bytes(&mut held);
        probe.taken(bytes)?;
        probe.giving(bytes)?;
        hand.give(held)?;
    }
    Ok(())
}
