//! How worlds on several threads share one bound, and stay what they are.
//!
//! If each took what it found, the scheduler would decide which of them is refused, and no run would
//! be like another. So they go in step. When all have given back their dead, each says how many are
//! alive and how many more it wants. From that every world knows what each of them gets: they are
//! served in turn, another one first in each step, until the bound is reached.
//!
//! Whatever is granted an exact pool must give. When all hold what they were granted and something
//! was wanted beyond it, every block is held, and the pool must refuse each further one. So the bound
//! is kept by arithmetic that is the same for all allocators, and the pool is held to it both ways.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bound and who is under it.
#[derive(Debug)]
pub struct Bound {
    most: usize,
    /// Alive and wanted, of each world; for even steps, and for odd ones.
    needs: [Vec<(AtomicUsize, AtomicUsize)>; 2],
    barrier: Barrier,
}

/// What a world gets in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// So many it may spawn.
    pub granted: usize,
    /// So many more it wanted.
    pub refused: usize,
    /// Whether that happened to any world: then the bound is reached.
    pub is_reached: bool,
}

impl Bound {
    /// A bound of `most` particles for so many worlds.
    pub fn new(most: usize, worlds: usize) -> Self {
        let needs = || (0..worlds).map(|_| Default::default()).collect();
        Self { most, needs: [needs(), needs()], barrier: Barrier::new(worlds) }
    }

    /// The particles that all worlds together may hold.
    pub fn most(&self) -> usize {
        self.most
    }

    /// How many worlds there are.
    pub fn worlds(&self) -> usize {
        self.needs[0].len()
    }

    /// Waits for all worlds.
    pub fn meet(&self) {
        self.barrier.wait();
    }

    /// Says what the world needs in this step, waits until all have said it, and tells what it gets.
    pub fn settle(&self, world: usize, step: u64, alive: usize, wanted: usize) -> Grant {
        // A world may say what it needs next while another still reads this step's needs, but not
        // what it needs in the step after that: the next step's barrier lies between.
        let needs = &self.needs[(step % 2) as usize];
        // Relaxed, as the loads below: the barrier orders them.
        needs[world].0.store(alive, Ordering::Relaxed);
        needs[world].1.store(wanted, Ordering::Relaxed);
        self.meet();
        let alive: usize = needs.iter().map(|(alive, _)| alive.load(Ordering::Relaxed)).sum();
        let mut free = self.most - alive;
        let mut grant = Grant { granted: 0, refused: 0, is_reached: false };
        for turn in 0..needs.len() {
            let whose = (step as usize + turn) % needs.len();
            let wanted = needs[whose].1.load(Ordering::Relaxed);
            let granted = wanted.min(free);
            free -= granted;
            grant.is_reached |= granted < wanted;
            if whose == world {
                (grant.granted, grant.refused) = (granted, wanted - granted);
            }
        }
        grant
    }
}
