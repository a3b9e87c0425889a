//! A soak finds what it is there for, and says of a drift what can be told.
#![cfg(unix)]

#[path = "../examples/soak/main.rs"]
mod soak;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bench_harness::stop::{INTERRUPTED, Stop};
use block_core::{BlockAlloc, Region};
use block_mutex::MutexAlloc;
use signal_hook::consts::SIGTERM;
use soak::arguments::Arguments;
use soak::audit::Audit;
use soak::child;
use soak::drift::{Drift, MEMORY_BOUND, TIME_BOUND, Verdict};
use soak::folder::Folder;
use soak::plot;
use soak::pools::{self, BLOCK_SIZE, Pool};
use soak::program;
use soak::record::{Record, What};
use soak::report::{self, Verdicts};
use soak::samples::{self, Merge, Samples};

/// The signals' timer is the process's: one run at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn arguments(words: &str) -> Result<Arguments, clap::Error> {
    Arguments::parse(["soak"].into_iter().chain(words.split_whitespace()).map(OsString::from))
}

/// A run so short that each pool has one turn.
fn moment(pools: impl FnOnce(usize) -> Vec<Pool>, stop: &Stop) -> Result<Record, String> {
    let settings = program::settings(&arguments("--time 1ms --threads 2").expect("right ones"));
    program::soak(settings, pools(settings.capacity), stop)
}

#[test]
fn a_moment_does_everything_and_leaves_a_record_that_is_read_back() {
    let _alone = alone();
    let record = moment(|capacity| pools::all(capacity).unwrap(), &Stop::default()).unwrap();
    let counts = record.counts;
    assert!(counts.timed_pairs > 0 && counts.audits >= 4 && counts.buffers > 0, "{counts:?}");
    assert!(counts.exhaustions >= 2 * counts.audits && counts.forks >= counts.audits, "{counts:?}");
    assert!(counts.threads_ended > 0 && counts.waits > 0 && counts.signals > 0, "{counts:?}");
    assert_eq!(program::exit_code(&record), 0, "too short for a drift");

    let folder = tempfile::tempdir().unwrap();
    Folder::open(Some(folder.path())).unwrap().write(&record).unwrap();
    let file = |name| fs::read_to_string(folder.path().join(name)).unwrap();
    let read = Record::read(&folder.path().join("soak.json")).unwrap();
    assert_eq!((read.text(), report::page(&read)), (file("soak.json"), file("soak.md")));
    assert_eq!(read.pools().collect::<Vec<_>>(), ["lock-free", "plain-stack", "mutex", "waiting"]);
    for series in &read.series {
        assert!(
            !series.values.is_empty() && series.values.iter().all(|it| *it >= 0.0),
            "{series:?}"
        );
    }
    roxmltree::Document::parse(&file("soak.svg")).expect("well-formed");
    assert!(file("soak.md").contains("Too short to tell a drift"));
}

/// What a shell's Ctrl-C does as well.
#[test]
fn a_run_that_is_asked_to_end_says_that_it_was_interrupted() {
    let _alone = alone();
    let stop = Stop::on_signals().unwrap();
    signal_hook::low_level::raise(SIGTERM).unwrap();
    let mutex = |capacity| Arc::new(MutexAlloc::new(BLOCK_SIZE, capacity).unwrap());
    let mutex = |capacity| vec![Pool::over("mutex", mutex(capacity)).unwrap()];
    let record = moment(mutex, &stop).unwrap();
    assert!(record.interrupted && report::page(&record).contains("Interrupted"), "{record:?}");
    assert_eq!(program::exit_code(&record), INTERRUPTED);
}

/// A pool that loses the block of one call.
#[derive(Debug)]
struct Leaky {
    pool: MutexAlloc,
    releases: AtomicUsize,
    lost: usize,
}

impl Leaky {
    fn new(capacity: usize, lost: usize) -> Self {
        let pool = MutexAlloc::new(BLOCK_SIZE, capacity).unwrap();
        Self { pool, releases: AtomicUsize::new(0), lost }
    }
}

