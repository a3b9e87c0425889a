//! Threads in pairs: one takes blocks and sends them on, 32 at a time, the other gives them back. A
//! pipeline, and the case in which a cache of each thread alone does not help (the idea is that of
//! xmalloc-test in the mimalloc-bench suite).
//!
//! The [ring](crate::ring) between them is the same for all contenders. Each block is counted once,
//! when it is given back: a thread's share of the count is half of what passes through it.

use super::{Job, Parcel};
use crate::clock::Span;
use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;
use crate::ring::{BATCH, Ring, SLOTS};

/// The pairs of takes and gives that come in one piece: of each thread, half a batch.
pub(super) const PIECE: usize = BATCH / 2;

/// Blocks on their way between two threads, for each of the two.
pub(super) const BLOCKS: usize = BATCH * SLOTS / 2;

#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    hand: H,
    probe: &mut P,
    job: Job<'_>,
    rings: &[Ring<Parcel<H, P>>],
) -> Result<Span, Fault> {
    let ring = &rings[job.thread / 2];
    let batches = job.pairs / PIECE as u64;
    if job.thread.is_multiple_of(2) {
        produce(hand, probe, job, ring, batches)
    } else {
        consume(hand, probe, job, ring, batches)
    }
}

fn produce<H: Hand, P: Probe>(
    mut hand: H,
    probe: &mut P,
    mut job: Job<'_>,
    ring: &Ring<Parcel<H, P>>,
    batches: u64,
) -> Result<Span, Fault> {
    let mut sender = ring.sender();
    job.clock.time(|| {
        for _ in 0..batches {
            let sent = sender.send(|| {
                let mut held = hand.take().ok_or(Fault::NoBlock)?;
                let bytes = H::bytes(&mut held);
                probe.taken(bytes)?;
                let mark = probe.sending(bytes)?;
                Ok::<_, Fault>((held, mark))
            })?;
            if !sent {
                return Err(Fault::Abandoned);
            }
        }
        Ok(())
    })
}

fn consume<H: Hand, P: Probe>(
    mut hand: H,
    probe: &mut P,
    mut job: Job<'_>,
    ring: &Ring<Parcel<H, P>>,
    batches: u64,
) -> Result<Span, Fault> {
    let mut receiver = ring.receiver();
    job.clock.time(|| {
        for _ in 0..batches {
            let received = receiver.receive(|(mut held, mark)| {
                let bytes = H::bytes(&mut held);
                probe.received(bytes, mark)?;
                probe.giving(bytes)?;
                hand.give(held).map_err(Fault::from)
            })?;
            if !received {
                return Err(Fault::Abandoned);
            }
        }
        Ok(())
    })
}
