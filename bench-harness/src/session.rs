//! A run over all cases, several times: build, verify, settle, then round by round every contender
//! once.

pub mod latencies;

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use block_core::BuildError;
use rayon::ThreadPoolBuildError;

use crate::contender::Shape;
use crate::fault::Fault;
use crate::grid::Case;
use crate::lineup::{self, Name, Named};
use crate::plan::{self, Task};
use crate::record::{self, Cell, Settings};
use crate::sampler::{Budget, Sampler};
use crate::stop::Stop;
use crate::workers::Workers;
use crate::workload::Workload;

/// Pairs that each thread does when a contender is verified.
const VERIFIED_PAIRS: u64 = 1_024;

/// What ended a run.
#[derive(Debug)]
pub enum RunError {
    /// A pool could not be built.
    Build(Name, Case, Box<BuildError>),
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
    stop: Stop,
}

impl Session {
    /// Nothing done yet.
    #[must_use]
    pub fn new(workers: Workers) -> Self {
        Self { workers, verified: HashSet::new(), stop: Stop::default() }
    }

    /// The same, but its runs end early when they are asked to.
    #[must_use]
    pub fn until(self, stop: Stop) -> Self {
        Self { stop, ..self }
    }

    /// The threads.
    #[must_use]
    pub fn workers(&self) -> &Workers {
        &self.workers
    }

    /// Measures all cells; `progress` hears of the samples that were taken. If the run is asked to
    /// stop, it ends after the current sample with the cells of which it has one.
    ///
    /// # Errors
    ///
    /// The first thing that went wrong: the figures of a contender that does not keep its promises
    /// are worth nothing.
    pub fn run(
        &mut self,
        tasks: &[Task],
        settings: Settings,
        progress: &dyn Fn(&Case, usize),
    ) -> Result<Vec<Cell>, RunError> {
        let samples = plan::cells(tasks) * settings.rounds;
        let mut budget = Budget::new(Duration::from_secs_f64(settings.time_seconds), samples);
        let mut taken: Vec<Vec<Taken>> = tasks.iter().map(|_| Vec::new()).collect();
        for pass in 0..settings.passes {
            for (task, taken) in tasks.iter().zip(&mut taken) {
                if self.stop.is_asked_for() {
                    break;
                }
                let rounds = settings.rounds_of(pass);
                self.pass(task, rounds, &mut budget, progress, taken)?;
            }
        }
        let mut cells = Vec::new();
        for (Task { case, .. }, taken) in tasks.iter().zip(taken) {
            let first = cells.len();
            cells.extend(taken.into_iter().map(|taken| taken.into_cell(case, settings)));
            record::compare_within_case(&mut cells[first..], settings.target_ns);
        }
        Ok(cells)
    }

    /// One pass over a case, with pools built for it. Where to count the blocks takes far longer than
    /// to measure, it has one round, whatever it is given.
    fn pass(
        &mut self,
        Task { case, names }: &Task,
        rounds: Range<usize>,
        budget: &mut Budget,
        progress: &dyn Fn(&Case, usize),
        taken: &mut Vec<Taken>,
    ) -> Result<(), RunError> {
        let mut samplers = self.prepare(case, names)?;
        'rounds: for round in rounds.clone() {
            for turn in 0..samplers.len() {
                if self.stop.is_asked_for() {
                    break 'rounds;
                }
                let whose = whose_turn(round, turn, samplers.len());
                let sampler = &mut samplers[whose];
                let sampled = sampler.sample(&self.workers, budget);
                sampled.map_err(|fault| RunError::Fault(sampler.name(), *case, fault))?;
                progress(case, 1);
            }
            if samplers.iter().any(Sampler::is_costly) {
                let left_out = samplers.len() * (rounds.end - round - 1);
                budget.skip(left_out);
                progress(case, left_out);
                break;
            }
        }
        for sampler in samplers.into_iter().filter(Sampler::has_samples) {
            Taken::add(taken, sampler, case);
        }
        Ok(())
    }

    /// The contenders of a case, verified, with the memory committed that they will touch; not all of
    /// them if the run is asked to stop meanwhile.
    ///
    /// # Errors
    ///
    /// What cannot be built or was caught.
    pub fn prepare(&mut self, case: &Case, names: &[Name]) -> Result<Vec<Sampler>, RunError> {
        let threads = case.shape.threads;
        self.workers.start(threads).map_err(|error| RunError::Threads(threads, error))?;
        self.verify(case, names)?;
        let mut samplers = Vec::new();
        for (name, subject) in build(case, names)? {
            if self.stop.is_asked_for() {
                break;
            }
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
        let Shape { block_size, threads, .. } = case.shape;
        let key = |name| (name, case.workload, block_size, threads);
        let names: Vec<_> =
            names.iter().copied().filter(|&name| self.verified.insert(key(name))).collect();
        let tight = Case::tight(case.workload, threads, block_size);
        for (name, subject) in build(&tight, &names)? {
            if self.stop.is_asked_for() {
                break;
            }
            self.workers
                .verify(&*subject, tight, VERIFIED_PAIRS)
                .map_err(|fault| RunError::Fault(name, tight, fault))?;
        }
        Ok(())
    }
}

