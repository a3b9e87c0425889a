//! Take 32 blocks in one call, then give them back in one call: a batch of packets, as network
//! drivers move them. Nobody touches the blocks: what counts is the moving.
//!
//! With parameters, `keep` blocks are taken in calls of `get` and then given back in calls of `put`:
//! the loop of DPDK's `mempool_perf_autotest` (app/test/test_mempool_perf.c), there with `get` and
//! `put` up to 512 and `keep` up to 32,768. Where DPDK refuses sizes that do not divide `keep`, here
//! the last call is smaller.
//!
//! A contender without such calls takes and gives one by one.

use std::hint::black_box;

use super::{Calls, Job};
use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;
use crate::subject::Span;

/// The line for `--list`.
pub(super) fn description(calls: Calls) -> String {
    let (get, put, keep) = (calls.get(), calls.put(), calls.keep());
    if calls == Calls::USUAL {
        return format!("take {keep} blocks in one call, give them back in one call, untouched");
    }
    format!("take {keep} blocks in calls of {get}, give them back in calls of {put}, untouched")
}

/// As in DPDK's test, sizes known at compile time are a loop of their own.
#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    hand: H,
    probe: &mut P,
    job: Job<'_>,
    calls: Calls,
) -> Result<Span, Fault> {
    if calls == Calls::USUAL {
        let mut blocks = [const { None::<H::Held> }; Calls::USUAL.keep()];
        rounds(hand, probe, job, &mut blocks, Calls::USUAL)
    } else {
        let mut blocks: Vec<_> = (0..calls.keep()).map(|_| None).collect();
        rounds(hand, probe, job, &mut blocks, calls)
    }
}

/// Inlined, so that the compiler sees what it knows of the sizes.
#[inline(always)]
fn rounds<H: Hand, P: Probe>(
    mut hand: H,
    probe: &mut P,
    mut job: Job<'_>,
    blocks: &mut [Option<H::Held>],
    calls: Calls,
) -> Result<Span, Fault> {
    job.clock.time(|| {
        for _ in 0..job.pairs / calls.keep() as u64 {
            for batch in blocks.chunks_mut(calls.get()) {
                if !hand.take_bulk(batch) {
                    return Err(Fault::NoBlock);
                }
                probe.taken_at_once(batch.iter_mut().flatten().map(H::bytes))?;
            }
            black_box(&mut *blocks);
            for batch in blocks.chunks_mut(calls.put()) {
                probe.giving_at_once(batch.iter_mut().flatten().map(H::bytes))?;
                hand.give_bulk(batch)?;
            }
        }
        Ok(())
    })
}
