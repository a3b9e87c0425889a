//! The worlds of particles run, are the same in a pool and out of it, and keep to their bound.

#[path = "../examples/particles/main.rs"]
mod particles;

use clap::Parser;
use clap::error::ErrorKind;
use particles::program::Arguments;
use particles::report::{Report, Tally};

fn arguments(options: &str) -> Arguments {
    let words = ["particles"].into_iter().chain(options.split_whitespace());
    Arguments::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"))
}

/// That it returns at all says that the worlds were equal, the bound was exact and all blocks are back.
fn run(options: &str) -> Report {
    arguments(options).run().unwrap_or_else(|failure| panic!("{options}: {failure}"))
}

#[test]
fn the_program_prints_what_came_of_it() {
    let options = arguments("--worlds 1 --particles 10 --rounds 1");
    particles::run(&options).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn worlds_reach_their_bound_are_refused_what_is_beyond_and_go_on() {
    for worlds in [1, 2, 5] {
        let report = run(&format!("--worlds {worlds} --particles 300 --rounds 4"));
        assert_eq!((report.worlds, report.bound), (worlds, 300 * worlds));
        let [pool, boxed] = [0, 1].map(|whose| report.total(whose));
        assert_eq!(report.rounds.len(), 4);
        for tally in [pool, boxed] {
            assert!(tally.refused > 0, "the bound is reached: {tally:?}");
            assert!(tally.spawned > 4 * report.bound as u64, "the world goes on: {tally:?}");
            assert!(tally.died < tally.spawned && tally.inexact == 0, "{tally:?}");
        }
        let counts = |it: Tally| [it.moved, it.spawned, it.died, it.refused];
        assert_eq!(counts(pool), counts(boxed));
    }
}

#[test]
fn a_seed_makes_the_same_worlds_however_the_threads_ran() {
    let checksum = |seed| run(&format!("--worlds 3 --particles 100 --rounds 2 {seed}")).checksum;
    let first = checksum("--seed 1");
    assert_eq!(checksum("--seed 1"), first);
    assert_ne!(checksum("--seed 2"), first);
}

#[test]
fn a_single_particle_is_a_world() {
    let report = run("--worlds 1 --particles 1 --rounds 2");
    assert!(report.total(0).refused > 0 && report.total(0).spawned > 1);
}

#[test]
fn the_report_shows_both_and_time_ends_the_run() {
    let report = run("--time 0.01 --worlds 2 --particles 50");
    let shown = report.to_string();
    assert!(shown.contains(" pool ") && shown.contains(" Box "), "{shown}");
    assert!(shown.contains("every block is back"), "{shown}");
    assert_eq!(report.picture.lines().count(), 10, "{}", report.picture);
    assert!(report.picture.contains('@'), "somewhere it is brightest: {}", report.picture);
}

#[test]
fn wrong_arguments_are_refused_with_what_is_allowed() {
    for (options, allowed) in [
        ("--time -1", "above 0"),
        ("--time soon", "number of seconds"),
        ("--rounds 0", "1..=100000"),
        ("--worlds 65", "1..=64"),
        ("--particles 0", "1..=100000"),
        ("--particles many", "invalid digit"),
        ("--colour red", "--colour"),
    ] {
        let words = ["particles"].into_iter().chain(options.split_whitespace());
        let error = Arguments::try_parse_from(words).expect_err(options);
        assert!(error.use_stderr() && error.to_string().contains(allowed), "{options}: {error}");
    }
    let help = Arguments::try_parse_from(["particles", "--help"]).expect_err("help is no run");
    assert_eq!(help.kind(), ErrorKind::DisplayHelp);
}
