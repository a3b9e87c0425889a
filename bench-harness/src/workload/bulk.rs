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
use crate::clock::Span;
use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;

/// The line for `--list`.
pub(super) fn description(calls: Calls) -> String {
    let (get, put, keep) = (calls.get(), calls.put(), calls.keep());
    if calls == Calls::USUAL {
        return format!("take {keep} blocks in one call, give them back in one call, untouched");
    }
    format!("take {keep} blocks in calls of {get}, give them back in calls of {put}, untouched")
}

/// As in DPDK's test, calls whose size is known at compile time are a loop of their own.
pub(super) fn run<H: Hand, P: Probe>(
    hand: H,
    probe: &mut P,
    job: Job<'_>,
    calls: Calls,
) -> Result<Span, Fault> {
    if calls == Calls::USUAL {
        at_once(hand, probe, job)
    } else {
        by_and_by(hand, probe, job, calls)
    }
}

/// At the beginning of a cache line, as DPDK's table is: else the figure would tell where the stack
/// happens to lie.
#[repr(align(64))]
struct Lines<T>(T);

#[inline(never)]
fn at_once<H: Hand, P: Probe>(mut hand: H, probe: &mut P, mut job: Job<'_>) -> Result<Span, Fault> {
    const BLOCKS: usize = Calls::USUAL.keep();
    let Lines(blocks) = &mut Lines::<[Option<H::Held>; BLOCKS]>([const { None }; BLOCKS]);
    job.clock.time(|| {
        for _ in 0..job.pairs / BLOCKS as u64 {
            take(&mut hand, probe, blocks)?;
            black_box(&mut *blocks);
            give(&mut hand, probe, blocks)?;
        }
        Ok(())
    })
}

#[inline(never)]
fn by_and_by<H: Hand, P: Probe>(
    mut hand: H,
    probe: &mut P,
    mut job: Job<'_>,
    calls: Calls,
) -> Result<Span, Fault> {
    let mut blocks: Vec<_> = (0..calls.keep()).map(|_| None).collect();
    job.clock.time(|| {
        for _ in 0..job.pairs / calls.keep() as u64 {
            for batch in blocks.chunks_mut(calls.get()) {
                take(&mut hand, probe, batch)?;
            }
            black_box(&mut blocks);
            for batch in blocks.chunks_mut(calls.put()) {
                give(&mut hand, probe, batch)?;
            }
        }
        Ok(())
    })
}

#[inline(always)]
fn take<H: Hand, P: Probe>(
    hand: &mut H,
    probe: &mut P,
    blocks: &mut [Option<H::Held>],
) -> Result<(), Fault> {
    if !hand.take_bulk(blocks) {
        return Err(Fault::NoBlock);
    }
    probe.taken_at_once(blocks.iter_mut().flatten().map(H::bytes))
}

#[inline(always)]
fn give<H: Hand, P: Probe>(
    hand: &mut H,
    probe: &mut P,
    blocks: &mut [Option<H::Held>],
) -> Result<(), Fault> {
    probe.giving_at_once(blocks.iter_mut().flatten().map(H::bytes))?;
    Ok(hand.give_bulk(blocks)?)
}