// SAFETY: what it hands out is the inner pool's, and nobody's else; what it loses nobody has.
unsafe impl BlockAlloc for Leaky {
    fn region(&self) -> &Region {
        self.pool.region()
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        self.pool.acquire()
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        if self.releases.fetch_add(1, Ordering::Relaxed) != self.lost {
            // SAFETY: the caller's promise.
            unsafe { self.pool.release(block) };
        }
    }

    fn available(&self) -> usize {
        self.pool.available()
    }
}

#[test]
fn a_block_that_is_lost_ends_the_run() {
    let _alone = alone();
    // One that is lost at once, and one that is lost after the pool has been counted the first time.
    for lost in [1000, 300_000] {
        let leaky =
            |capacity| vec![Pool::over("leaky", Arc::new(Leaky::new(capacity, lost))).unwrap()];
        let settings = program::settings(&arguments("--time 60s --threads 2").unwrap());
        let told = program::soak(settings, leaky(settings.capacity), &Stop::default());
        let told = told.expect_err("a block is missing");
        assert!(told.starts_with("leaky: "), "{told}");
    }
}

#[test]
fn an_audit_tells_a_lost_block_a_wrong_count_and_a_block_that_is_there_twice() {
    let pool = Leaky::new(100, 3);
    let kept: Vec<_> = (0..5).map(|_| pool.acquire().unwrap()).collect();
    let mut audit = Audit::new(100);
    let told = |audit: &mut Audit, kept: &[NonNull<u8>]| audit.look(&pool, kept.iter().copied());
    let wrong = told(&mut audit, &kept[1..]).unwrap_err();
    assert_eq!(wrong, "95 blocks are free and 4 held: of 100 in all");
    let wrong = told(&mut audit, &[kept[0], kept[0]]).unwrap_err();
    assert!(wrong.ends_with("is there twice"), "{wrong}");
    let wrong = told(&mut audit, &kept).unwrap_err();
    assert_eq!(wrong, "94 blocks are free and 5 held: of 100 in all", "lost while it was counted");
}

#[test]
fn a_kept_block_that_somebody_else_writes_to_is_told() {
    let mut pool =
        Pool::over("mutex", Arc::new(MutexAlloc::new(BLOCK_SIZE, 100).unwrap())).unwrap();
    let mut random = fastrand::Rng::with_seed(1);
    assert_eq!(pool.kept.exchange(&mut random), Ok(()));
    let block = pool.kept.places().next().unwrap();
    // SAFETY: a byte of a block whose handle nobody uses meanwhile.
    unsafe { block.as_ptr().add(9).write(!0) };
    let wrong = pool.kept.exchange(&mut random).unwrap_err();
    assert!(wrong.ends_with("which was kept, was written to"), "{wrong}");
}

#[test]
fn a_child_tells_a_lost_block_and_one_that_is_held_already() {
    let _alone = alone();
    let pool = MutexAlloc::new(BLOCK_SIZE, 10).unwrap();
    let mut held = vec![false; 10];
    assert_eq!(child::look(&pool, &held, 10), Ok(()));
    let wrong = child::look(&pool, &held, 11).unwrap_err();
    assert!(wrong.ends_with("fewer blocks than are free"), "{wrong}");
    held[7] = true;
    let wrong = child::look(&pool, &held, 9).unwrap_err();
    assert!(wrong.ends_with("a block twice"), "{wrong}");
    assert_eq!(pool.available(), 10, "a child's memory is its own");
}

/// Values of a sample a second, with noise of so many percent.
fn values(count: usize, noise: f64, value: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<f64>) {
    let mut random = fastrand::Rng::with_seed(1);
    let seconds: Vec<_> = (0..count).map(|second| second as f64).collect();
    let noisy = |at: &f64| value(*at) * (1.0 + noise * (random.f64() - 0.5) / 50.0);
    let values = seconds.iter().map(noisy).collect();
    (seconds, values)
}

