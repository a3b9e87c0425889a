//! Runs the conformance suite on the pool, and on the pool as a trait object.

use block_core::conformance::Factory;
use block_core::wait::Waiting;
use block_core::{BlockAlloc, Region};
use block_mutex::MutexAlloc;

fn pool(region: Region) -> Box<MutexAlloc> {
    Box::new(MutexAlloc::from_region(region).expect("an unused list needs no memory"))
}

block_core::conformance_tests! {
    mutex,
    // SAFETY: nothing else uses the pools.
    unsafe { Factory::new(pool) }
}
block_core::conformance_tests! {
    mutex_as_trait_object,
    // SAFETY: nothing else uses the pools.
    unsafe { Factory::new(|region| pool(region) as Box<dyn BlockAlloc>) }
}
block_core::conformance_tests! {
    mutex_that_is_waited_for,
    // SAFETY: nothing else uses the pools.
    unsafe { Factory::new(|region| Box::new(Waiting::new(*pool(region)))) }
}
