//! Give back a random one of 1,000 blocks that the thread holds, and take a new one for it: a
//! server whose requests end in any order (Larson & Krishnan 1998, without their successor
//! threads).
//!
//! The working set is filled before the time is taken, and given back after it.

use std::mem::MaybeUninit;

use super::Job;
use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;
use crate::subject::Span;

/// Blocks of a thread's working set.
pub(super) const BLOCKS: usize = 1_000;

#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    mut hand: H,
    probe: &mut P,
    mut job: Job<'_>,
) -> Result<Span, Fault> {
    // Where a fault ends the run, what the set holds is forgotten.
    let mut set: Vec<_> =
        super::fill(&mut hand, probe, BLOCKS)?.into_iter().map(MaybeUninit::new).collect();
    let mut random = Xorshift::new(job.thread);
    let span = job.clock.time(|| {
        for _ in 0..job.pairs {
            let entry = &mut set[random.below(BLOCKS)];
            // SAFETY: between two repetitions every entry is initialised. This one is written again
            // below, or the run ends and nobody reads it.
            let mut old = unsafe { entry.assume_init_read() };
            probe.giving(H::bytes(&mut old))?;
            hand.give(old)?;
            let mut new = hand.take().ok_or(Fault::NoBlock)?;
            probe.taken(H::bytes(&mut new))?;
            entry.write(new);
        }
        Ok(())
    })?;
    // SAFETY: every repetition was whole, so every entry is initialised; each is read once.
    let set = set.into_iter().map(|entry| unsafe { entry.assume_init() });
    super::empty(&mut hand, probe, set)?;
    Ok(span)
}

/// Marsaglia's generator (2003): three shifts, no multiplication in its chain.
struct Xorshift(u32);

impl Xorshift {
    fn new(thread: usize) -> Self {
        // Anything but zero, and another for each thread.
        Self(0x9E37_79B9_u32.wrapping_mul(2 * thread as u32 + 1))
    }

    /// A number below `bound`, by multiplication in place of a division.
    #[inline(always)]
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        ((u64::from(self.0) * bound as u64) >> 32) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_the_set_is_drawn_about_as_often() {
        for thread in 0..3 {
            let mut random = Xorshift::new(thread);
            let mut drawn = vec![0; BLOCKS];
            for _ in 0..100 * BLOCKS {
                drawn[random.below(BLOCKS)] += 1;
            }
            assert!(drawn.iter().all(|count| (50..150).contains(count)), "{drawn:?}");
        }
    }
}
