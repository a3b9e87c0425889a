//! `replace`, but the threads do not last: after 10,000 replacements a thread ends, and a new one
//! inherits its 1,000 blocks and goes on (Larson & Krishnan 1998). A server that starts a thread for
//! so many requests: what a block is given back through is not what it was taken through, and a
//! cache that belongs to a thread is orphaned again and again.
//!
//! The successors come [one after another](super::succession). What that costs is divided among the
//! 10,000 replacements of a life: a few nanoseconds of each, which the loop alone shows. The set is
//! filled by the worker before the time is taken, and given back by it afterwards.

use std::mem::MaybeUninit;

use super::{Job, Succession, replace};
use crate::clock::Span;
use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;

/// Replacements of a thread's life.
const LIFE: u64 = 10_000;

/// The pairs that come in one piece: two lives, so that there always is a successor.
pub(super) const PIECE: usize = 2 * LIFE as usize;

#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    hands: &(impl Fn() -> H + Sync),
    probe: &mut P,
    mut job: Job<'_>,
) -> Result<Span, Fault> {
    // Where a fault ends the run, what the set holds is forgotten.
    let set = super::fill(&mut hands(), probe, replace::BLOCKS)?;
    let mut set: Vec<_> = set.into_iter().map(MaybeUninit::new).collect();
    let draws = replace::draws(job.thread);
    let succession = Succession::of(&job);
    let span = job.clock.time(|| {
        for life in 0..job.pairs / LIFE {
            succession.next(&mut || {
                let pairs = life * LIFE..(life + 1) * LIFE;
                // SAFETY: every entry is initialised: no life before this one failed.
                unsafe { replace::replacements(&mut hands(), probe, &mut set, &draws, pairs) }
            })?;
        }
        Ok(())
    })?;
    // SAFETY: no life failed, so every entry is initialised; each is read once.
    let set = set.into_iter().map(|entry| unsafe { entry.assume_init() });
    super::empty(&mut hands(), probe, set)?;
    Ok(span)
}
