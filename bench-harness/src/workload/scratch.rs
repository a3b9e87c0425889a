//! Each thread takes a small block, writes it 100 times and gives it back; the first block that it
//! gives back is one of those that the first thread took, neighbours, and handed out before the
//! time (cache-scratch of the Hoard benchmarks; Berger, McKinley, Blumofe & Wilson 2000).
//!
//! An allocator that lets each thread have its neighbour again, by the block that it once gave
//! back, lets them write to one cache line from then on: passive false sharing. It shows at block
//! sizes below that of a line, 8 to 64 bytes, as a figure at several threads that is far above the
//! one at a single thread; at larger ones no two blocks share a line. The writes are part of the
//! figure, the same for all, and shown by the loop alone.

use std::sync::{Mutex, PoisonError};

use super::{Job, Parcel};
use crate::clock::Span;
use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;

/// How often a block is written: enough for the lines to go to and fro, and not so many that the
/// pair itself does not count.
const WRITES: u32 = 100;

/// What the first thread hands to another one.
pub(crate) type Gift<H, P> = Mutex<Option<Parcel<H, P>>>;

#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    mut hand: H,
    probe: &mut P,
    mut job: Job<'_>,
    gifts: &[Gift<H, P>],
) -> Result<Span, Fault> {
    if job.thread == 0 {
        for gift in gifts {
            let mut held = hand.take().ok_or(Fault::NoBlock)?;
            let bytes = H::bytes(&mut held);
            probe.taken(bytes)?;
            let mark = probe.sending(bytes)?;
            *gift.lock().unwrap_or_else(PoisonError::into_inner) = Some((held, mark));
        }
    }
    let gift = &gifts[job.thread];
    job.clock.time(|| {
        // All are there: the threads started together, after the first one had handed them out.
        let gift = gift.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (mut held, mark) = gift.ok_or(Fault::Abandoned)?;
        let bytes = H::bytes(&mut held);
        probe.received(bytes, mark)?;
        probe.giving(bytes)?;
        hand.give(held)?;
        for _ in 0..job.pairs {
            let mut held = hand.take().ok_or(Fault::NoBlock)?;
            let bytes = H::bytes(&mut held);
            probe.taken(bytes)?;
            probe.rewritten(bytes, WRITES);
            probe.giving(bytes)?;
            hand.give(held)?;
        }
        Ok(())
    })
}
