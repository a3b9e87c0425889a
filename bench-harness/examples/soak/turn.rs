//! A pool's turn: everything is done with it, then every block is counted.

use std::time::{Duration, Instant};

use bench_harness::workers::Workers;
use bench_harness::workload::Workload;
use block_core::BlockAllocExt;
use fastrand::Rng;

use super::audit::Audit;
use super::child::{self, Forks};
use super::handler::{self, Signals};
use super::pools::Pool;
use super::record::{Counts, Settings};
use super::slices::{self, Slices, Times};
use super::stages::Stages;

/// What turns are made of.
#[derive(Debug)]
pub(crate) struct Turns<'a> {
    workers: &'a Workers,
    threads: usize,
    workloads: Vec<Workload>,
    signals: &'a Signals,
    forks: &'a Forks,
    stages: Stages<'a>,
    audit: Audit,
    random: Rng,
    counts: Counts,
}

/// A pool that has turns.
pub(crate) struct Player {
    pool: Pool,
    /// How many pairs of each workload make a slice.
    pairs: Vec<u64>,
    /// When its blocks were last counted.
    counted: Instant,
}

impl Player {
    pub(crate) fn name(&self) -> &'static str {
        self.pool.name
    }
}

impl<'a> Turns<'a> {
    pub(crate) fn new(
        workers: &'a Workers,
        settings: &Settings,
        signals: &'a Signals,
        forks: &'a Forks,
        random: Rng,
    ) -> Self {
        let threads = settings.threads;
        Self {
            workers,
            threads,
            workloads: slices::workloads(threads),
            signals,
            forks,
            stages: Stages::new(workers, threads),
            audit: Audit::new(settings.capacity),
            random,
            counts: Counts::default(),
        }
    }

    pub(crate) fn workloads(&self) -> &[Workload] {
        &self.workloads
    }

    /// Slices with so many blocks free.
    pub(crate) fn slices(&self, free: usize) -> Slices<'a> {
        Slices { workers: self.workers, threads: self.threads, free }
    }

    /// Makes the pools ready for their turns.
    ///
    /// # Errors
    ///
    /// What one was caught at.
    pub(crate) fn players(&self, pools: Vec<Pool>) -> Result<Vec<Player>, String> {
        // The first call of a thread must come before that of a handler.
        self.workers.each(self.threads, |_| {
            pools.iter().for_each(|pool| drop(pool.alloc.alloc()));
            handler::ready(true);
        });
        let ready = |pool: Pool| {
            let pairs = |&workload: &Workload| {
                self.beside_handlers(&pool, workload, |it| it.pairs(&*pool.paths[0], workload))
            };
            let pairs = self.workloads.iter().map(pairs).collect::<Result<_, String>>();
            let pairs = pairs.map_err(|fault| format!("{}: {fault}", pool.name))?;
            Ok(Player { pool, pairs, counted: Instant::now() })
        };
        pools.into_iter().map(ready).collect()
    }

    /// Runs a workload while handlers take blocks of the pool, if they may; not where it counts on every
    /// block being held.
    fn beside_handlers<R>(
        &self,
        pool: &Pool,
        workload: Workload,
        run: impl FnOnce(Slices<'_>) -> R,
    ) -> R {
        if workload == Workload::Exhausted {
            return run(self.slices(pool.free()));
        }
        let _handlers = pool.lock_free.as_ref().map(|pool| self.signals.on(pool));
        run(self.slices(pool.free() - handler::need(self.threads)))
    }

    /// A turn, which ends soon after `until`. Comes back with what its timed slices took.
    ///
    /// # Errors
    ///
    /// What the pool was caught at.
    pub(crate) fn turn(
        &mut self,
        player: &mut Player,
        until: Instant,
    ) -> Result<Vec<Times>, String> {
        let Player { pool, pairs, counted } = player;
        self.forks.on(pool.lock_free.clone().map(|lock_free| (lock_free, pool.kept.marks())));
        let times = self.timed(pool, pairs)?;
        self.disturbed(pool)?;
        while Instant::now() < until {
            self.stamped(pool)?;
        }
        self.forks.on(None);
        self.undisturbed(pool)?;

        self.counts.audits += 1;
        let gap = counted.elapsed().as_secs_f64();
        self.counts.longest_gap_seconds = self.counts.longest_gap_seconds.max(gap);
        *counted = Instant::now();
        Ok(times)
    }

    fn timed(&mut self, pool: &Pool, pairs: &[u64]) -> Result<Vec<Times>, String> {
        let each = self.workloads.iter().zip(pairs);
        let times = each.map(|(&workload, &pairs)| {
            self.beside_handlers(pool, workload, |it| it.time(&*pool.paths[0], workload, pairs))
        });
        let times = times.collect::<Result<_, _>>()?;
        self.counts.timed_pairs +=
            pairs.iter().map(|pairs| self.slices(0).all(*pairs)).sum::<u64>();
        Ok(times)
    }

    /// One workload, by one of the ways to take a block, at random.
    fn stamped(&mut self, pool: &Pool) -> Result<(), String> {
        let workload = self.workloads[self.random.usize(..self.workloads.len())];
        let path = &*pool.paths[self.random.usize(..pool.paths.len())];
        self.beside_handlers(pool, workload, |slices| slices.stamped(path, workload))?;
        self.counts.stamped_runs += 1;
        Ok(())
    }

    /// What the workloads leave out and handlers may disturb.
    fn disturbed(&mut self, pool: &Pool) -> Result<(), String> {
        let handlers = pool.lock_free.as_ref().map(|pool| self.signals.on(pool));
        self.stages.generations(pool)?;
        self.stages.buffers(pool)?;
        self.stages.exhaustion(pool, handlers.is_some())
    }

    /// The same where nothing may disturb; then all stands still, and every block is counted.
    fn undisturbed(&mut self, pool: &mut Pool) -> Result<(), String> {
        self.stages.exhaustion(pool, false)?;
        if let Some(waiting) = &pool.waiting {
            self.stages.waiting(waiting)?;
        }
        handler::verdict()?;
        self.forks.verdict()?;
        pool.kept.exchange(&mut self.random)?;
        self.audit.look(&*pool.alloc, pool.kept.places())?;
        child::look(&*pool.alloc, &pool.kept.marks(), pool.free())?;
        self.counts.forks += 1;
        Ok(())
    }

    /// What was done in so much time.
    pub(crate) fn counts(&self, time: Duration) -> Counts {
        let (signals, signals_served) = handler::counts();
        Counts {
            seconds: time.as_secs_f64(),
            exhaustions: self.stages.exhaustions,
            threads_ended: self.stages.ended,
            buffers: self.stages.buffers,
            waits: self.stages.waits,
            signals,
            signals_served,
            forks: self.counts.forks + self.forks.count(),
            ..self.counts
        }
    }
}
