//! Single calls timed.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bench_harness::contender::{Contender, Hand};
use bench_harness::fault::Fault;
use bench_harness::grid::Case;
use bench_harness::latency::{self, Calls, Latency, Timer};
use bench_harness::lineup::Name;
use bench_harness::peers::paths::{Bares, Pool, Through};
use bench_harness::sampler::Sampler;
use bench_harness::subject::Subject;
use bench_harness::workers::{Cores, Workers};
use bench_harness::workload::Workload;
use block_core::{BlockAlloc, FreeError};
use block_mutex::MutexAlloc;

const NAME: Name = Name { contender: "double", path: "bare" };

fn timed(subject: Box<dyn Subject>, case: Case, pairs: u64) -> Result<Calls, Fault> {
    let mut workers = Workers::new(Cores::usable());
    workers.start(case.shape.threads).expect("a few threads");
    Sampler::new(NAME, case, subject).time_calls(&workers, pairs)
}

fn bare<A: Pool>(pool: A) -> Through<A, Bares> {
    Through::new(Arc::new(pool))
}

fn mutex(case: Case) -> MutexAlloc {
    MutexAlloc::new(case.shape.block_size, case.shape.arena).expect("a small pool")
}

/// A pool of which every so many takes of a hand last long.
#[derive(Debug)]
struct Stalling(Through<MutexAlloc, Bares>);

const STALL: Duration = Duration::from_millis(2);
const STALL_EVERY: u64 = 1_000;

struct StallingHand<H> {
    hand: H,
    takes: u64,
}

impl Contender for Stalling {
    type Hand<'a> = StallingHand<<Through<MutexAlloc, Bares> as Contender>::Hand<'a>>;

    fn hand(&self, thread: usize) -> Self::Hand<'_> {
        StallingHand { hand: self.0.hand(thread), takes: 0 }
    }

    fn pool(&self) -> Option<&dyn BlockAlloc> {
        self.0.pool()
    }
}

impl<H: Hand> Hand for StallingHand<H> {
    type Held = H::Held;

    fn take(&mut self) -> Option<H::Held> {
        self.takes += 1;
        if self.takes.is_multiple_of(STALL_EVERY) {
            thread::sleep(STALL);
        }
        self.hand.take()
    }

    fn bytes(held: &mut H::Held) -> *mut u8 {
        H::bytes(held)
    }

    fn give(&mut self, held: H::Held) -> Result<(), FreeError> {
        self.hand.give(held)
    }
}

fn at(latency: &Latency, percent: f64) -> u64 {
    let found = latency.percentiles.iter().find(|percentile| percentile.percent == percent);
    found.expect("it is told").ns
}

#[test]
fn rare_stalls_are_in_the_tail_and_not_in_the_median() {
    let case = Case::tight(Workload::Pair, 2, 64);
    let calls = timed(Box::new(Stalling(bare(mutex(case)))), case, 10 * STALL_EVERY);
    let [take, _give] = &calls.expect("it is sound").latencies(NAME, &case)[..] else {
        panic!("takes and gives");
    };
    let stall = u64::try_from(STALL.as_nanos()).expect("milliseconds");
    assert_eq!((take.call.as_str(), take.calls), ("take", 2 * 10 * STALL_EVERY));
    assert!(take.max_ns >= stall, "{take:?}");
    assert!(at(take, 99.99) >= stall, "{take:?}");
    assert!(at(take, 50.0) < stall, "{take:?}");
}

/// What is taken before the start and given back after the end is not among them.
#[test]
fn as_many_calls_are_timed_as_were_run() {
    for &workload in Workload::ALL {
        for threads in [1, 2, 6] {
            if workload.cannot(threads).is_some() {
                continue;
            }
            let case = Case::tight(workload, threads, 64);
            let pairs = workload.whole(100);
            let calls = timed(Box::new(bare(mutex(case))), case, pairs).expect("it is sound");
            let all = pairs * threads as u64;
            let latencies = calls.latencies(NAME, &case);
            let made: Vec<_> =
                latencies.iter().map(|latency| (latency.call.as_str(), latency.calls)).collect();
            let expected = match workload {
                Workload::Exhausted => vec![("refusal", all)],
                // Each thread gives back one more: what the first one handed it.
                Workload::Scratch => vec![("take", all), ("give", all + threads as u64)],
                _ if latency::untimed(workload).is_some() => vec![],
                _ => vec![("take", all), ("give", all)],
            };
            assert_eq!(made, expected, "{workload}, {threads}");
        }
    }
}

#[test]
fn the_timer_says_what_it_adds() {
    let Timer { source, step_ns, cost_ns } = Timer::measured();
    assert!(source.starts_with("the monotonic clock"), "{source}");
    assert!(step_ns >= 1.0 && cost_ns > 0.0, "{step_ns} {cost_ns}");
}
