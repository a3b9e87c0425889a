//! Runs the conformance suite on the pool, and on the pool as a trait object.

use std::sync::Arc;

use block_core::conformance::Factory;
use block_core::{BlockAlloc, Region};
use block_lockfree::LockFreeAlloc;

fn pool(region: Region) -> LockFreeAlloc {
    LockFreeAlloc::from_region(region).expect("there is memory for the links of small pools")
}

block_core::conformance_tests! {
    lock_free_default,
    // SAFETY: nothing else uses the pools.
    unsafe { Factory::new(|region| Box::new(pool(region))) }
}
block_core::conformance_tests! {
    lock_free_without_magazines,
    // SAFETY: nothing else uses the pools.
    unsafe { Factory::new(|region| Arc::new(pool(region).with_magazine(0))) }
}
block_core::conformance_tests! {
    lock_free_as_trait_object,
    // SAFETY: nothing else uses the pools.
    unsafe { Factory::new(|region| Box::new(pool(region)) as Box<dyn BlockAlloc>) }
}
