//! Take 32 blocks, then give them back in the same order: a request that needs several buffers,
//! or a batch of packets.

use super::Job;
use crate::clock::Span;
use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;

/// Blocks of a burst.
pub(super) const BLOCKS: usize = 32;

#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    mut hand: H,
    probe: &mut P,
    mut job: Job<'_>,
) -> Result<Span, Fault> {
    let mut burst = Vec::with_capacity(BLOCKS);
    job.clock.time(|| {
        for _ in 0..job.pairs / BLOCKS as u64 {
            for _ in 0..BLOCKS {
                let mut held = hand.take().ok_or(Fault::NoBlock)?;
                probe.taken(H::bytes(&mut held))?;
                burst.push(held);
            }
            for mut held in burst.drain(..) {
                probe.giving(H::bytes(&mut held))?;
                hand.give(held)?;
            }
        }
        Ok(())
    })
}
