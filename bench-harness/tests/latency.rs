//! Single calls timed: by the library, and as a user of the command meets it.

#[path = "support/command.rs"]
mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bench_harness::contender::{Contender, Hand};
use bench_harness::fault::Fault;
use bench_harness::grid::Case;
use bench_harness::latency::{self, Calls, Latency, PERCENTILES, Timer};
use bench_harness::lineup::Name;
use bench_harness::peers::paths::{Bares, Pool, Through};
use bench_harness::sampler::Sampler;
use bench_harness::subject::Subject;
use bench_harness::workers::{Cores, Workers};
use bench_harness::workload::Workload;
use block_core::{BlockAlloc, FreeError};
use block_mutex::MutexAlloc;
use serde_json::Value;
use support::{run, text, without_places};

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

/// Two cases, two contenders of which one can do but the first.
const SMALL: &[&str] = &[
    "--latency",
    "--time=0.2",
    "--rounds=3",
    "--threads=2",
    "--workload=pair,exhausted",
    "--arena=1000",
    "--block-size=64",
    "--contender=mutex/handle,system",
];

/// Calls of a sort in a run of [`SMALL`].
const SORTS: usize = 5;

fn report(format: &str) -> String {
    let output = run(&[SMALL, &["--format", format]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

fn sound(latency: &Value) {
    let latency: Latency = serde_json::from_value(latency.clone()).expect("a latency");
    assert!(latency.calls >= 100_000, "{latency:?}");
    let percents: Vec<_> = latency.percentiles.iter().map(|at| at.percent).collect();
    assert_eq!(percents, PERCENTILES);
    let ns = latency.percentiles.iter().map(|at| at.ns).chain([latency.max_ns]);
    assert!(ns.is_sorted(), "{latency:?}");
    assert!(latency.max_ns > 0, "{latency:?}");
}

#[test]
fn json_has_latencies_of_every_sort_of_call_and_can_still_be_compared() {
    let record = report("json");
    let parsed: Value = serde_json::from_str(&record).expect("valid JSON");
    let latencies = parsed["latencies"].as_array().expect("latencies");
    latencies.iter().for_each(sound);
    let sorts: BTreeSet<_> = latencies
        .iter()
        .map(|latency| {
            ["contender", "workload", "call"].map(|field| latency[field].as_str().expect("a name"))
        })
        .collect();
    let pair = ["mutex", "system"]
        .into_iter()
        .flat_map(|contender| ["take", "give"].map(|call| [contender, "pair", call]));
    assert_eq!(sorts, pair.chain([["mutex", "exhausted", "refusal"]]).collect());
    assert_eq!(latencies.len(), SORTS);
    assert!(parsed["timer"]["cost_ns"].as_f64().is_some_and(|ns| ns > 0.0), "{}", parsed["timer"]);
    assert_eq!(parsed["cells"].as_array().expect("cells").len(), 3, "they are measured as ever");

    let file =
        std::env::temp_dir().join(format!("bench-harness-{}-timed.json", std::process::id()));
    std::fs::write(&file, record).expect("a temporary file");
    let path = file.to_str().expect("a UTF-8 path");
    let compared = run(&["--compare", path, "--with", path]);
    std::fs::remove_file(&file).expect("the file is ours");
    assert_eq!(compared.status.code(), Some(0), "{}", text(&compared.stderr));
}

#[test]
fn csv_has_a_row_for_every_sort_of_call() {
    let csv = report("csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let column = |name| header.iter().position(|field| field == name).expect("a column");
    let (call, median) = (column("call"), column("median_ns"));
    let figures = ["calls", "p50_ns", "p99_99_ns", "max_ns", "timer_cost_ns"].map(column);
    let rows: Result<Vec<_>, _> = reader.records().collect();
    let rows = rows.expect("rows as long as the header");
    let (calls, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| !row[call].is_empty());
    assert_eq!((calls.len(), others.len()), (SORTS, 4));
    for row in calls {
        assert!(figures.iter().all(|&figure| row[figure].parse::<f64>().is_ok()), "{row:?}");
        assert_eq!(&row[median], "", "that is a figure of cells");
    }
    assert!(others.iter().all(|row| figures.iter().all(|&figure| row[figure].is_empty())));
}

#[test]
fn tables_and_markdown_have_latencies_and_the_cost_of_the_clock() {
    for (format, row) in [("table", "│ mutex/handle"), ("markdown", "| mutex     | handle")] {
        let report = report(format);
        for part in [row, "p99.99", "refusal", "of each latency are its own"] {
            assert!(report.contains(part), "{part}: {report}");
        }
    }
    let table = report("table");
    assert!(without_places(&table).lines().all(|line| line.chars().count() <= 100), "{table}");
}

#[test]
fn what_cannot_be_timed_is_said() {
    let wrong: [(&[&str], &str); 4] = [
        (&["--latency", "--workload", "bulk"], "no latencies of bulk: only calls that move one"),
        (
            &["--latency", "--compare", "a", "--with", "b"],
            "'--latency' cannot be used with '--with",
        ),
        (&["--latency=all"], "unexpected value 'all'"),
        (&["--latency", "--latency"], "cannot be used multiple times"),
    ];
    for (arguments, said) in wrong {
        let output = run(arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }

    let some = ["--latency", "--time=0.1", "--rounds=3", "--threads=2", "--contender=loop"];
    let small = run(&[&some[..], &["--arena=100"]].concat());
    let small = text(&small.stdout).replace("\n  ", " ");
    assert!(small.contains("too small for near-full at 2 threads"), "{small}");
    let bulk = run(&[&some[..], &["--workload=bulk,pair"]].concat());
    let bulk = text(&bulk.stdout);
    assert!(bulk.contains("note: no latencies of bulk"), "{bulk}");
}
