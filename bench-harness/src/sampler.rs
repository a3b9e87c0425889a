//! How long a sample lasts: the time that is left, shared among the samples that are left.

use std::time::{Duration, Instant};

use crate::fault::Fault;
use crate::grid::Case;
use crate::latency::Calls;
use crate::lineup::Name;
use crate::subject::Subject;
use crate::workers::Workers;

/// The shortest sample, for each thread that shares a core: below it the clock, the barrier and
/// the scheduler's time slice would show.
pub(crate) const SHORTEST: Duration = Duration::from_millis(1);

/// A sample that costs so much besides its run is taken once a pass.
pub(crate) const COSTLY: Duration = Duration::from_millis(250);

/// Pairs of a thread's first, uncounted run.
const FIRST_PAIRS: u64 = 256;

/// The time that is left.
#[derive(Debug)]
pub struct Budget {
    end: Instant,
    samples_left: u32,
}

impl Budget {
    /// `time` from now, for so many samples.
    #[must_use]
    pub fn new(time: Duration, samples: usize) -> Self {
        let samples_left = u32::try_from(samples).unwrap_or(u32::MAX);
        Self { end: Instant::now() + time, samples_left }
    }

    /// The share of the next sample, all that belongs to it included.
    pub(crate) fn next(&mut self) -> Duration {
        let left = self.end.saturating_duration_since(Instant::now());
        let share = left / self.samples_left.max(1);
        self.samples_left = self.samples_left.saturating_sub(1);
        share
    }

    /// So many samples are not taken after all.
    pub(crate) fn skip(&mut self, samples: usize) {
        self.samples_left = self.samples_left.saturating_sub(samples as u32);
    }
}

/// Takes the samples of one cell.
#[derive(Debug)]
pub struct Sampler {
    name: Name,
    case: Case,
    subject: Box<dyn Subject>,
    samples: Vec<f64>,
    /// Pairs of each thread in the last run, and how long it took.
    last: Option<(u64, Duration)>,
    /// What the last sample cost besides its run: the stock-taking, mostly.
    aside: Duration,
}

impl Sampler {
    /// No samples yet.
    #[must_use]
    pub fn new(name: Name, case: Case, subject: Box<dyn Subject>) -> Self {
        Self { name, case, subject, samples: Vec::new(), last: None, aside: Duration::ZERO }
    }

    /// The contender.
    #[must_use]
    pub fn name(&self) -> Name {
        self.name
    }

    /// Whether the contender moves many blocks in one call.
    pub(crate) fn moves_in_bulk(&self) -> bool {
        self.subject.moves_in_bulk()
    }

    /// Whether the last sample cost far more than its run.
    pub(crate) fn is_costly(&self) -> bool {
        self.aside > COSTLY
    }

    /// Whether a sample was taken yet.
    pub(crate) fn has_samples(&self) -> bool {
        !self.samples.is_empty()
    }

    /// The samples, in nanoseconds per pair, all threads together.
    #[must_use]
    pub fn into_samples(self) -> Vec<f64> {
        self.samples
    }

    /// Runs `pairs` pairs on each thread, then takes stock.
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    pub fn run(&self, workers: &Workers, pairs: u64) -> Result<Duration, Fault> {
        let wall = workers.measure(&*self.subject, self.case, pairs)?;
        self.subject.take_stock(self.case.shape.block_size)?;
        Ok(wall)
    }

    /// The same with each call timed by itself, where calls are made singly.
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    pub fn time_calls(&self, workers: &Workers, pairs: u64) -> Result<Calls, Fault> {
        let calls = workers.time_calls(&*self.subject, self.case, pairs)?;
        self.subject.take_stock(self.case.shape.block_size)?;
        Ok(calls)
    }

    /// Runs `pairs` pairs in all, shared among the threads, then takes stock. Where they cannot be
    /// shared evenly more are run, and the time is scaled down to those asked for.
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    pub fn run_pairs(&self, workers: &Workers, pairs: u64) -> Result<Duration, Fault> {
        let Case { workload, shape, .. } = self.case;
        let each = workload.whole(pairs.div_ceil(shape.threads as u64));
        let wall = self.run(workers, each)?;
        Ok(wall.mul_f64(pairs as f64 / (each as f64 * shape.threads as f64)))
    }

    /// Takes one sample.
    pub(crate) fn sample(&mut self, workers: &Workers, budget: &mut Budget) -> Result<(), Fault> {
        let share = budget.next();
        let Case { workload, shape, .. } = self.case;
        let shortest = SHORTEST * workers.sharing(shape.threads);
        let last = match self.last {
            Some(last) => last,
            None => self.warm_up(workers, shortest / 2)?,
        };
        let start = Instant::now();
        let window = share.saturating_sub(self.aside).max(shortest);
        let pairs = workload.whole(pairs_within(window, last));
        let wall = self.run(workers, pairs)?;

        self.last = Some((pairs, wall));
        self.aside = start.elapsed().saturating_sub(wall);
        let all = pairs as f64 * shape.threads as f64;
        self.samples.push(wall.as_nanos() as f64 / all);
        Ok(())
    }

    /// Runs ever more pairs until they take `enough`, and counts none of them.
    fn warm_up(&self, workers: &Workers, enough: Duration) -> Result<(u64, Duration), Fault> {
        let workload = self.case.workload;
        let mut pairs = FIRST_PAIRS;
        loop {
            let whole = workload.whole(pairs);
            let wall = workers.measure(&*self.subject, self.case, whole)?;
            if wall >= enough {
                return Ok((whole, wall));
            }
            pairs *= 4;
        }
    }
}

/// How many pairs fill the window at the pace of the last run; no more than a hundredfold of it,
/// should it have been a lucky one.
pub(crate) fn pairs_within(window: Duration, (pairs, wall): (u64, Duration)) -> u64 {
    let ratio = window.as_secs_f64() / wall.as_secs_f64().max(1e-9);
    (pairs as f64 * ratio.min(100.0)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_filled_at_the_pace_of_the_last_run() {
        let ms = Duration::from_millis;
        assert_eq!(pairs_within(ms(10), (1_000, ms(5))), 2_000);
        assert_eq!(pairs_within(ms(5), (1_000, ms(10))), 500);
        assert_eq!(pairs_within(ms(1_000_000), (1_000, ms(1))), 100_000);
    }

    #[test]
    fn a_budget_is_shared_among_the_samples_left() {
        let mut budget = Budget::new(Duration::from_secs(1_000), 4);
        let first = budget.next();
        assert!(first <= Duration::from_secs(250));
        let planned_and_one_more: Duration = (0..4).map(|_| budget.next()).max().unwrap();
        assert!(planned_and_one_more <= Duration::from_secs(1_000));
    }
}
