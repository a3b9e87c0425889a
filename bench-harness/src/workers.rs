//! The threads: pools of pinned workers, one for each number of threads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::clock::{Clock, Lines, Span};
use crate::fault::Fault;
use crate::grid::Case;
use crate::latency::Calls;
use crate::subject::Subject;

/// The cores that this process may use, in the order in which threads are pinned to them.
#[derive(Clone, Debug)]
pub struct Cores {
    /// Those that threads are pinned to; none where the system does not tell them.
    pinned: Arc<[core_affinity::CoreId]>,
    count: usize,
}

impl Cores {
    /// Asks the system.
    #[must_use]
    pub fn usable() -> Self {
        let cores = core_affinity::get_core_ids().unwrap_or_default();
        // A quota may allow less than the affinity mask does.
        let allowed = std::thread::available_parallelism().map_or(1, usize::from);
        let count = if cores.is_empty() { allowed } else { allowed.min(cores.len()) };
        Self { pinned: cores.into_iter().take(count).collect(), count }
    }

    /// How many there are, at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The system's numbers of those that threads are pinned to.
    #[must_use]
    pub fn numbers(&self) -> Vec<usize> {
        self.pinned.iter().map(|core| core.id).collect()
    }

    /// Pins the calling thread, the `thread`th of its pool or one that works in its place.
    pub(crate) fn pin(&self, thread: usize) -> bool {
        let place = thread.checked_rem(self.pinned.len());
        place.is_some_and(|place| core_affinity::set_for_current(self.pinned[place]))
    }
}

/// Threads pinned to cores, by how many they are.
#[derive(Debug)]
pub struct Workers {
    pools: BTreeMap<usize, ThreadPool>,
    cores: Cores,
    /// Relaxed throughout: a figure, and whoever reads it has an answer of every thread that adds to it.
    unpinned: Arc<AtomicUsize>,
}

impl Workers {
    /// No threads yet; they are started at their first run.
    #[must_use]
    pub fn new(cores: Cores) -> Self {
        Self { pools: BTreeMap::new(), cores, unpinned: Arc::new(AtomicUsize::new(0)) }
    }

    /// How many threads could not be pinned.
    #[must_use]
    pub fn unpinned(&self) -> usize {
        self.unpinned.load(Ordering::Relaxed)
    }

    /// How many of `threads` threads share a core, at most.
    pub(crate) fn sharing(&self, threads: usize) -> u32 {
        u32::try_from(threads.div_ceil(self.cores.count())).unwrap_or(u32::MAX)
    }