/// What all passes have of a cell so far.
#[derive(Debug)]
struct Taken {
    name: Name,
    remark: Option<&'static str>,
    samples: Vec<f64>,
    /// How many samples are of each pass.
    passes: Vec<usize>,
}

impl Taken {
    /// Adds a pass to those of the same contender.
    fn add(all: &mut Vec<Self>, sampler: Sampler, case: &Case) {
        let one_by_one = matches!(case.workload, Workload::Bulk(_)) && !sampler.moves_in_bulk();
        let remark = one_by_one.then_some("one by one");
        let (name, mut samples) = (sampler.name(), sampler.into_samples());
        if let Some(taken) = all.iter_mut().find(|taken| taken.name == name) {
            taken.passes.push(samples.len());
            taken.samples.append(&mut samples);
        } else {
            all.push(Self { name, remark, passes: vec![samples.len()], samples });
        }
    }

    fn into_cell(self, case: &Case, settings: Settings) -> Cell {
        let Self { name, remark, samples, passes } = self;
        Cell { remark, passes, ..Cell::new(name, *case, samples, settings.target_ns) }
    }
}

/// The contender, of so many, whose turn it is. Each has one turn a round; from round to round it
/// comes at another place and after another contender, so that none always finds the heat and the
/// cache that the same predecessor left.
///
/// A row of a Latin square whose neighbours change as well (E. J. Williams, 1949): the first round
/// goes 0, 1, n - 1, 2, n - 2 and so on, each later one adds one to all.
fn whose_turn(round: usize, turn: usize, contenders: usize) -> usize {
    let first = if turn % 2 == 1 { turn.div_ceil(2) } else { contenders - turn / 2 };
    (first + round) % contenders
}

fn build(case: &Case, names: &[Name]) -> Result<Vec<Named>, RunError> {
    lineup::build(names, case).map_err(|(name, error)| RunError::Build(name, *case, error.into()))
}

#[cfg(test)]
mod tests {
    use super::whose_turn;

    #[test]
    fn each_contender_has_one_turn_a_round() {
        for contenders in 1..=12 {
            for round in 0..20 {
                let turns = (0..contenders).map(|turn| whose_turn(round, turn, contenders));
                let mut order: Vec<_> = turns.collect();
                order.sort_unstable();
                assert_eq!(order, Vec::from_iter(0..contenders), "round {round}");
            }
        }
    }

    /// Over as many rounds as there are contenders, none comes at the same place twice, nor more
    /// than twice after the same one.
    #[test]
    fn places_and_predecessors_change_from_round_to_round() {
        for contenders in 2..=12 {
            let whose = |round, turn| whose_turn(round, turn, contenders);
            for turn in 0..contenders {
                let mut here: Vec<_> = (0..contenders).map(|round| whose(round, turn)).collect();
                here.sort_unstable();
                assert_eq!(here, Vec::from_iter(0..contenders), "place {turn}");
            }
            let mut met = vec![0; contenders * contenders];
            for round in 0..contenders {
                for turn in 1..contenders {
                    met[whose(round, turn - 1) * contenders + whose(round, turn)] += 1;
                }
            }
            assert!(met.iter().all(|&times| times <= 2), "{contenders} contenders: {met:?}");
        }
    }
}
