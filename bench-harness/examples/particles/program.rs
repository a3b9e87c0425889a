//! The worlds of both allocators on their threads, by turns, and what came of them.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use allocator_api2::alloc::{Allocator, Global};
use bench_harness::arguments::Length;
use bench_harness::workers::{Cores, Workers};
use block_core::PoolAllocator;
use block_lockfree::LockFreeAlloc;
use clap::Parser;

use super::bound::Bound;
use super::report::{ALLOCATORS, Report, Tally};
use super::world::{PERIOD, Particle, World};

/// Why the run is worth nothing.
pub type Failure = Box<dyn Error>;

/// Particles that are boxes in a pool, beside those of an ordinary `Box`.
#[derive(Debug, Parser)]
#[command(name = "particles", max_term_width = 100)]
pub struct Arguments {
    /// A sample of an allocator is 64 steps.
    #[command(flatten)]
    length: Length,

    /// Worlds, each on a thread of its own [default: one a core]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
    pub worlds: Option<u16>,

    /// The bound: particles for each world, in one pool for all
    #[arg(long, value_name = "N", default_value = "20000", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub particles: u32,

    /// Any number from 0: the same one makes the same worlds
    #[arg(long, value_name = "N", default_value = "1")]
    pub seed: u64,
}

/// What a thread brings back.
struct Told {
    rounds: Vec<[Tally; ALLOCATORS.len()]>,
    unequal: usize,
    checksum: u64,
    picture: String,
}

impl Arguments {
    /// Runs the worlds.
    ///
    /// # Errors
    ///
    /// If pool or threads cannot be had, the pool refused or gave what it should not, the worlds of
    /// the two allocators differ, or a block is missing.
    pub fn run(&self) -> Result<Report, Failure> {
        let cores = Cores::usable();
        let worlds = self.worlds.map_or(cores.count().min(64), usize::from);
        let bound = self.particles as usize * worlds;
        let pool = PoolAllocator::new(LockFreeAlloc::new(size_of::<Particle>(), bound)?);
        let mut workers = Workers::new(cores);
        workers.start(worlds)?;

        let (shared, stop) = (Bound::new(bound, worlds), AtomicBool::new(false));
        let told = workers.each(worlds, |number| self.live(number, &pool, &shared, &stop));

        if told.iter().flat_map(|thread| &thread.rounds).flatten().any(|it| it.inexact > 0) {
            return Err("the pool refused while blocks were free, or gave more than it has".into());
        }
        if told.iter().any(|thread| thread.unequal > 0) {
            return Err("the worlds of the two allocators differ".into());
        }
        if pool.available() != bound {
            return Err(format!("{} of {bound} blocks are back", pool.available()).into());
        }
        let checksum = told.iter().fold(0_u64, |sum, it| sum.rotate_left(1) ^ it.checksum);
        let picture = told[0].picture.clone();
        let rounds = summed(told);
        Ok(Report { rounds, worlds, bound, checksum, picture, unpinned: workers.unpinned() })
    }

    /// A world of each allocator, on one of the threads, which go in step.
    fn live(
        &self,
        number: usize,
        pool: &PoolAllocator<LockFreeAlloc>,
        bound: &Bound,
        stop: &AtomicBool,
    ) -> Told {
        let (worlds, most) = (bound.worlds(), bound.most());
        let mut pooled = World::new(self.seed, number, worlds, most, pool);
        let mut boxed = World::new(self.seed, number, worlds, most, Global);
        let start = Instant::now();
        let (mut rounds, mut unequal) = (Vec::new(), 0);
        while !stop.load(Ordering::Relaxed) {
            let first = PERIOD * rounds.len() as u64;
            let mut tallies = [Tally::default(); ALLOCATORS.len()];
            for turn in 0..ALLOCATORS.len() {
                let whose = (rounds.len() + turn) % ALLOCATORS.len();
                tallies[whose] = match whose {
                    0 => period(&mut pooled, number, first, bound, true),
                    _ => period(&mut boxed, number, first, bound, false),
                };
            }
            rounds.push(tallies);
            unequal += usize::from(pooled.checksum() != boxed.checksum());
            if number == 0 {
                // Relaxed, as the load above: the barrier orders them.
                stop.store(self.length.is_over(rounds.len(), start), Ordering::Relaxed);
            }
            bound.meet();
        }
        Told { rounds, unequal, checksum: pooled.checksum(), picture: pooled.picture() }
    }
}

/// A period of a world. If the allocator has the bound as well, what is beyond it is asked of it, which
/// it must refuse; that is not timed.
fn period<A: Allocator + Copy>(
    world: &mut World<A>,
    number: usize,
    first: u64,
    bound: &Bound,
    is_bounded: bool,
) -> Tally {
    let mut tally = Tally::default();
    bound.meet();
    let begin = Instant::now();
    for step in first..first + PERIOD {
        tally.moved += world.alive() as u64;
        let start = Instant::now();
        world.advance();
        let moved = Instant::now();
        tally.died += world.cull() as u64;
        tally.moving += moved - start;
        tally.turnover += moved.elapsed();

        let grant = bound.settle(number, step, world.alive(), world.wanted(step));
        let start = Instant::now();
        let spawned = world.spawn(grant.granted);
        tally.turnover += start.elapsed();
        tally.spawned += spawned as u64;
        tally.refused += grant.refused as u64;
        tally.inexact += (grant.granted - spawned) as u64;
        if is_bounded && grant.is_reached {
            bound.meet(); // until here somebody may have taken less than was granted,
            tally.inexact += (grant.refused - world.refused(grant.refused)) as u64;
            bound.meet(); // and from here on somebody may give blocks back
        }
    }
    tally.wall = begin.elapsed();
    tally
}

/// The rounds of all threads together; the walls are one.
fn summed(told: Vec<Told>) -> Vec<[Tally; ALLOCATORS.len()]> {
    let mut threads = told.into_iter().map(|thread| thread.rounds);
    let mut rounds = threads.next().expect("there is a world");
    for others in threads {
        for (sums, tallies) in rounds.iter_mut().zip(others) {
            for (sum, tally) in sums.iter_mut().zip(tallies) {
                *sum += Tally { wall: Duration::ZERO, ..tally };
            }
        }
    }
    rounds
}
