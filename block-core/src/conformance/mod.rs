//! The test suite for backends: functions that a test calls, which check the contract of
//! `BlockAlloc`.
//!
//! Each function checks one of the [invariants](crate#invariants) on many layouts. It panics with
//! the number of the invariant, the expected and the actual value, the layout and the seed. It
//! takes a [`Factory`]: the suite creates the [`Region`], and the factory creates a pool over it,
//! behind any pointer (`Box<A>`, `Arc<A>`, `Box<dyn BlockAlloc>`).
//!
//! | invariant | one user | many threads |
//! |---|---|---|
//! | 1 exclusive | [`exclusive`], [`pools_do_not_mix`] | [`no_block_is_shared`], [`no_block_is_shared_when_reused`] |
//! | 2 conserved | [`conserved`], [`bulk_is_all_or_nothing`], [`owned_blocks_keep_the_pool`] | [`bulk_transfers_conserve`], [`available_never_over_reports`], [`the_last_of_racing_owners_frees_the_pool`] |
//! | 3 exact exhaustion | [`exact_exhaustion`] | [`no_alloc_fails_within_its_share`], [`blocks_of_an_idle_thread_are_not_stranded`], [`blocks_of_an_ended_thread_come_back`] |
//! | 4 bounded and aligned | [`bounded_and_aligned`] | |
//! | 5 checked free | [`checked_free`], [`bulk_free_is_all_or_nothing`] | [`one_of_two_racing_frees_succeeds`], [`a_right_free_is_never_refused`] |
//! | 6 initialised | [`initialised`], [`zeroed_on_release`], [`lent_when_handed_out`] | |
//! | all | [`agrees_with_the_model`] | |
//!
//! [`events`] has further functions, one for each bad input or event that a backend must survive.
//!
//! To test a backend, add the feature `conformance` of `block-core` to the dev-dependencies of its
//! crate. [`conformance_tests!`](crate::conformance_tests) creates one test per function, and
//! [`check_all`] calls all functions. The page `docs/writing-a-backend.md` has a complete backend.
//!
//! Random choices come from a fixed seed. Set `CONFORMANCE_SEED=<number>` in the environment for
//! others. The system decides how threads interleave, so a fault between threads is found with high
//! probability only, and not always at the same step. A call that never returns ends the process
//! after five minutes.
//!
//! The suite finds broken contracts; it proves none. It writes to the blocks that the pool returns,
//! after it has checked that each pointer is a block of the region.
//!
//! Each property is also tried on broken pools with one fault each, in `tests/conformance_teeth`,
//! and must reject those with the faults named here. [`check_all`] rejects one broken pool for each
//! of the invariants 1 to 6. Further invariants of a backend are tested by the backend: 7 and 8 of
//! the lock-free one with models of loom and shuttle (`block-lockfree/tests/loom`,
//! `loom_magazines`, `shuttle`), in the unit tests of its head word, and in its tests of signals.
//!
//! | property | rejects a pool with |
//! |---|---|
//! | [`bounded_and_aligned`] | a misaligned block; one block past the end; another region |
//! | [`exclusive`] | a block given out twice; a block written to while held |
//! | [`conserved`] | a lost block; a count of one too many |
//! | [`exact_exhaustion`] | a spurious failure; a reserve |
//! | [`bulk_is_all_or_nothing`] | a bulk call that fails and keeps; a bulk call that fails and fills |
//! | [`initialised`] | memory that is not zero at first; a link inside a free block |
//! | [`zeroed_on_release`] | a forgotten scrub; a forgotten scrub in bulk |
//! | [`lent_when_handed_out`] | a forgotten loan; a forgotten loan in bulk |
//! | [`checked_free`] | a double free accepted; one past the end accepted; an interior pointer accepted; the wrong error |
//! | [`bulk_free_is_all_or_nothing`] | a bulk free that stops half way |
//! | [`pools_do_not_mix`] | a cache that outlives its pool |
//! | [`agrees_with_the_model`] | a block given out twice; a block written to while held; a lost block; a bulk call that fails and keeps; a bulk call that fails and fills; a count of one too many; a spurious failure; a double free accepted; one past the end accepted; an interior pointer accepted; the wrong error; a bulk free that stops half way; memory that is not zero at first; a link inside a free block |
//! | [`no_block_is_shared`] | a block given out twice to threads; a lost block that still counts |
//! | [`no_block_is_shared_when_reused`] | a stack without a tag |
//! | [`bulk_transfers_conserve`] | a lost block that still counts |
//! | [`no_alloc_fails_within_its_share`] | blocks stranded with their thread; a reserve; a failure where another thread is busy |
//! | [`blocks_of_an_idle_thread_are_not_stranded`] | blocks stranded with their thread |
//! | [`blocks_of_an_ended_thread_come_back`] | blocks stranded with their thread |
//! | [`one_of_two_racing_frees_succeeds`] | two racing frees |
//! | [`a_right_free_is_never_refused`] | a mark cleared after the release |
//! | [`available_never_over_reports`] | a count in two steps |
//! | [`owned_blocks_keep_the_pool`] | a pool freed under its blocks; a pool that is never freed |
//! | [`the_last_of_racing_owners_frees_the_pool`] | a pool that is never freed; a retirement in two steps |
//!
//! # Examples
//!
//! In `tests/conformance.rs` of a backend's crate:
//!
//! ```
//! # use block_core::{BlockAlloc, Region};
//! # struct MyPool(Region);
//! # // SAFETY: it gives out nothing.
//! # unsafe impl BlockAlloc for MyPool {
//! #     fn region(&self) -> &Region { &self.0 }
//! #     fn acquire(&self) -> Option<std::ptr::NonNull<u8>> { None }
//! #     unsafe fn release(&self, _: std::ptr::NonNull<u8>) {}
//! #     fn available(&self) -> usize { 0 }
//! # }
//! # impl MyPool { fn from_region(region: Region) -> Self { Self(region) } }
//! use block_core::conformance::Factory;
//!
//! block_core::conformance_tests! {
//!     plain,
//!     // SAFETY: nothing else uses the pools.
//!     unsafe { Factory::new(|region| Box::new(MyPool::from_region(region))) }
//! }
//! block_core::conformance_tests! {
//!     behind_a_trait_object,
//!     // SAFETY: as above.
//!     unsafe { Factory::new(|region| Box::new(MyPool::from_region(region)) as Box<dyn BlockAlloc>) }
//! }
//! ```
//!
//! Call a single property to find out what breaks it:
//!
//! ```
//! # use block_core::{BlockAlloc, BlockIndex, Region};
//! # use std::{ptr::NonNull, sync::Mutex};
//! # struct MyPool(Region, Mutex<Vec<BlockIndex>>);
//! # // SAFETY: the lock gives each number to one holder at a time; `acquire` and `release` call `on_acquire` and `on_release`.
//! # unsafe impl BlockAlloc for MyPool {
//! #     fn region(&self) -> &Region { &self.0 }
//! #     fn acquire(&self) -> Option<NonNull<u8>> {
//! #         let block = self.0.block(self.1.lock().unwrap().pop()?);
//! #         // SAFETY: off the list just now.
//! #         unsafe { self.0.on_acquire(block) };
//! #         Some(block)
//! #     }
//! #     unsafe fn release(&self, block: NonNull<u8>) {
//! #         // SAFETY: a block of the region that the caller held.
//! #         let index = unsafe { (self.0.on_release(block), self.0.index_of(block)).1 };
//! #         self.1.lock().unwrap().push(index);
//! #     }
//! #     fn available(&self) -> usize { self.1.lock().unwrap().len() }
//! # }
//! # impl MyPool {
//! #     fn from_region(region: Region) -> Self {
//! #         let numbers = (0..region.layout().capacity()).map(BlockIndex::new).collect();
//! #         Self(region, Mutex::new(numbers))
//! #     }
//! # }
//! use block_core::conformance::{Factory, zeroed_on_release};
//!
//! // SAFETY: nothing else uses the pools.
//! let pools = unsafe { Factory::new(|region| Box::new(MyPool::from_region(region))) };
//! zeroed_on_release(&pools);
//! ```

