//! A contender that breaks a promise is caught, whichever it is; a sound one is not.

mod support;

use std::sync::Arc;

use bench_harness::contender::Shape;
use bench_harness::fault::Fault;
use bench_harness::grid::Case;
use bench_harness::lineup::{self, Name};
use bench_harness::peers::paths::{Bares, Checks, Through};
use bench_harness::sampler::Sampler;
use bench_harness::session::RunError;
use bench_harness::subject::Subject;
use bench_harness::workers::{Cores, Workers};
use bench_harness::workload::Workload;
use block_core::FreeError;
use support::{BrokenAlloc, Flaw};

const PAIRS: u64 = 2_000;

fn case(workload: Workload, threads: usize) -> Case {
    let held = workload.held();
    Case { workload, shape: Shape { block_size: 64, arena: threads * held, threads, held } }
}

fn workers(threads: usize) -> Workers {
    let mut workers = Workers::new(Cores::usable());
    workers.start(threads).expect("a few threads");
    workers
}

fn bare(flaw: Flaw, shape: Shape) -> Box<dyn Subject> {
    let pool = Arc::new(BrokenAlloc::new(shape.block_size, shape.arena, flaw));
    Box::new(Through::<_, Bares>::new(pool))
}

/// What the verification pass says.
fn verified(flaw: Flaw, workload: Workload, threads: usize) -> Result<(), Fault> {
    let Case { workload, shape } = case(workload, threads);
    workers(threads).verify(&*bare(flaw, shape), workload, shape, PAIRS)
}

/// What a measured run and the stock-taking after it say.
fn measured(flaw: Flaw, workload: Workload, threads: usize) -> Result<(), Fault> {
    let case = case(workload, threads);
    let name = Name { contender: "broken", path: "unchecked" };
    let sampler = Sampler::new(name, case, bare(flaw, case.shape));
    sampler.run(&workers(threads), PAIRS).map(drop)
}

#[test]
fn every_contender_of_the_lineup_is_sound() {
    let names: Vec<_> = lineup::names().collect();
    for &workload in Workload::ALL {
        for threads in [1, 2, 5] {
            let Case { workload, shape } = case(workload, threads);
            let workers = workers(threads);
            for (name, subject) in lineup::build(&names, shape).expect("small pools") {
                let verified = workers.verify(&*subject, workload, shape, PAIRS);
                verified.unwrap_or_else(|fault| panic!("{name}, {workload}, {threads}: {fault}"));
            }
        }
    }
}

/// The pool with the flaws can do without one: what follows is due to the flaw alone.
#[test]
fn the_broken_pool_is_sound_without_its_flaw() {
    for threads in [1, 2] {
        assert_eq!(verified(Flaw::None, Workload::Burst, threads), Ok(()));
        assert_eq!(measured(Flaw::None, Workload::Pair, threads), Ok(()));
    }
}

/// Invariant 1, between threads. The pool is whole again when stock is taken: only the stamps can
/// tell.
#[test]
fn a_block_held_by_two_threads_is_caught() {
    // Whether the two threads meet is the scheduler's affair: they get a few chances.
    let caught = (0..10).find_map(|_| verified(Flaw::Doubles, Workload::Pair, 2).err());
    assert!(matches!(caught, Some(Fault::Overwritten { .. })), "{caught:?}");
}

/// Invariant 1, within a thread.
#[test]
fn a_block_held_twice_by_one_thread_is_caught() {
    let caught = verified(Flaw::Doubles, Workload::Burst, 1);
    assert!(matches!(caught, Err(Fault::Twice { .. })), "{caught:?}");
}

/// Invariant 2. The pool lost them during the run; the stock-taking after it tells, or a thread
/// that finds none left.
#[test]
fn a_lost_block_is_caught() {
    for caught in [verified, measured].map(|run| run(Flaw::Loses, Workload::Burst, 2)) {
        assert!(matches!(caught, Err(Fault::NoBlock)), "{caught:?}");
    }
    let Case { workload, shape } = case(Workload::Pair, 1);
    let shape = Shape { arena: 1_000_000, ..shape };
    let workers = workers(1);
    let subject = bare(Flaw::Loses, shape);
    workers.measure(&*subject, workload, shape, PAIRS).expect("there are enough blocks");
    let caught = subject.take_stock(shape.block_size);
    let lost = usize::try_from(PAIRS).unwrap() / support::EVERY;
    let (got, expected) = (shape.arena - lost, shape.arena);
    assert_eq!(caught, Err(Fault::Count { got, expected }));
}

/// Invariant 3.
#[test]
fn a_pool_that_says_it_is_empty_is_caught() {
    for caught in [verified, measured].map(|run| run(Flaw::Denies, Workload::Pair, 1)) {
        assert_eq!(caught, Err(Fault::NoBlock));
    }
}

/// Invariant 4.
#[test]
fn a_pointer_that_is_no_block_is_caught() {
    let caught = measured(Flaw::Shifts, Workload::Pair, 1);
    let misaligned = matches!(caught, Err(Fault::NotABlock { why: FreeError::Misaligned, .. }));
    assert!(misaligned, "{caught:?}");
}

#[test]
fn a_wrong_count_of_free_blocks_is_caught() {
    let caught = measured(Flaw::Miscounts, Workload::Pair, 1);
    assert_eq!(caught, Err(Fault::Available { says: 1, expected: 0 }));
}

#[test]
fn a_pool_without_an_end_is_caught() {
    let caught = measured(Flaw::NeverEmpty, Workload::Pair, 2);
    assert!(matches!(caught, Err(Fault::Overlap { distance: 0, .. })), "{caught:?}");
}

#[test]
fn a_refused_free_is_caught() {
    let Case { workload, shape } = case(Workload::Pair, 1);
    let pool = Arc::new(BrokenAlloc::new(shape.block_size, shape.arena, Flaw::Refuses));
    let subject = Through::<_, Checks>::new(pool);
    let caught = workers(1).measure(&subject, workload, shape, PAIRS);
    assert_eq!(caught, Err(Fault::Refused(FreeError::NotAllocated)));
}

#[test]
fn an_error_names_the_contender_the_cell_and_what_was_found() {
    let name = Name { contender: "broken", path: "unchecked" };
    let fault = Fault::Count { got: 9, expected: 10 };
    let error = RunError::Fault(name, case(Workload::Pair, 2), fault);
    assert_eq!(
        error.to_string(),
        "broken/unchecked (pair, 2 threads, 64 B blocks, arena of 2): blocks were lost: 9 of 10 \
         could be taken"
    );
}
