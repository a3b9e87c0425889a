//! The run: second by second each pool has its turn, and a sample is taken.

use std::thread;
use std::time::{Duration, Instant};

use bench_harness::grid::Case;
use bench_harness::lineup;
use bench_harness::stop::Stop;
use bench_harness::subject::Subject;
use bench_harness::surroundings::Surroundings;
use bench_harness::workers::{Cores, Workers};
use bench_harness::workload::Workload;
use fastrand::Rng;

use super::child::Forks;
use super::handler::Signals;
use super::pools::{BLOCK_SIZE, Pool};
use super::process;
use super::record::{LOOP, Record, Series, Settings, What, rounded};
use super::samples::{Merge, Samples};
use super::slices::{self, Slices, Times};
use super::turn::{Player, Turns};

/// Every pool has a turn in it.
const ROUND: Duration = Duration::from_secs(1);

/// The fewest blocks with which so many threads can do everything.
pub(crate) fn capacity(threads: usize) -> usize {
    (2 * slices::least_free(threads)).max(4096)
}

/// Runs for the time that is set, and tells how much of it is over to `progress`.
///
/// # Errors
///
/// What a pool was caught at, or the machine refused.
pub(crate) fn run(
    settings: Settings,
    pools: Vec<Pool>,
    stop: &Stop,
    progress: impl Fn(Duration),
) -> Result<Record, String> {
    let threads = settings.threads;
    let mut workers = Workers::new(Cores::usable());
    workers.start(threads).map_err(|error| format!("no {threads} threads: {error}"))?;
    let mut random = Rng::with_seed(settings.seed);
    let forks = Forks::default();
    thread::scope(|scope| {
        let random_of_forks = random.fork();
        scope.spawn(|| forks.run(random_of_forks));
        let signals = Signals::start().map_err(|error| format!("no signals: {error}"));
        let done = signals.and_then(|signals| {
            let turns = Turns::new(&workers, &settings, &signals, &forks, random);
            rounds(settings, turns, pools, stop, progress)
        });
        forks.end();
        done
    })
}

fn rounds(
    settings: Settings,
    mut turns: Turns<'_>,
    pools: Vec<Pool>,
    stop: &Stop,
    progress: impl Fn(Duration),
) -> Result<Record, String> {
    let mut record = Record::now(settings);
    let mut players = turns.players(pools)?;
    let alone = Alone::new(turns.slices(settings.capacity), turns.workloads())?;
    record.series = series(players.iter().map(Player::name), turns.workloads());
    let merges = record.series.iter().map(|series| series.what.merge());
    let mut samples = Samples::new([Merge::Mean].into_iter().chain(merges).collect());
    let mut row = Vec::with_capacity(1 + record.series.len());

    let surroundings = Surroundings::now(Cores::usable().numbers());
    let (start, time) = (Instant::now(), Duration::from_secs_f64(settings.time_seconds));
    let share = ROUND / (players.len() as u32 + 1);
    while start.elapsed() < time && !stop.is_asked_for() {
        row.clear();
        row.push(start.elapsed().as_secs_f64());
        for player in &mut players {
            let times = turns.turn(player, Instant::now() + share);
            push(&mut row, &times.map_err(|fault| format!("{}: {fault}", player.name()))?);
        }
        push(&mut row, &alone.times(turns.slices(settings.capacity))?);
        let (resident, anonymous) = process::resident_kib();
        let (files, threads) = process::open_files_and_threads();
        row.extend([resident, anonymous, files as f64, threads as f64]);
        samples.push(row.iter().copied());
        progress(start.elapsed());
    }
    record.busy = surroundings.busy();
    record.interrupted = start.elapsed() < time;
    record.counts = turns.counts(start.elapsed());
    let milliseconds = |seconds: f64| (1e3 * seconds).round() / 1e3;
    record.seconds = samples.column(0).into_iter().map(milliseconds).collect();
    for (column, series) in record.series.iter_mut().enumerate() {
        series.values = samples.column(1 + column).into_iter().map(rounded).collect();
    }
    Ok(record)
}

/// The loop without an allocator: what the machine makes of the same loops.
struct Alone(Vec<(Workload, Box<dyn Subject>, u64)>);

impl Alone {
    fn new(slices: Slices<'_>, workloads: &[Workload]) -> Result<Self, String> {
        let names = lineup::select(&[LOOP.to_owned()])?;
        let one = |&workload: &Workload| {
            let case = Case::new(workload, slices.threads, BLOCK_SIZE, slices.free);
            let built = lineup::build(&names, &case);
            let mut built = built.map_err(|(name, error)| format!("{name}: {error}"))?;
            let (_, subject) = built.pop().ok_or("there is no loop without an allocator")?;
            let pairs = slices.pairs(&*subject, workload)?;
            Ok((workload, subject, pairs))
        };
        workloads.iter().map(one).collect::<Result<_, String>>().map(Self)
    }

    fn times(&self, slices: Slices<'_>) -> Result<Vec<Times>, String> {
        self.0.iter().map(|(work, subject, pairs)| slices.time(&**subject, *work, *pairs)).collect()
    }
}

/// The series of a run, in the order in which [`push`] and [`rounds`] fill a row; still empty.
fn series<'a>(pools: impl Iterator<Item = &'a str>, workloads: &[Workload]) -> Vec<Series> {
    let one = |pool: Option<&str>, workload: Option<&Workload>, what| Series {
        pool: pool.map(str::to_owned),
        workload: workload.map(Workload::to_string),
        what,
        values: Vec::new(),
    };
    let mut all = Vec::new();
    for pool in pools.chain([LOOP]).map(Some) {
        all.extend(workloads.iter().map(|workload| one(pool, Some(workload), What::LeastNs)));
        let means = [What::LeastNs, What::MedianNs, What::ProcessorNs];
        all.extend(means.map(|what| one(pool, None, what)));
    }
    let process = [What::ResidentKib, What::AnonymousKib, What::OpenFiles, What::Threads];
    all.extend(process.map(|what| one(None, None, what)));
    all
}

/// Adds the shortest slice of each workload, and the means of all.
fn push(row: &mut Vec<f64>, times: &[Times]) {
    let mean = |value: fn(&Times) -> f64| {
        let logarithms: f64 = times.iter().map(|times| value(times).ln()).sum();
        (logarithms / times.len() as f64).exp()
    };
    row.extend(times.iter().map(|times| times.least));
    row.extend([mean(|it| it.least), mean(|it| it.median), mean(|it| it.processor)]);
}
