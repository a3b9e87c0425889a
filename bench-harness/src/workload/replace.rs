//! Give back a random one of 1,000 blocks that the thread holds, and take a new one for it: a
//! server whose requests end in any order (Larson & Krishnan 1998, without their successor
//! threads: those are in [`larson`](super::larson)).
//!
//! The working set is filled before the time is taken, and given back after it.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::Job;
use crate::clock::Span;
use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;

/// Blocks of a thread's working set.
pub(super) const BLOCKS: usize = 1_000;

/// Random numbers of a run, used again and again. They are drawn before the time is taken: with a
/// generator in the loop each contender that leaves it no register would wait for its state.
const DRAWS: usize = 1 << 12;

#[inline(never)]
pub(super) fn run<H: Hand, P: Probe>(
    mut hand: H,
    probe: &mut P,
    mut job: Job<'_>,
) -> Result<Span, Fault> {
    // Where a fault ends the run, what the set holds is forgotten.
    let mut set: Vec<_> =
        super::fill(&mut hand, probe, BLOCKS)?.into_iter().map(MaybeUninit::new).collect();
    let draws = draws(job.thread);
    let pairs = 0..job.pairs;
    let span = job.clock.time(|| {
        // SAFETY: every entry is initialised.
        unsafe { replacements(&mut hand, probe, &mut set, &draws, pairs) }
    })?;
    // SAFETY: every repetition was whole, so every entry is initialised; each is read once.
    let set = set.into_iter().map(|entry| unsafe { entry.assume_init() });
    super::empty(&mut hand, probe, set)?;
    Ok(span)
}

/// The loop, for larson as well.
///
/// # Safety
///
/// Every entry of the set is initialised. It is so afterwards too, unless this fails.
#[inline(always)]
pub(super) unsafe fn replacements<H: Hand, P: Probe>(
    hand: &mut H,
    probe: &mut P,
    set: &mut [MaybeUninit<H::Held>],
    draws: &[u16; DRAWS],
    pairs: Range<u64>,
) -> Result<(), Fault> {
    for pair in pairs {
        let entry = &mut set[usize::from(draws[pair as usize % DRAWS])];
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
}

/// Places in the set.
pub(super) fn draws(thread: usize) -> [u16; DRAWS] {
    let mut random = Xorshift::new(thread);
    [(); DRAWS].map(|()| random.below(BLOCKS) as u16)
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
    fn most_places_of_the_set_are_drawn_and_none_far_more_often_than_others() {
        for thread in 0..3 {
            let mut drawn = [0; BLOCKS];
            draws(thread).iter().for_each(|&place| drawn[usize::from(place)] += 1);
            assert!(drawn.iter().all(|&count| count < 20), "{drawn:?}");
            assert!(drawn.iter().filter(|&&count| count > 0).count() > BLOCKS * 9 / 10);
        }
    }
}
