//! What the threads do: the measured loops.
//!
//! A loop is generic over the hand and over the probe that looks at the held blocks, so the loop
//! that is measured is also the loop that is verified. A later workload is one file and one variant
//! here.

mod bulk;
mod burst;
mod calls;
mod churn;
mod exhausted;
mod handover;
mod larson;
mod name;
mod near_full;
mod occupancy;
mod pair;
mod replace;
mod scratch;
mod succession;

use crate::clock::{Clock, Span};
use crate::contender::{Hand, Shape};
use crate::fault::Fault;
use crate::payload::Payload;
use crate::probe::Probe;
use crate::ring::Ring;
use crate::workers::Cores;

pub use calls::Calls;
pub(crate) use exhausted::share;
pub use occupancy::Occupancy;
use scratch::Gift;
use succession::Succession;

/// A pattern of taking and giving back: a model of what programs do, and where it comes from.
///
/// As text, in arguments and records alike, it is its name, with its parameters if they are not the
/// usual ones: `pair`, `bulk`, `bulk:8:32:512`, `near-full:90`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Workload {
    /// `pair`: take one, give it back. The least that a user can do; every allocator's fast path.
    Pair,
    /// `burst`: take 32 one by one, then give them back in the same order. A request that needs
    /// several buffers, or the batch of packets that DPDK's drivers move, 32 as in its examples.
    Burst,
    /// `replace`: hold 1,000 blocks a thread, give a random one back, take one for it. A server whose
    /// requests end in any order (Larson & Krishnan, *Memory allocation for long-running server
    /// applications*, ISMM 1998), without successors.
    Replace,
    /// `larson`: the same, but after 10,000 replacements the thread ends, and a new one inherits its
    /// blocks and goes on, as in Larson & Krishnan's program. What it costs to start it is part of
    /// the figure, and shown by the loop alone.
    Larson,
    /// `handover`: take on one thread, give back on another, in batches of 32. A pipeline; the idea
    /// is that of xmalloc-test (Lever & Boreham 2000), as in the mimalloc-bench suite.
    Handover,
    /// `churn`: a thread takes 32, gives back the 16 that its predecessor left and 16 of its own, and
    /// ends. A program that starts a thread for each task; the idea is that of mleak in the
    /// mimalloc-bench suite. The figure is mostly the birth and the end of a thread, which the
    /// loop alone shows.
    Churn,
    /// `scratch`: the first thread hands each a block of neighbouring ones; each gives its own back,
    /// then takes a block, writes it 100 times and gives it back, again and again. Passive false
    /// sharing: cache-scratch of the Hoard benchmarks (Berger and others, ASPLOS 2000). Only blocks
    /// of less than a cache line, 8 to 64 bytes, can show it, and only on several cores.
    Scratch,
    /// `bulk`: take 32 in one call, give them back in one call. With parameters,
    /// `bulk:GET:PUT:KEEP`, take `KEEP` in calls of `GET` and give them back in calls of `PUT`: the
    /// grid of DPDK's `mempool_perf_autotest`.
    Bulk(Calls),
    /// `near-full`: pairs while 99.8 % of the arena is held. With a parameter, `near-full:PERCENT`,
    /// any share below all of it. A service at its limit; the model is this harness's own.
    NearFull(Occupancy),
    /// `exhausted`: calls that fail while 100 % of the arena is held. The figure is the time of a
    /// refusal; the model is this harness's own.
    Exhausted,
}

/// One thread's share of a run.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    /// The thread's number.
    pub(crate) thread: usize,
    /// How many pairs of take and give, [`Workload::whole`] repetitions.
    pub(crate) pairs: u64,
    /// The shape of the case.
    pub(crate) shape: Shape,
    /// Where the threads start together.
    pub(crate) clock: Clock<'a>,
    /// Where threads that the thread starts have to be.
    pub(crate) cores: &'a Cores,
}

impl Workload {
    /// Every workload, in the order in which they are shown.
    pub const ALL: &[Self] = &[
        Self::Pair,
        Self::Burst,
        Self::Replace,
        Self::Larson,
        Self::Handover,
        Self::Churn,
        Self::Scratch,
        Self::Bulk(Calls::USUAL),
        Self::NearFull(Occupancy::percent(90)),
        Self::NearFull(Occupancy::percent(99)),
        Self::NearFull(Occupancy::USUAL),
        Self::Exhausted,
    ];

    /// Those that are measured if none is asked for.
    pub const USUAL: &[Self] = &[Self::Pair, Self::Burst];

    /// One line for `--list`.
    #[must_use]
    pub fn description(self) -> String {
        let fixed = match self {
            Self::Pair => "take a block, write its first byte, give it back",
            Self::Burst => "take 32 blocks, writing the first byte of each, then give all 32 back",
            Self::Replace => "hold 1,000 blocks a thread; give a random one back, take a new one",
            Self::Larson => "replace, by threads that end and leave their blocks to a successor",
            Self::Handover => {
                "take on one thread, give back on another, by a ring of batches of 32"
            }
            Self::Churn => "take 32 on a thread that leaves 16 of them to the next one, and ends",
            Self::Scratch => "write a block 100 times that once lay beside another thread's",
            Self::Bulk(calls) => return bulk::description(calls),
            Self::NearFull(occupancy) => {
                return format!("pair, while {occupancy}% of the arena is held");
            }
            Self::Exhausted => "ask while every block is held: the time of a refusal",
        };
        fixed.to_owned()
    }

