//! What is waited for is a pool like any other.

use block_core::conformance::Factory;
use block_core::wait::Waiting;
use block_core::{BlockAlloc, Region};

use crate::support::Pool;

fn waiting(region: Region) -> Box<Waiting<Pool>> {
    Box::new(Waiting::new(Pool::over(region)))
}

block_core::conformance_tests! {
    a_pool_that_is_waited_for,
    // SAFETY: nothing else uses the pools.
    unsafe { Factory::new(waiting) }
}
block_core::conformance_tests! {
    one_of_a_backend_chosen_at_run_time,
    // SAFETY: nothing else uses the pools.
    unsafe { Factory::new(|region| waiting(region) as Box<Waiting<dyn BlockAlloc>>) }
}
