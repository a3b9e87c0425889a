//! The property suite: what every backend must do, as functions that a test calls.
//!
//! Each function protects one of the [invariants](crate#invariants), tries a backend on many
//! layouts, and panics with the number of the invariant, what was expected and found, the layout
//! and the seed when it does not hold. It is given a constructor: the suite makes the [`Region`],
//! the constructor makes a pool over it, behind any pointer (`Box<A>`, `Arc<A>`,
//! `Box<dyn BlockAlloc>`).
//!
//! | invariant | one user | many threads |
//! |---|---|---|
//! | 1 exclusive | [`exclusive`], [`pools_do_not_mix`] | [`no_block_is_shared`] |
//! | 2 conserved | [`conserved`], [`bulk_is_all_or_nothing`] | [`bulk_transfers_conserve`], [`available_never_over_reports`] |
//! | 3 exact exhaustion | [`exact_exhaustion`] | [`no_alloc_fails_within_its_share`], [`blocks_of_an_idle_thread_are_not_stranded`], [`blocks_of_an_ended_thread_come_back`] |
//! | 4 bounded and aligned | [`bounded_and_aligned`] | |
//! | 5 checked free | [`checked_free`], [`bulk_free_is_all_or_nothing`] | [`one_of_two_racing_frees_succeeds`], [`a_right_free_is_never_refused`] |
//! | 6 initialised | [`initialised`], [`zeroed_on_release`] | |
//! | all at once | [`agrees_with_the_model`] | |
//!
//! To test a backend, name it and its constructor in a test of its crate, with `block-core`'s
//! feature `conformance` among the dev-dependencies: [`conformance_tests!`](crate::conformance_tests)
//! makes one test of each property, [`check_all`] runs them in a row. How to write a backend:
//! [`writing_a_backend`].
//!
//! Random choices come from a fixed seed; `CONFORMANCE_SEED=<number>` in the environment makes
//! others. How threads interleave is the system's business, so a fault between threads is found
//! with high probability only, and then not always at the same step. A call that never comes back
//! ends the process, after five minutes.
//!
//! The suite finds broken promises; it proves none kept. It writes to what the pool hands out, once
//! the pointer is seen to be a block of the region.
//!
//! # Examples
//!
//! In `tests/conformance.rs` of a backend's crate:
//!
//! ```
//! # use block_core::{BlockAlloc, Region};
//! # struct MyPool(Region);
//! # unsafe impl BlockAlloc for MyPool {
//! #     fn region(&self) -> &Region { &self.0 }
//! #     fn acquire(&self) -> Option<std::ptr::NonNull<u8>> { None }
//! #     unsafe fn release(&self, _: std::ptr::NonNull<u8>) {}
//! #     fn available(&self) -> usize { 0 }
//! # }
//! # impl MyPool { fn from_region(region: Region) -> Self { Self(region) } }
//! block_core::conformance_tests! { plain, |region| Box::new(MyPool::from_region(region)) }
//! block_core::conformance_tests! {
//!     behind_a_trait_object,
//!     |region| Box::new(MyPool::from_region(region)) as Box<dyn BlockAlloc>
//! }
//! ```

//!
//! One property alone, while looking for what breaks it; each of them is called like this:
//!
//! ```
//! # use block_core::{BlockAlloc, BlockIndex, Region};
//! # use std::{ptr::NonNull, sync::Mutex};
//! # struct MyPool(Region, Mutex<Vec<BlockIndex>>);
//! # // SAFETY: the lock gives each number to one holder at a time; `release` scrubs.
//! # unsafe impl BlockAlloc for MyPool {
//! #     fn region(&self) -> &Region { &self.0 }
//! #     fn acquire(&self) -> Option<NonNull<u8>> {
//! #         self.1.lock().unwrap().pop().map(|index| self.0.block(index))
//! #     }
//! #     unsafe fn release(&self, block: NonNull<u8>) {
//! #         unsafe { self.0.scrub(block) };
//! #         self.1.lock().unwrap().push(unsafe { self.0.index_of(block) });
//! #     }
//! #     fn available(&self) -> usize { self.1.lock().unwrap().len() }
//! # }
//! # impl MyPool {
//! #     fn from_region(region: Region) -> Self {
//! #         let numbers = (0..region.layout().capacity()).map(BlockIndex::new).collect();
//! #         Self(region, Mutex::new(numbers))
//! #     }
//! # }
//! block_core::conformance::zeroed_on_release(&|region| Box::new(MyPool::from_region(region)));
//! ```

mod bad;
mod bag;
mod bytes;
mod frees;
mod held;
mod keeper;
mod layouts;
mod leaving;
mod model;
mod racing;
mod random;
mod sequential;
mod sharing;
mod threads;
mod verdict;
pub mod writing_a_backend;

use core::ops::Deref;

use crate::{BlockAlloc, Region};

pub use frees::{bulk_free_is_all_or_nothing, checked_free};
pub use leaving::{
    blocks_of_an_ended_thread_come_back, blocks_of_an_idle_thread_are_not_stranded,
    pools_do_not_mix,
};
pub use model::agrees_with_the_model;
pub use racing::{
    a_right_free_is_never_refused, available_never_over_reports, one_of_two_racing_frees_succeeds,
};
pub use sequential::{
    bounded_and_aligned, bulk_is_all_or_nothing, conserved, exact_exhaustion, exclusive,
    initialised, zeroed_on_release,
};
pub use sharing::{bulk_transfers_conserve, no_alloc_fails_within_its_share, no_block_is_shared};

/// Runs every property in a row; a few seconds without optimisation.
///
/// # Panics
///
/// At the first one that does not hold.
///
/// # Examples
///
/// Also the last line of [`writing_a_backend`].
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// block_core::conformance::check_all(&|region| Box::new(Pool::over(region)));
/// ```
pub fn check_all<P>(make: &impl Fn(Region) -> P)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    crate::conformance_tests! { @each calls make }
}

/// One `#[test]` for each property, in a module of the given name, on the pools that the
/// constructor makes.
///
/// The constructor is an expression, a closure or the path of a function, that takes a
/// [`Region`](crate::Region) and returns a pointer to a pool; see
/// [`conformance`](crate::conformance).
///
/// # Examples
///
/// ```
/// # use block_core::{BlockAlloc, Region};
/// # fn my_pool(region: Region) -> Box<dyn BlockAlloc> { unimplemented!() }
/// block_core::conformance_tests! { my_backend, my_pool }
/// ```
#[macro_export]
macro_rules! conformance_tests {
    ($name:ident, $make:expr $(,)?) => {
        $crate::conformance_tests! { @each tests $name, $make }
    };
    // The list of properties, which stands here alone.
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
                checked_free
                bulk_free_is_all_or_nothing
                pools_do_not_mix
                agrees_with_the_model
                no_block_is_shared
                bulk_transfers_conserve
                no_alloc_fails_within_its_share
                blocks_of_an_idle_thread_are_not_stranded
                blocks_of_an_ended_thread_come_back
                one_of_two_racing_frees_succeeds
                a_right_free_is_never_refused
                available_never_over_reports
            ]
            $($rest)*
        }
    };
    (@calls [$($property:ident)*] $make:expr) => {
        $($crate::conformance::$property($make);)*
    };
    (@tests [$($property:ident)*] $name:ident, $make:expr) => {
        mod $name {
            #[allow(unused_imports, reason = "the constructor may name everything in full")]
            use super::*;
            $(
                #[test]
                fn $property() {
                    $crate::conformance::$property(&$make);
                }
            )*
        }
    };
}