    /// What is written into its blocks unless something else is asked for.
    #[must_use]
    pub const fn payload(self) -> Payload {
        match self {
            Self::Bulk(_) | Self::Exhausted => Payload::None,
            _ => Payload::Line,
        }
    }

    /// Why nobody can write that into its blocks, if so.
    #[must_use]
    pub const fn cannot_write(self, payload: Payload) -> Option<&'static str> {
        match (self, payload) {
            (Self::Scratch, Payload::None | Payload::Block) => {
                Some("it writes the first line itself")
            }
            (_, Payload::None) => None,
            (Self::Exhausted, _) => Some("it gets no block that could be written"),
            _ => None,
        }
    }

    /// The most blocks that a thread holds at once.
    #[must_use]
    pub const fn held(self, arena: usize, threads: usize) -> usize {
        match self {
            Self::Pair | Self::Scratch => 1,
            Self::Burst => burst::BLOCKS,
            Self::Replace | Self::Larson => replace::BLOCKS,
            Self::Handover => handover::BLOCKS,
            Self::Churn => churn::BLOCKS,
            Self::Bulk(calls) => calls.keep(),
            Self::NearFull(occupancy) => (arena - occupancy.free(arena)).div_ceil(threads) + 1,
            Self::Exhausted => arena.div_ceil(threads),
        }
    }

    /// The smallest arena in which so many threads can do it: each finds its blocks at any time.
    #[must_use]
    pub const fn least_arena(self, threads: usize) -> usize {
        match self {
            Self::NearFull(occupancy) => occupancy.least_arena(threads),
            Self::Exhausted => exhausted::BLOCKS * threads,
            _ => threads * self.held(0, threads),
        }
    }

    /// Why so many threads cannot do it, if so.
    #[must_use]
    pub const fn cannot(self, threads: usize) -> Option<&'static str> {
        match self {
            Self::Handover if threads % 2 == 1 => Some("its threads work in pairs"),
            _ => None,
        }
    }

    /// Whether it starts threads within its time, so that not even the loop alone is as fast on many
    /// threads as on one.
    #[must_use]
    pub const fn starts_threads(self) -> bool {
        matches!(self, Self::Larson | Self::Churn)
    }

    /// Pairs of a take and a give that come in one piece.
    const fn piece(self) -> usize {
        match self {
            Self::Pair | Self::Replace | Self::Scratch | Self::NearFull(_) | Self::Exhausted => 1,
            Self::Larson => larson::PIECE,
            Self::Churn => churn::TAKEN,
            Self::Burst => burst::BLOCKS,
            Self::Handover => handover::PIECE,
            Self::Bulk(calls) => calls.keep(),
        }
    }

    /// Pairs of a take and a give that a thread does, asked for `pairs`: the next whole number of
    /// repetitions, at least one.
    #[must_use]
    pub fn whole(self, pairs: u64) -> u64 {
        pairs.max(1).next_multiple_of(self.piece() as u64)
    }

    /// What a run of so many threads hands blocks over by.
    pub(crate) fn between<H: Hand, P: Probe>(self, threads: usize) -> Between<H, P> {
        let rings = if self == Self::Handover { threads.div_ceil(2) } else { 0 };
        let gifts = if self == Self::Scratch { threads } else { 0 };
        Between {
            rings: (0..rings).map(|_| Ring::default()).collect(),
            gifts: (0..gifts).map(|_| Gift::<H, P>::default()).collect(),
        }
    }

    /// Does the job, and says when its timed part began and ended. A thread works through a hand of
    /// its own.
    pub(crate) fn run<H: Hand, P: Probe>(
        self,
        hands: &(impl Fn() -> H + Sync),
        probe: &mut P,
        job: Job<'_>,
        between: &Between<H, P>,
    ) -> Result<Span, Fault> {
        match self {
            Self::Pair => pair::run(hands(), probe, job),
            Self::Burst => burst::run(hands(), probe, job),
            Self::Replace => replace::run(hands(), probe, job),
            Self::Larson => larson::run(hands, probe, job),
            Self::Handover => handover::run(hands(), probe, job, &between.rings),
            Self::Churn => churn::run(hands, probe, job),
            Self::Scratch => scratch::run(hands(), probe, job, &between.gifts),
            Self::Bulk(calls) => bulk::run(hands(), probe, job, calls),
            Self::NearFull(occupancy) => near_full::run(hands(), probe, job, occupancy),
            Self::Exhausted => exhausted::run(hands(), probe, job),
        }
    }
}

/// What goes from thread to thread: a block, and what is known of it.
pub(crate) type Parcel<H, P> = (<H as Hand>::Held, <P as Probe>::Mark);

/// What the threads of a run hand blocks over by; empty where they don't.
pub(crate) struct Between<H: Hand, P: Probe> {
    rings: Vec<Ring<Parcel<H, P>>>,
    gifts: Vec<Gift<H, P>>,
}

/// Takes the blocks that a thread holds for the whole run.
fn fill<H: Hand, P: Probe>(
    hand: &mut H,
    probe: &mut P,
    blocks: usize,
) -> Result<Vec<H::Held>, Fault> {
    let take = |_| {
        let mut held = hand.take().ok_or(Fault::NoBlock)?;
        probe.taken(H::bytes(&mut held))?;
        Ok(held)
    };
    (0..blocks).map(take).collect()
}

/// Gives them back.
fn empty<H: Hand, P: Probe>(
    hand: &mut H,
    probe: &mut P,
    blocks: impl IntoIterator<Item = H::Held>,
) -> Result<(), Fault> {
    for mut held in blocks {
        probe.giving(H::bytes(&mut held))?;
        hand.give(held)?;
    }
    Ok(())
}