    /// Starts `threads` threads, unless they run already.
    ///
    /// # Errors
    ///
    /// If the system refuses a thread.
    pub fn start(&mut self, threads: usize) -> Result<(), ThreadPoolBuildError> {
        if self.pools.contains_key(&threads) {
            return Ok(());
        }
        let (cores, unpinned) = (self.cores.clone(), Arc::clone(&self.unpinned));
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|thread| format!("worker-{thread}"))
            .start_handler(move |thread| {
                if !cores.pin(thread) {
                    unpinned.fetch_add(1, Ordering::Relaxed);
                }
            })
            .build()?;
        // Every worker has passed its start handler once it has answered.
        pool.broadcast(|_| ());
        self.pools.insert(threads, pool);
        Ok(())
    }

    /// Runs the case as it is measured, `pairs` pairs on each of its threads, and tells the wall
    /// time from the first thread's start to the last one's end.
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    ///
    /// # Panics
    ///
    /// If that many threads were not [started](Self::start).
    pub fn measure(
        &self,
        subject: &dyn Subject,
        case: Case,
        pairs: u64,
    ) -> Result<Duration, Fault> {
        let crew = self.crew(case.shape.threads);
        let spans = subject.measure(&crew, case, case.workload.whole(pairs))?;
        Ok(wall(&spans))
    }

    /// Runs the case with each call timed by itself, where calls are made singly.
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    ///
    /// # Panics
    ///
    /// If that many threads were not [started](Self::start).
    pub fn time_calls(
        &self,
        subject: &dyn Subject,
        case: Case,
        pairs: u64,
    ) -> Result<Calls, Fault> {
        subject.time_calls(&self.crew(case.shape.threads), case, case.workload.whole(pairs))
    }

    /// Runs the case with every block stamped while it is held, and takes stock.
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    ///
    /// # Panics
    ///
    /// If that many threads were not [started](Self::start).
    pub fn verify(&self, subject: &dyn Subject, case: Case, pairs: u64) -> Result<(), Fault> {
        subject.take_stock(case.shape.block_size)?;
        self.stamped(subject, case, pairs)?;
        subject.take_stock(case.shape.block_size)
    }

    /// The same where some blocks are held by others, who take stock themselves: the arena of `case` is what
    /// they leave.
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    ///
    /// # Panics
    ///
    /// If that many threads were not [started](Self::start).
    ///
    /// # Examples
    ///
    /// ```
    /// use bench_harness::grid::Case;
    /// use bench_harness::peers::paths;
    /// use bench_harness::workers::{Cores, Workers};
    /// use bench_harness::workload::Workload;
    /// use block_core::BlockAllocExt;
    /// use block_mutex::MutexAlloc;
    /// use std::sync::Arc;
    ///
    /// let pool = Arc::new(MutexAlloc::new(256, 100)?);
    /// let held = pool.alloc()?;
    /// let mut workers = Workers::new(Cores::usable());
    /// workers.start(2)?;
    /// let handles = &paths::all(Arc::clone(&pool))[0];
    /// assert_eq!(workers.stamped(&**handles, Case::new(Workload::Burst, 2, 256, 99), 64), Ok(()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stamped(&self, subject: &dyn Subject, case: Case, pairs: u64) -> Result<(), Fault> {
        subject.verify(&self.crew(case.shape.threads), case, case.workload.whole(pairs))
    }

    /// The same on each of so many threads, which are told which one they are; their answers in that
    /// order.
    ///
    /// # Panics
    ///
    /// If that many threads were not [started](Self::start), or if one panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use bench_harness::workers::{Cores, Workers};
    ///
    /// let mut workers = Workers::new(Cores::usable());
    /// workers.start(3)?;
    /// assert_eq!(workers.each(3, |thread| 10 * thread), [0, 10, 20]);
    /// # Ok::<(), rayon::ThreadPoolBuildError>(())
    /// ```
    pub fn each<R: Send>(&self, threads: usize, each: impl Fn(usize) -> R + Sync) -> Vec<R> {
        self.crew(threads).pool.broadcast(|context| each(context.index()))
    }

    /// So many threads, which were [started](Self::start).
    pub(crate) fn crew(&self, threads: usize) -> Crew<'_> {
        let pool = self.pools.get(&threads).expect("the threads were started");
        Crew { pool, threads, cores: &self.cores }
    }
}

/// The wall time from the first thread's start to the last one's end.
pub(crate) fn wall(spans: &[Span]) -> Duration {
    let first = spans.iter().map(|span| span.start).min();
    let last = spans.iter().map(|span| span.end).max();
    first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first)
}

/// The threads of one run.
#[derive(Debug)]
pub struct Crew<'a> {
    pool: &'a ThreadPool,
    threads: usize,
    cores: &'a Cores,
}

impl Crew<'_> {
    /// The cores that they are pinned to.
    pub(crate) fn cores(&self) -> &Cores {
        self.cores
    }

    /// The same on each thread; the fault that tells most, if any thread met one.
    pub(crate) fn all<R: Send>(
        &self,
        each: impl Fn(usize, Clock<'_>) -> Result<R, Fault> + Sync,
    ) -> Result<Vec<R>, Fault> {
        let lines = Lines::new(self.threads, self.cores.count());
        let answers = self.pool.broadcast(|context| each(context.index(), Clock::new(&lines)));
        let mut done = Vec::with_capacity(answers.len());
        let mut fault = None;
        for answer in answers {
            match answer {
                Ok(answer) => done.push(answer),
                Err(met) if fault.is_none_or(|fault| weight(fault) < weight(met)) => {
                    fault = Some(met);
                }
                Err(_) => {}
            }
        }
        fault.map_or(Ok(done), Err)
    }
}

/// How much a fault tells of its cause: a thread that stops takes its blocks with it, so others find
/// none, or wait in vain.
fn weight(fault: Fault) -> u8 {
    match fault {
        Fault::Abandoned => 0,
        Fault::NoBlock => 1,
        _ => 2,
    }
}