#[test]
fn a_drift_is_told_from_noise_and_what_cannot_be_told_is_said() {
    let verdict = |(seconds, values): (Vec<f64>, Vec<f64>), bound| {
        Drift::of(&seconds, &values, bound).expect("enough of them").verdict()
    };
    let time = |noise, value: fn(f64) -> f64| verdict(values(180, noise, value), TIME_BOUND);
    assert_eq!(time(2.0, |_| 20.0), Verdict::None);
    assert_eq!(time(2.0, |at| 20.0 + 0.02 * at), Verdict::Rises, "by 18 %");
    assert_eq!(time(2.0, |at| 20.0 - 0.02 * at), Verdict::Falls);
    assert_eq!(time(80.0, |_| 20.0), Verdict::Untold);
    let warm_up = |at: f64| if at < 15.0 { 90.0 } else { 20.0 };
    assert_eq!(time(2.0, warm_up), Verdict::None, "the first tenth is not counted");
    let outliers = |at: f64| if at % 7.0 == 0.0 { 900.0 } else { 20.0 };
    assert_eq!(time(2.0, outliers), Verdict::None);

    let memory = |value: fn(f64) -> f64| verdict(values(180, 0.0, value), MEMORY_BOUND);
    assert_eq!(memory(|_| 15_000.0), Verdict::None);
    assert_eq!(memory(|at| 15_000.0 + 2.0 * at), Verdict::Rises, "2 KiB a second");
    let once = |at| if at < 90.0 { 15_000.0 } else { 15_400.0 };
    assert_eq!(memory(once), Verdict::Untold, "a step may be the first of many");
    let (seconds, short) = values(50, 0.0, |_| 1.0);
    assert_eq!(Drift::of(&seconds, &short, 1.0), None);
}

/// By its exit code, whatever else there is.
#[test]
fn a_run_in_which_time_or_memory_rises_fails() {
    let kept = Record::read(&measured("soak.json")).unwrap();
    for (pool, what) in [(Some("mutex"), What::LeastNs), (None, What::ResidentKib)] {
        let mut record = kept.clone();
        record.interrupted = false;
        let length = record.seconds[record.seconds.len() - 1];
        let pool = pool.map(str::to_owned);
        let rising = record.series.iter_mut().filter(|it| it.pool == pool && it.what == what);
        for (value, at) in rising.flat_map(|it| &mut it.values).zip(record.seconds.iter().cycle()) {
            *value = 1000.0 * (1.0 + at / length);
        }
        assert_eq!(program::exit_code(&record), 1, "{}", report::page(&record));
        assert!(report::page(&record).contains("RISES"));
    }
}

#[test]
fn samples_of_a_long_run_are_as_many_as_of_a_short_one() {
    let mut samples = Samples::new(vec![Merge::Mean, Merge::Least]);
    for row in 0..8 * samples::MOST {
        samples.push([row as f64, (row % 16) as f64]);
    }
    let [mean, least] = [0, 1].map(|column| samples.column(column));
    assert!((samples::MOST / 2..samples::MOST).contains(&mean.len()), "{}", mean.len());
    assert_eq!((mean[0], mean[1], least[0], least[1]), (7.5, 23.5, 0.0, 0.0));
    assert!(mean.windows(2).all(|two| two[1] - two[0] == 16.0), "{mean:?}");
}

fn measured(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/measured").join(name)
}

/// Written by the command that `--help` names, never by hand.
#[test]
fn the_page_and_the_picture_of_the_longest_run_are_those_of_its_record() {
    let record = Record::read(&measured("soak.json")).unwrap();
    let kept = |name| fs::read_to_string(measured(name)).unwrap();
    let made = [report::page(&record), plot::svg(&record)];
    assert!(
        made == [kept("soak.md"), kept("soak.svg")],
        "--redraw bench-harness/docs/measured/soak.json"
    );
    assert!(record.optimised && !Verdicts::of(&record).rises());
}

#[test]
fn wrong_arguments_and_folders_are_refused_before_the_run() {
    for (words, allowed) in [
        ("--time 0s", "above 0"),
        ("--time soon", "as 90s"),
        ("--threads 0", "from 1 to 64"),
        ("--threads -1", "from 1 to 64"),
        ("--seed x", "invalid digit"),
        ("--redraw a.json --time 2s", "cannot be used with"),
    ] {
        let error = arguments(words).expect_err(words);
        assert!(error.use_stderr() && error.to_string().contains(allowed), "{words}: {error}");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let wrong = Folder::open(Some(&file.path().join("below"))).unwrap_err();
    assert!(wrong.starts_with("cannot write to the folder"), "{wrong}");
    let wrong = Record::read(file.path()).unwrap_err();
    assert!(wrong.contains("no record of a soak"), "{wrong}");
}