mod bad;
mod bag;
mod bytes;
pub mod events;
mod factory;
mod frees;
mod held;
mod keeper;
mod layouts;
mod leaving;
mod model;
mod owners;
mod racing;
mod random;
mod reuse;
mod sequential;
mod sharing;
mod stepping;
mod threads;
mod verdict;

use core::ops::Deref;

use crate::{BlockAlloc, Region};

pub use factory::Factory;
pub use frees::{bulk_free_is_all_or_nothing, checked_free};
pub use leaving::{
    blocks_of_an_ended_thread_come_back, blocks_of_an_idle_thread_are_not_stranded,
    pools_do_not_mix,
};
pub use model::agrees_with_the_model;
pub use owners::{owned_blocks_keep_the_pool, the_last_of_racing_owners_frees_the_pool};
pub use racing::{
    a_right_free_is_never_refused, available_never_over_reports, one_of_two_racing_frees_succeeds,
};
pub use reuse::no_block_is_shared_when_reused;
pub use sequential::{
    bounded_and_aligned, bulk_is_all_or_nothing, conserved, exact_exhaustion, exclusive,
    initialised, lent_when_handed_out, zeroed_on_release,
};
pub use sharing::{bulk_transfers_conserve, no_alloc_fails_within_its_share, no_block_is_shared};

