//! The latencies of a run: round by round every contender once, as for the cells.

use std::time::{Duration, Instant};

use super::{RunError, Session, whose_turn};
use crate::fault::Fault;
use crate::grid::Case;
use crate::latency::{Calls, Latency};
use crate::plan::{self, Task};
use crate::sampler::{Budget, Sampler, pairs_within};
use crate::workers::Workers;

/// Runs of each contender at each case whose calls are counted.
pub const ROUNDS: usize = 10;

/// The least number of calls of a sort, at each case and for each contender, whatever time there
/// is: above p99.99 there are ten of them.
const LEAST_CALLS: u64 = 100_000;

/// The least that a run lasts where threads share a core, for each of them: longer than a time slice,
/// so that every thread is stopped at some point, and others go on meanwhile.
const BEYOND_A_SLICE: Duration = Duration::from_millis(5);

/// What a call takes with the clock around it, roughly.
const CALL: Duration = Duration::from_nanos(100);

/// How long it takes to time the calls, roughly: what was asked for, or what the least number of
/// calls takes.
#[must_use]
pub(crate) fn estimate(tasks: &[Task], time: Duration, cores: usize) -> Duration {
    let least = |task: &Task| {
        let sharing = task.case.shape.threads.div_ceil(cores) as u32;
        let run = (CALL * LEAST_CALLS as u32 / ROUNDS as u32).max(shortest(sharing));
        run * (ROUNDS as u32 + 1) * task.able() as u32
    };
    time.max(tasks.iter().map(least).sum())
}

impl Session {
    /// Times the calls of all contenders at all cases, in about so much time; `progress` hears of
    /// each run. If the session is asked to stop, it ends after the current one with the calls that
    /// were timed.
    ///
    /// # Errors
    ///
    /// The first thing that went wrong, as [`run`](Self::run).
    pub fn latencies(
        &mut self,
        tasks: &[Task],
        time: Duration,
        progress: &dyn Fn(&Case, usize),
    ) -> Result<Vec<Latency>, RunError> {
        let mut budget = Budget::new(time, plan::cells(tasks) * ROUNDS);
        let mut latencies = Vec::new();
        for task in tasks {
            if self.stop.is_asked_for() {
                break;
            }
            latencies.extend(self.latencies_of(task, &mut budget, progress)?);
        }
        Ok(latencies)
    }

    fn latencies_of(
        &mut self,
        Task { case, names }: &Task,
        budget: &mut Budget,
        progress: &dyn Fn(&Case, usize),
    ) -> Result<Vec<Latency>, RunError> {
        let samplers = self.prepare(case, names)?;
        let mut timings: Vec<_> = samplers.into_iter().map(Timing::new).collect();
        'rounds: for round in 0..ROUNDS {
            for turn in 0..timings.len() {
                if self.stop.is_asked_for() {
                    break 'rounds;
                }
                let whose = whose_turn(round, turn, timings.len());
                let timing = &mut timings[whose];
                let timed = timing.run(&self.workers, case, budget);
                timed.map_err(|fault| RunError::Fault(timing.sampler.name(), *case, fault))?;
                progress(case, 1);
            }
        }
        Ok(timings
            .iter()
            .flat_map(|timing| timing.calls.latencies(timing.sampler.name(), case))
            .collect())
    }
}

/// The calls of one contender at one case.
struct Timing {
    sampler: Sampler,
    calls: Calls,
    /// Pairs of each thread in the last run, and how long it took with all that belongs to it.
    last: Option<(u64, Duration)>,
}

impl Timing {
    fn new(sampler: Sampler) -> Self {
        Self { sampler, calls: Calls::default(), last: None }
    }

    /// Fills the next share of the budget; before the first time, a run that is not counted finds
    /// out how.
    fn run(&mut self, workers: &Workers, case: &Case, budget: &mut Budget) -> Result<(), Fault> {
        let window = budget.next().max(shortest(workers.sharing(case.shape.threads)));
        let least = LEAST_CALLS.div_ceil((ROUNDS * case.shape.threads) as u64);
        let last = match self.last {
            Some(last) => last,
            None => self.timed(workers, case.workload.whole(least))?.0,
        };
        let pairs = case.workload.whole(pairs_within(window, last).max(least));
        let (last, calls) = self.timed(workers, pairs)?;
        self.last = Some(last);
        self.calls.add(&calls);
        Ok(())
    }

    fn timed(&self, workers: &Workers, pairs: u64) -> Result<((u64, Duration), Calls), Fault> {
        let start = Instant::now();
        let calls = self.sampler.time_calls(workers, pairs)?;
        Ok(((pairs, start.elapsed()), calls))
    }
}

fn shortest(sharing: u32) -> Duration {
    if sharing > 1 { BEYOND_A_SLICE * sharing } else { Duration::ZERO }
}
