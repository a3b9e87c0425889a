//! Packets go through the stages whatever the sizes: none is lost, and all memory comes back.

#[path = "../examples/pipeline/main.rs"]
mod pipeline;

use std::time::Duration;

use bench_harness::workers::{Cores, Workers};
use block_core::BlockAllocExt;
use block_lockfree::LockFreeAlloc;
use clap::Parser;
use clap::error::ErrorKind;
use pipeline::packet::{self, Traffic};
use pipeline::program::{Arguments, Report};
use pipeline::ring::Ring;
use pipeline::stages::{self, Plan, STAGES};

fn arguments(options: &str) -> Arguments {
    let words = ["pipeline"].into_iter().chain(options.split_whitespace());
    Arguments::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"))
}

/// That it returns at all says that nothing was lost or damaged, and that all blocks are back.
fn run(options: &str) -> Report {
    arguments(options).run().unwrap_or_else(|failure| panic!("{options}: {failure}"))
}

#[test]
fn the_program_prints_what_came_of_it() {
    let options = arguments("--packets 100 --rounds 1");
    pipeline::run(&options).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Every packet is in the account, some were dropped on their way, most were sent.
fn assert_accounted(report: &Report, packets: u64) {
    for run in report.rounds.iter().flatten() {
        assert_eq!(run.received.packets, packets, "{run:?}");
        assert_eq!(run.dropped.packets + run.sent.packets, packets, "{run:?}");
        assert!(run.dropped.packets > 0 && run.sent.packets > run.dropped.packets, "{run:?}");
    }
}

#[test]
fn what_is_received_is_sent_or_dropped_on_purpose() {
    let report = run("--packets 3000 --rounds 3");
    assert_eq!((report.rounds.len(), report.burst), (3, 32));
    assert_accounted(&report, 3000);
}

#[test]
fn an_empty_pool_holds_the_receiver_back_and_nothing_is_lost() {
    for (pool, burst) in [(1, 1), (5, 5), (31, 31), (33, 32), (40, 32)] {
        let report = run(&format!("--packets 600 --rounds 2 --pool {pool}"));
        assert_eq!(report.burst, burst);
        assert_accounted(&report, 600);
        // With room for one burst no other can begin before most of it has come back.
        let waits: u64 = report.rounds.iter().map(|[pool, ..]| pool.waits).sum();
        assert!(waits > 0, "{pool} blocks");
        assert!(report.rounds.iter().all(|[_, others @ ..]| others.iter().all(|it| it.waits == 0)));
    }
}

#[test]
fn a_ring_of_one_burst_and_bursts_that_are_not_full_lose_nothing() {
    for options in ["--ring 1", "--ring 1 --pool 1", "--ring 1 --pool 7", "--ring 1 --pool 1000"] {
        assert_accounted(&run(&format!("--packets 501 --rounds 2 {options}")), 501);
    }
}

#[test]
fn packets_may_be_a_header_alone_or_large() {
    for size in [packet::HEADER, packet::HEADER + 1, 65_536] {
        assert_accounted(&run(&format!("--packets 200 --rounds 1 --size {size}")), 200);
    }
}

#[test]
fn a_stage_that_leaves_is_not_waited_for() {
    let ring = Ring::new(1);
    assert!(ring.push(1));
    drop(ring.closing());
    assert!(!ring.push(2), "full, and nobody will make room");
    assert_eq!((ring.pop(), ring.pop()), (Some(1), None));
}

#[test]
fn a_block_that_is_lost_ends_the_run_and_is_told() {
    let pool = LockFreeAlloc::new(256, 4).unwrap();
    let _lost = pool.alloc().unwrap();
    let plan = Plan {
        traffic: Traffic::new(256),
        packets: 100,
        burst: 4,
        ring: 2,
        patience: Duration::from_millis(10),
    };
    let mut workers = Workers::new(Cores::usable());
    workers.start(STAGES).unwrap();
    let told = stages::run(&workers, &pool, &plan).expect_err("four are not to be had");
    assert!(told.contains("no memory for 4 packets"), "{told}");
}

#[test]
fn the_report_shows_all_sources_and_time_ends_the_run() {
    let shown = run("--time 0.01 --packets 500").to_string();
    for name in [" pool ", " mimalloc ", " system ", "every block is back"] {
        assert!(shown.contains(name), "{name}: {shown}");
    }
}

#[test]
fn wrong_arguments_are_refused_with_what_is_allowed() {
    for (options, allowed) in [
        ("--time 0", "above 0"),
        ("--time soon", "number of seconds"),
        ("--rounds 0", "1..=100000"),
        ("--packets 0", "1..=10000000"),
        ("--size 39", "40..=65536"),
        ("--pool 0", "1..=100000"),
        ("--pool -3", "1..=100000"),
        ("--ring 0", "1..=1024"),
        ("--burst 32", "--burst"),
    ] {
        let words = ["pipeline"].into_iter().chain(options.split_whitespace());
        let error = Arguments::try_parse_from(words).expect_err(options);
        assert!(error.use_stderr() && error.to_string().contains(allowed), "{options}: {error}");
    }
    let help = Arguments::try_parse_from(["pipeline", "--help"]).expect_err("help is no run");
    assert_eq!(help.kind(), ErrorKind::DisplayHelp);
}
