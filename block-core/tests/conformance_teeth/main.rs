//! The conformance suite has teeth: a healthy pool passes every property, and a pool with one
//! fault is rejected, by the property that protects the broken invariant and under its number.
#![cfg(feature = "conformance")]

mod broken;
mod fault;
mod pool;
mod untagged;

use std::panic::{AssertUnwindSafe, catch_unwind};

use block_core::Region;
use block_core::conformance::events::*;
use block_core::conformance::*;
use broken::Broken;
use fault::Fault;

/// A healthy pool passes.
fn healthy(region: Region) -> Box<Broken> {
    Box::new(Broken::new(region, None))
}

block_core::conformance_tests! {
    the_healthy_pool,
    // SAFETY: nothing else uses the pools.
    unsafe { Factory::new(healthy) }
}

/// Pools with a fault.
type Pools<'a> = Factory<&'a dyn Fn(Region) -> Box<Broken>>;

/// The property rejects a pool with this fault, and names this invariant.
fn rejected(fault: Fault, invariant: &str, property: impl Fn(&Pools<'_>)) {
    let make = |region| Box::new(Broken::new(region, Some(fault)));
    let make: &dyn Fn(Region) -> Box<Broken> = &make;
    // SAFETY: nothing else uses the pools; what the fault does to them is small enough to be seen.
    let pools = unsafe { Factory::new(make) };
    let panic = catch_unwind(AssertUnwindSafe(|| property(&pools)))
        .expect_err(&format!("a pool that {fault:?} passed"));
    let message = panic.downcast_ref::<String>().expect("the suite's panics have a message");
    assert!(
        message.starts_with(&format!("{invariant} is broken: ")),
        "{fault:?} must break {invariant}, but the suite said:\n{message}"
    );
    for part in ["property: ", "pool: ", "seed: "] {
        assert!(message.contains(part), "no {part:?} in:\n{message}");
    }
}

/// One test for each fault: the invariant, and the properties and events that must reject it.
macro_rules! teeth {
    ($($test:ident: $fault:ident breaks $invariant:ident, found by $($property:ident)+;)*) => {
        $(
            #[test]
            fn $test() {
                $(rejected(Fault::$fault, $invariant, |pools| $property(pools));)+
            }
        )*

        /// Each fault by the name of its test, and what rejects it.
        const TEETH: &[(&str, &[&str])] = &[$((stringify!($test), &[$(stringify!($property)),+])),*];
    };
}

const EXCLUSIVE: &str = "invariant 1 (exclusive)";
const CONSERVED: &str = "invariant 2 (conserved)";
const EXACT_EXHAUSTION: &str = "invariant 3 (exact exhaustion)";
const BOUNDED_AND_ALIGNED: &str = "invariant 4 (bounded and aligned)";
const CHECKED_FREE: &str = "invariant 5 (checked free)";
const INITIALISED: &str = "invariant 6 (initialised)";

teeth! {
    a_block_given_out_twice: GivesTwice breaks EXCLUSIVE,
        found by exclusive agrees_with_the_model;
    a_block_given_out_twice_to_threads: TakesInTwoSteps breaks EXCLUSIVE,
        found by no_block_is_shared;
    a_block_written_to_while_held: WritesToAHeldBlock breaks EXCLUSIVE,
        found by exclusive agrees_with_the_model;

    a_lost_block: LosesABlock breaks CONSERVED,
        found by conserved agrees_with_the_model exhaustion_then_recovery_to_the_exact_count
            panic_while_a_thread_holds_handles;
    a_lost_block_that_still_counts: LosesABlockButCountsIt breaks CONSERVED,
        found by no_block_is_shared bulk_transfers_conserve;
    a_bulk_call_that_fails_and_keeps: KeepsPartOfARefusedBulk breaks CONSERVED,
        found by bulk_is_all_or_nothing agrees_with_the_model;
    a_bulk_call_that_fails_and_fills: FillsPartOfARefusedBulk breaks CONSERVED,
        found by bulk_is_all_or_nothing agrees_with_the_model;
    a_count_of_one_too_many: CountsOneTooMany breaks CONSERVED,
        found by conserved agrees_with_the_model handle_that_is_forgotten;
    a_count_in_two_steps: CountsInTwoSteps breaks CONSERVED,
        found by available_never_over_reports;

    blocks_stranded_with_their_thread: Strands breaks EXACT_EXHAUSTION,
        found by blocks_of_an_idle_thread_are_not_stranded
            blocks_of_an_ended_thread_come_back no_alloc_fails_within_its_share
            thread_ends_with_cached_blocks thread_ends_while_others_are_at_exhaustion
            frees_from_a_thread_local_destructor producer_is_not_starved_by_its_consumer;
    a_spurious_failure: FailsNowAndThen breaks EXACT_EXHAUSTION,
        found by exact_exhaustion agrees_with_the_model;
    a_reserve: KeepsOneInReserve breaks EXACT_EXHAUSTION,
        found by exact_exhaustion no_alloc_fails_within_its_share capacity_of_1 capacity_of_2
            capacity_of_63 capacity_of_64 capacity_of_65;
    a_failure_where_another_thread_is_busy: FailsWhenBusy breaks EXACT_EXHAUSTION,
        found by no_alloc_fails_within_its_share;

    a_misaligned_block: GivesMisaligned breaks BOUNDED_AND_ALIGNED,
        found by bounded_and_aligned;
    one_block_past_the_end: GivesOnePastTheEnd breaks BOUNDED_AND_ALIGNED,
        found by bounded_and_aligned;
    another_region: AnswersForAnotherRegion breaks BOUNDED_AND_ALIGNED,
        found by bounded_and_aligned;

    a_double_free_accepted: AcceptsWhatIsNotAllocated breaks CHECKED_FREE,
        found by checked_free agrees_with_the_model double_free_at_once double_free_delayed
            double_free_after_other_frees double_free_across_threads never_allocated_block
            block_owned_by_a_live_handle block_held_without_a_mark;
    one_past_the_end_accepted: AcceptsForeign breaks CHECKED_FREE,
        found by checked_free agrees_with_the_model foreign_pointer_on_the_stack
            foreign_pointer_on_the_heap foreign_pointer_of_another_pool foreign_pointer_near
            foreign_pointer_far one_past_the_end before_the_base;
    an_interior_pointer_accepted: RoundsDown breaks CHECKED_FREE,
        found by checked_free agrees_with_the_model interior_pointer misaligned_pointer;
    the_wrong_error: CallsEverythingForeign breaks CHECKED_FREE,
        found by checked_free agrees_with_the_model;
    a_bulk_free_that_stops_half_way: FreesPartOfARefusedBulk breaks CHECKED_FREE,
        found by bulk_free_is_all_or_nothing agrees_with_the_model;
    two_racing_frees: ChecksThenFrees breaks CHECKED_FREE,
        found by one_of_two_racing_frees_succeeds;
    a_mark_cleared_after_the_release: ClearsTheMarkLast breaks CHECKED_FREE,
        found by a_right_free_is_never_refused;

    memory_that_is_not_zero_at_first: StartsDirty breaks INITIALISED,
        found by initialised agrees_with_the_model;
    a_link_inside_a_free_block: WritesToAFreeBlock breaks INITIALISED,
        found by initialised agrees_with_the_model;
    a_forgotten_scrub: ForgetsTheScrub breaks INITIALISED,
        found by zeroed_on_release;
    a_forgotten_scrub_in_bulk: ForgetsTheScrubInBulk breaks INITIALISED,
        found by zeroed_on_release;

    a_forgotten_loan: ForgetsTheLoan breaks INITIALISED,
        found by lent_when_handed_out;
    a_forgotten_loan_in_bulk: ForgetsTheLoanInBulk breaks INITIALISED,
        found by lent_when_handed_out;

    a_pool_freed_under_its_blocks: FreesUnderItsBlocks breaks CONSERVED,
        found by owned_blocks_keep_the_pool;
    a_pool_that_is_never_freed: NeverFrees breaks CONSERVED,
        found by owned_blocks_keep_the_pool the_last_of_racing_owners_frees_the_pool;
    a_retirement_in_two_steps: RetiresInTwoSteps breaks CONSERVED,
        found by the_last_of_racing_owners_frees_the_pool;
    numbers_of_16_bits: ShortNumbers breaks EXCLUSIVE,
        found by capacity_beyond_16_bits;
    a_stack_without_a_tag: NoTag breaks EXCLUSIVE,
        found by no_block_is_shared_when_reused;

    a_cache_that_outlives_its_pool: MixesPools breaks BOUNDED_AND_ALIGNED,
        found by pools_do_not_mix;
}

fn whole_suite(pools: &Pools<'_>) {
    check_all(pools);
}

/// The suite as a whole rejects a pool that breaks any one of the invariants, by its number.
#[test]
fn check_all_rejects_a_broken_backend_for_each_invariant() {
    for (fault, invariant) in [
        (Fault::GivesTwice, EXCLUSIVE),
        (Fault::LosesABlock, CONSERVED),
        (Fault::FailsNowAndThen, EXACT_EXHAUSTION),
        (Fault::GivesMisaligned, BOUNDED_AND_ALIGNED),
        (Fault::AcceptsWhatIsNotAllocated, CHECKED_FREE),
        (Fault::ChecksThenFrees, CHECKED_FREE),
        (Fault::StartsDirty, INITIALISED),
    ] {
        rejected(fault, invariant, whole_suite);
    }
}

#[test]
fn every_property_and_event_of_the_suite_rejects_a_fault() {
    let names = block_core::conformance_tests! { @each names };
    let rejects = |name: &&str| TEETH.iter().any(|(_, found_by)| found_by.contains(name));
    let toothless: Vec<_> = names.iter().filter(|name| !rejects(name)).collect();
    assert!(toothless.is_empty(), "no fault is rejected by {toothless:?}");
}

/// The pages of the suite say which fault each property and event rejects.
#[test]
fn the_pages_name_the_faults_that_are_rejected() {
    let pages = [
        include_str!("../../src/conformance/mod.rs"),
        include_str!("../../src/conformance/events.rs"),
    ];
    let rows = pages.iter().flat_map(|page| page.lines()).filter_map(|row| {
        let (links, faults) = row.strip_prefix("//! | ")?.strip_suffix(" |")?.split_once(" | ")?;
        Some((links, faults.split("; ").collect::<Vec<_>>()))
    });
    let rows: Vec<_> = rows.collect();
    for (fault, found_by) in TEETH {
        let fault = fault.replace('_', " ");
        for name in *found_by {
            let link = format!("[`{name}`]");
            let named = rows
                .iter()
                .any(|(links, faults)| links.contains(&link) && faults.contains(&fault.as_str()));
            assert!(named, "no row has {link} and {fault:?}");
        }
    }
}
