//! The conformance suite on the pool that the harness adds, itself and behind the trait object.

use bench_harness::peers::array_queue::ArrayQueueAlloc;
use block_core::{BlockAlloc, Region};

fn pool(region: Region) -> Box<ArrayQueueAlloc> {
    Box::new(ArrayQueueAlloc::from_region(region).expect("it refuses no region"))
}

block_core::conformance_tests! { array_queue, pool }
block_core::conformance_tests! {
    array_queue_as_trait_object,
    |region| pool(region) as Box<dyn BlockAlloc>
}