/// Calls every property and every event. Takes a few seconds without optimisation.
///
/// # Panics
///
/// Panics at the first one that does not hold.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::conformance::Factory;
///
/// // SAFETY: the closure keeps no part of the pool.
/// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
/// block_core::conformance::check_all(&pools);
/// ```
pub fn check_all<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    crate::conformance_tests! { @each calls pools }
}

/// Creates one `#[test]` for each property and each event, in a module of the given name, on the
/// pools of a factory.
///
/// The second argument is an expression of the type [`Factory`](crate::conformance::Factory).
/// Creating one is `unsafe`, so the file that calls this macro states the promise on which the
/// suite depends.
///
/// # Examples
///
/// ```
/// # use block_core::{BlockAlloc, Region};
/// # fn my_pool(region: Region) -> Box<dyn BlockAlloc> { unimplemented!() }
/// use block_core::conformance::Factory;
///
/// // SAFETY: `my_pool` keeps no part of the pool that it returns.
/// block_core::conformance_tests! { my_backend, unsafe { Factory::new(my_pool) } }
/// ```
#[macro_export]
macro_rules! conformance_tests {
    ($name:ident, $factory:expr $(,)?) => {
        $crate::conformance_tests! { @each tests $name, $factory }
    };
    // The only lists of properties and of events.
    (@each $mode:ident $($rest:tt)*) => {
        $crate::conformance_tests! {
            @$mode
            [
                bounded_and_aligned
                exclusive
                conserved
                exact_exhaustion
                bulk_is_all_or_nothing
                initialised
                zeroed_on_release
                lent_when_handed_out
                checked_free
                bulk_free_is_all_or_nothing
                pools_do_not_mix
                agrees_with_the_model
                no_block_is_shared
                no_block_is_shared_when_reused
                bulk_transfers_conserve
                no_alloc_fails_within_its_share
                blocks_of_an_idle_thread_are_not_stranded
                blocks_of_an_ended_thread_come_back
                one_of_two_racing_frees_succeeds
                a_right_free_is_never_refused
                available_never_over_reports
                owned_blocks_keep_the_pool
                the_last_of_racing_owners_frees_the_pool
            ]
            [
                double_free_at_once
                double_free_delayed
                double_free_after_other_frees
                double_free_across_threads
                foreign_pointer_on_the_stack
                foreign_pointer_on_the_heap
                foreign_pointer_of_another_pool
                foreign_pointer_near
                foreign_pointer_far
                interior_pointer
                misaligned_pointer
                one_past_the_end
                before_the_base
                never_allocated_block
                block_owned_by_a_live_handle
                block_held_without_a_mark
                capacity_of_1
                capacity_of_2
                capacity_of_63
                capacity_of_64
                capacity_of_65
                capacity_beyond_16_bits
                exhaustion_then_recovery_to_the_exact_count
                thread_ends_with_cached_blocks
                thread_ends_while_others_are_at_exhaustion
                frees_from_a_thread_local_destructor
                panic_while_a_thread_holds_handles
                handle_that_is_forgotten
                producer_is_not_starved_by_its_consumer
            ]
            $($rest)*
        }
    };
    (@calls [$($property:ident)*] [$($event:ident)*] $factory:expr) => {
        $($crate::conformance::$property($factory);)*
        $($crate::conformance::events::$event($factory);)*
    };
    (@names [$($property:ident)*] [$($event:ident)*]) => {
        [$(::core::stringify!($property),)* $(::core::stringify!($event)),*]
    };
    (@tests [$($property:ident)*] [$($event:ident)*] $name:ident, $factory:expr) => {
        mod $name {
            #[allow(unused_imports, reason = "the factory may name everything in full")]
            use super::*;
            $(
                #[::core::prelude::v1::test]
                fn $property() {
                    $crate::conformance::$property(&$factory);
                }
            )*
            $(
                #[::core::prelude::v1::test]
                fn $event() {
                    $crate::conformance::events::$event(&$factory);
                }
            )*
        }
    };
}
