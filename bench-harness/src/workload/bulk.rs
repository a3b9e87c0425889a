//! Take 32 blocks in one call, then give them back in one call: a batch of packets, as network
//! drivers move them. Nobody touches the blocks, as in the mempool test of DPDK: what counts is the
//! moving.
//!
//! A contender without such calls takes and gives one by one.

use std::hint::black_box;

use super::Job;
use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;
use crate::subject::Span;

/// Blocks of a call.
pub(super) const BLOCKS: usize = 32;

#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    mut hand: H,
    probe: &mut P,
    mut job: Job<'_>,
) -> Result<Span, Fault> {
    let mut blocks: [Option<H::Held>; BLOCKS] = [const { None }; BLOCKS];
    job.clock.time(|| {
        for _ in 0..job.pairs / BLOCKS as u64 {
            if !hand.take_bulk(&mut blocks) {
                return Err(Fault::NoBlock);
            }
            probe.taken_at_once(blocks.iter_mut().flatten().map(H::bytes))?;
            black_box(&mut blocks);
            probe.giving_at_once(blocks.iter_mut().flatten().map(H::bytes))?;
            hand.give_bulk(&mut blocks)?;
        }
        Ok(())
    })
}
