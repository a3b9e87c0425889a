//! A run over all cases: build, verify, settle, then round by round every contender once.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use block_core::BuildError;
use rayon::ThreadPoolBuildError;

use crate::contender::Shape;
use crate::fault::Fault;
use crate::grid::Case;
use crate::lineup::{self, LOOP, Name, Named};
use crate::record::{Cell, Settings};
use crate::sampler::{Budget, Sampler};
use crate::workers::Workers;
use crate::workload::Workload;

/// Pairs that each thread does when a contender is verified.
const VERIFIED_PAIRS: u64 = 1_024;

/// What ended a run.
#[derive(Debug)]
pub enum RunError {
    /// A pool could not be built.
    Build(Name, Case, BuildError),
    /// A contender was caught.
    Fault(Name, Case, Fault),
    /// Threads could not be started.
    Threads(usize, ThreadPoolBuildError),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(name, case, error) => write!(f, "{name} ({case}): {error}"),
            Self::Fault(name, case, fault) => write!(f, "{name} ({case}): {fault}"),
            Self::Threads(threads, error) => write!(f, "cannot start {threads} threads: {error}"),
        }
    }
}

impl std::error::Error for RunError {}

/// The threads, and what was verified on them already.
#[derive(Debug)]
pub struct Session {
    workers: Workers,
    verified: HashSet<(Name, Workload, usize, usize)>,
}

impl Session {
    /// Nothing done yet.
    #[must_use]
    pub fn new(workers: Workers) -> Self {
        Self { workers, verified: HashSet::new() }
    }

    /// The threads.
    #[must_use]
    pub fn workers(&self) -> &Workers {
        &self.workers
    }

    /// Measures all cells; `progress` hears of each sample that was taken.
    ///
    /// # Errors
    ///
    /// The first thing that went wrong: the figures of a contender that does not keep its promises
    /// are worth nothing.
    pub fn run(
        &mut self,
        cases: &[Case],
        names: &[Name],
        settings: Settings,
        progress: &dyn Fn(&Case),
    ) -> Result<Vec<Cell>, RunError> {
        let samples = cases.len() * names.len() * settings.rounds;
        let mut budget = Budget::new(Duration::from_secs_f64(settings.time_seconds), samples);
        let mut cells = Vec::with_capacity(cases.len() * names.len());
        for case in cases {
            cells.extend(self.case(case, names, settings, &mut budget, progress)?);
        }
        Ok(cells)
    }

    fn case(
        &mut self,
        case: &Case,
        names: &[Name],
        settings: Settings,
        budget: &mut Budget,
        progress: &dyn Fn(&Case),
    ) -> Result<Vec<Cell>, RunError> {
        let mut samplers = self.prepare(case, names)?;
        for round in 0..settings.rounds {
            for turn in 0..samplers.len() {
                // Each round begins with another contender, so that none always has the same
                // predecessor's heat and cache.
                let turn = (round + turn) % samplers.len();
                let sampler = &mut samplers[turn];
                let taken = sampler.sample(&self.workers, budget);
                taken.map_err(|fault| RunError::Fault(sampler.name(), *case, fault))?;
                progress(case);
            }
        }
        let cells = samplers.into_iter().map(|sampler| {
            Cell::new(sampler.name(), *case, sampler.into_samples(), settings.target_ns)
        });
        let mut cells: Vec<_> = cells.collect();
        let alone = cells.iter().find(|cell| cell.contender == LOOP).map(|cell| cell.median_ns);
        cells.iter_mut().for_each(|cell| cell.loop_ns = alone);
        Ok(cells)
    }

    /// The contenders of a case, verified, with the memory committed that they will touch.
    ///
    /// # Errors
    ///
    /// What cannot be built or was caught.
    pub fn prepare(&mut self, case: &Case, names: &[Name]) -> Result<Vec<Sampler>, RunError> {
        let threads = case.shape.threads;
        self.workers.start(threads).map_err(|error| RunError::Threads(threads, error))?;
        self.verify(case, names)?;
        let mut samplers = Vec::new();
        for (name, subject) in build(case, names, case.shape)? {
            subject
                .settle(case.shape.block_size)
                .map_err(|fault| RunError::Fault(name, *case, fault))?;
            samplers.push(Sampler::new(name, *case, subject));
        }
        Ok(samplers)
    }

    /// Verifies each contender once for each workload, block size and number of threads, in an
    /// arena that has just as many blocks as the threads hold at once: no take may fail there
    /// (invariant 3), and a block handed out twice is soon met twice.
    fn verify(&mut self, case: &Case, names: &[Name]) -> Result<(), RunError> {
        let Shape { block_size, threads, held, .. } = case.shape;
        let key = |name| (name, case.workload, block_size, threads);
        let names: Vec<_> =
            names.iter().copied().filter(|&name| self.verified.insert(key(name))).collect();
        let tight = Shape { arena: threads * held, ..case.shape };
        let tight_case = Case { shape: tight, ..*case };
        for (name, subject) in build(&tight_case, &names, tight)? {
            self.workers
                .verify(&*subject, case.workload, tight, VERIFIED_PAIRS)
                .map_err(|fault| RunError::Fault(name, tight_case, fault))?;
        }
        Ok(())
    }
}

fn build(case: &Case, names: &[Name], shape: Shape) -> Result<Vec<Named>, RunError> {
    lineup::build(names, shape).map_err(|(name, error)| RunError::Build(name, *case, error))
}
