//! How long a run takes, so that a long one can say so first.

use std::time::Duration;

use super::Task;
use crate::lineup;
use crate::record::Settings;
use crate::sampler::{COSTLY, SHORTEST};

/// What counting the blocks of an arena costs, for each block.
const STOCK_TAKING: Duration = Duration::from_nanos(120);
/// What it takes to build and verify one contender at one case.
const VERIFYING: Duration = Duration::from_millis(2);
/// What it takes to commit a page, at the first touch of memory.
const COMMITTING: Duration = Duration::from_nanos(400);

/// How long a run will take, roughly: what was asked for, or what its samples cannot do without.
#[must_use]
pub(crate) fn estimate(tasks: &[Task], settings: Settings, cores: usize) -> Duration {
    let least = |task: &Task| {
        let (shape, able) = (task.case.shape, task.able() as u32);
        let count = STOCK_TAKING * shape.arena as u32;
        let sample = SHORTEST * shape.threads.div_ceil(cores) as u32 * 2 + count;
        let pages = (shape.arena * shape.block_size.min(4 << 10)).div_ceil(4 << 10);
        let touching = lineup::touching_all(&task.names) as u32;
        let pass = (VERIFYING + count) * able + COMMITTING * pages as u32 * touching;
        let rounds = if count > COSTLY { settings.passes } else { settings.rounds } as u32;
        (sample * able * rounds, pass * settings.passes as u32)
    };
    let (samples, passes) = tasks
        .iter()
        .map(least)
        .fold((Duration::ZERO, Duration::ZERO), |all, one| (all.0 + one.0, all.1 + one.1));
    Duration::from_secs_f64(settings.time_seconds).max(samples + passes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Plan, tasks};
    use crate::workers::Cores;

    #[test]
    fn a_run_takes_what_its_samples_cannot_do_without() {
        let settings =
            |time_seconds, rounds| Settings { time_seconds, rounds, passes: 1, target_ns: 28.0 };
        let (tasks, _) =
            tasks(&Plan::Usual.grids(&Cores::usable())).expect("it has cases anywhere");
        let estimate = |time, rounds| estimate(&tasks, settings(time, rounds), 2).as_secs_f64();
        assert!((60.0..200.0).contains(&estimate(60.0, 10)));
        assert!(estimate(1.0, 1_000) > 100.0 * 1.0);
    }
}
