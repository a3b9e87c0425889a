//! The example of an echo server loses nothing: no byte, no block, and no connection that is not its
//! peer's fault. And its load would tell.

#[path = "../../examples/echo/main.rs"]
mod echo;

mod load;
mod program;
mod server;

use std::ffi::OsString;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bench_harness::stop::Stop;

use echo::arguments::Arguments;
use echo::comparison::{self, Outcome};
use echo::gauge::Moment;

/// Resident memory is the whole process's: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn words<'a>(arguments: &'a [&str]) -> impl Iterator<Item = OsString> + use<'a> {
    ["echo"].iter().chain(arguments).map(OsString::from)
}

fn outcome(arguments: &[&str]) -> Outcome {
    let arguments = Arguments::parse(words(arguments)).expect("right arguments");
    comparison::run(&arguments, &Stop::default(), |_, _| {}).expect("a run without a fault")
}

/// Until it is so; not for ever.
#[track_caller]
fn wait_until(mut is_so: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < limit, "it does not come to that");
        thread::sleep(Duration::from_millis(1));
    }
}

/// With 12 connections.
#[track_caller]
fn assert_nothing_is_lost(outcome: &Outcome, blocks: usize) {
    assert_eq!(outcome.blocks_back, blocks, "blocks that came back");
    for round in &outcome.pool {
        assert_eq!(round.full, Moment { waiting: 12 - blocks, held: blocks });
        assert_eq!(round.most_held, blocks, "held at once");
        assert!(round.waits[0] >= (12 - blocks) as u64, "{:?}", round.waits);
    }
    for round in &outcome.vecs {
        assert_eq!(round.full, Moment { waiting: 0, held: 12 });
        assert_eq!(round.waits, [0, 0]);
    }
    for round in outcome.pool.iter().chain(&outcome.vecs) {
        for answers in [&round.filled, &round.flowed] {
            assert!(answers.bytes_sent > 0);
            assert_eq!(answers.bytes_back, answers.bytes_sent);
            assert_eq!(answers.latencies_us.len(), answers.requests);
        }
        assert_eq!((round.served.ended, round.served.broken), (24, 0));
    }
}

#[test]
fn all_bytes_and_all_blocks_come_back_from_a_pool_at_its_bound() {
    let _alone = alone();
    let outcome = outcome(&["--time", "0.2", "--connections", "12", "--blocks", "3"]);
    assert_eq!((outcome.pool.len(), outcome.vecs.len()), (2, 2));
    assert_nothing_is_lost(&outcome, 3);
}

#[test]
fn one_block_serves_many_connections() {
    let _alone = alone();
    let sizes = ["--block-size", "1000", "--blocks", "1", "--connections", "12"];
    assert_nothing_is_lost(&outcome(&[&["--time", "0.1"], &sizes[..]].concat()), 1);
}
