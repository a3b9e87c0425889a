//! A contender that breaks a promise is caught, whichever it is; a sound one is not.

#[path = "support/broken.rs"]
mod broken;

use std::sync::Arc;

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
use broken::{BrokenAlloc, Flaw};

const PAIRS: u64 = 2_000;

fn case(workload: Workload, threads: usize) -> Case {
    Case::tight(workload, threads, 64)
}

fn workers(threads: usize) -> Workers {
    let mut workers = Workers::new(Cores::usable());
    workers.start(threads).expect("a few threads");
    workers
}

fn pool(flaw: Flaw, case: Case) -> Arc<BrokenAlloc> {
    Arc::new(BrokenAlloc::new(case.shape.block_size, case.shape.arena, flaw))
}

fn bare(flaw: Flaw, case: Case) -> Box<dyn Subject> {
    Box::new(Through::<_, Bares>::new(pool(flaw, case)))
}

/// What the verification pass says.
fn verified(flaw: Flaw, workload: Workload, threads: usize) -> Result<(), Fault> {
    let case = case(workload, threads);
    workers(threads).verify(&*bare(flaw, case), case, PAIRS)
}

/// What a measured run and the stock-taking after it say.
fn measured(flaw: Flaw, workload: Workload, threads: usize) -> Result<(), Fault> {
    let case = case(workload, threads);
    let name = Name { contender: "broken", path: "unchecked" };
    let sampler = Sampler::new(name, case, bare(flaw, case));
    sampler.run(&workers(threads), PAIRS).map(drop)
}

/// What a run whose calls are timed and the stock-taking after it say.
fn timed(flaw: Flaw, workload: Workload, threads: usize) -> Result<(), Fault> {
    let case = case(workload, threads);
    let name = Name { contender: "broken", path: "unchecked" };
    let sampler = Sampler::new(name, case, bare(flaw, case));
    sampler.time_calls(&workers(threads), PAIRS).map(drop)
}

#[test]
fn every_contender_of_the_lineup_is_sound() {
    for &workload in Workload::ALL {
        let can = |threads: &usize| workload.cannot(*threads).is_none();
        [1, 2].into_iter().filter(can).for_each(|threads| is_sound(workload, threads));
    }
}

/// More than there are cores, mostly, and an odd number where it can be.
#[test]
fn every_contender_of_the_lineup_is_sound_on_more_threads() {
    for &workload in Workload::ALL {
        is_sound(workload, if workload.cannot(5).is_none() { 5 } else { 6 });
    }
}

/// Every contender that can do it.
fn is_sound(workload: Workload, threads: usize) {
    let (case, workers) = (case(workload, threads), workers(threads));
    let names: Vec<_> = lineup::names().collect();
    for (name, subject) in lineup::build(&names, &case).expect("small pools") {
        let verified = workers.verify(&*subject, case, PAIRS);
        verified.unwrap_or_else(|fault| panic!("{name} ({case}): {fault}"));
        let measured = Sampler::new(name, case, subject).run(&workers, PAIRS);
        measured.unwrap_or_else(|fault| panic!("{name} ({case}), measured: {fault}"));
    }
}

/// The pool with the flaws can do without one: what follows is due to the flaw alone.
#[test]
fn the_broken_pool_is_sound_without_its_flaw() {
    for &workload in Workload::ALL {
        for threads in [2, 4] {
            assert_eq!(verified(Flaw::None, workload, threads), Ok(()), "{workload}");
            assert_eq!(measured(Flaw::None, workload, threads), Ok(()), "{workload}");
            assert_eq!(timed(Flaw::None, workload, threads), Ok(()), "{workload}");
        }
    }
}

/// Whatever the workload, its verification notices. A flaw that needs two threads to meet gets a
/// few chances.
#[test]
fn every_workload_catches_every_flaw() {
    let flaws = [Flaw::Doubles, Flaw::Loses, Flaw::Denies, Flaw::NeverEmpty, Flaw::Miscounts];
    for &workload in Workload::ALL {
        for flaw in flaws {
            for threads in [2, 4] {
                let caught = (0..10).find_map(|_| verified(flaw, workload, threads).err());
                assert!(caught.is_some(), "{flaw:?} in {workload} on {threads} threads");
            }
        }
    }
}

/// The measured run of each workload, its calls timed or not, and the stock-taking after it, notice
/// what is lost or refused.
#[test]
fn every_measured_workload_catches_losses_and_denials() {
    for &workload in Workload::ALL {
        for flaw in [Flaw::Loses, Flaw::Denies] {
            for caught in [measured(flaw, workload, 2), timed(flaw, workload, 2)] {
                assert!(caught.is_err(), "{flaw:?} in {workload}");
            }
        }
    }
}

/// Invariant 1, from thread to thread: a block that is handed out again on its way.
#[test]
fn a_block_handed_over_and_handed_out_again_is_caught() {
    let caught = (0..10).find_map(|_| verified(Flaw::Doubles, Workload::Handover, 2).err());
    let double = matches!(caught, Some(Fault::Overwritten { .. } | Fault::Twice { .. }));
    assert!(double, "{caught:?}");
}

/// What one thread met is told, not that the other waited in vain.
#[test]
fn a_thread_that_stops_a_hand_over_keeps_nobody_waiting() {
    assert_eq!(verified(Flaw::Denies, Workload::Handover, 4), Err(Fault::NoBlock));
    let case = case(Workload::Handover, 2);
    let refusing = Through::<_, Checks>::new(pool(Flaw::Refuses, case));
    let caught = workers(2).measure(&refusing, case, PAIRS);
    assert_eq!(caught, Err(Fault::Refused(FreeError::NotAllocated)));
}

/// Invariant 3, the other way round.
#[test]
fn a_pool_that_hands_out_held_blocks_is_caught() {
    let case = case(Workload::Exhausted, 2);
    let caught = workers(2).measure(&*bare(Flaw::NeverEmpty, case), case, PAIRS);
    assert!(matches!(caught, Err(Fault::Surplus { .. })), "{caught:?}");
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
    let case = Case::new(Workload::Pair, 1, 64, 1_000_000);
    let Case { shape, .. } = case;
    let workers = workers(1);
    let subject = bare(Flaw::Loses, case);
    workers.measure(&*subject, case, PAIRS).expect("there are enough blocks");
    let caught = subject.take_stock(shape.block_size);
    let lost = usize::try_from(PAIRS).unwrap() / broken::EVERY;
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
    let misaligned = matches!(caught, Err(Fault::NotABlock { why: FreeError::NotBlockStart, .. }));
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
    let case = case(Workload::Pair, 1);
    let subject = Through::<_, Checks>::new(pool(Flaw::Refuses, case));
    let caught = workers(1).measure(&subject, case, PAIRS);
    assert_eq!(caught, Err(Fault::Refused(FreeError::NotAllocated)));
}

#[test]
fn an_error_names_the_contender_the_cell_and_what_was_found() {
    let name = Name { contender: "broken", path: "unchecked" };
    let fault = Fault::Count { got: 9, expected: 10 };
    let error = RunError::Fault(name, case(Workload::Pair, 2), fault);
    assert_eq!(
        error.to_string(),
        "broken/unchecked (pair, 2 threads, 64 B blocks, capacity 2): blocks were lost: 9 of 10 \
         could be taken"
    );
}
