//! What the threads do: the measured loops.
//!
//! A loop is generic over the hand and over the probe that looks at the held blocks, so the loop
//! that is measured is also the loop that is verified. A later workload is one file and
//! one variant here.

mod burst;
mod pair;

use crate::contender::Hand;
use crate::fault::Fault;
use crate::probe::Probe;

/// A pattern of taking and giving back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Workload {
    /// Take one, give it back.
    Pair,
    /// Take 32, then give 32 back.
    Burst,
}

impl Workload {
    /// Every workload, in the order in which they are shown.
    pub const ALL: &[Self] = &[Self::Pair, Self::Burst];

    /// As it is called on the command line and in every record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Burst => "burst",
        }
    }

    /// One line for `--list`.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Pair => "take a block, write its first byte, give it back",
            Self::Burst => "take 32 blocks, writing the first byte of each, then give all 32 back",
        }
    }

    /// The most blocks that a thread holds at once.
    #[must_use]
    pub const fn held(self) -> usize {
        match self {
            Self::Pair => 1,
            Self::Burst => burst::BLOCKS,
        }
    }

    /// Pairs of a take and a give that a thread does, asked for `pairs`: the next whole number of
    /// repetitions, at least one.
    #[must_use]
    pub fn whole(self, pairs: u64) -> u64 {
        pairs.max(1).next_multiple_of(self.held() as u64)
    }

    /// Does `pairs` pairs, [`whole`](Self::whole) repetitions of the pattern.
    pub(crate) fn run<H: Hand, P: Probe>(
        self,
        hand: &mut H,
        probe: &mut P,
        pairs: u64,
    ) -> Result<(), Fault> {
        let repetitions = pairs / self.held() as u64;
        match self {
            Self::Pair => pair::run(hand, probe, repetitions),
            Self::Burst => burst::run(hand, probe, repetitions),
        }
    }
}

impl std::fmt::Display for Workload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
