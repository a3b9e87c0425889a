//! Take 32 blocks, then give them back in the same order: a request that needs several buffers,
//! or a batch of packets.

use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;

/// Blocks of a burst.
pub(super) const BLOCKS: usize = 32;

#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    hand: &mut H,
    probe: &mut P,
    repetitions: u64,
) -> Result<(), Fault> {
    let mut burst = Vec::with_capacity(BLOCKS);
    for _ in 0..repetitions {
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
}
