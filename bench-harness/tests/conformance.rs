//! The conformance suite on the pools that the harness adds, and on one of them behind the trait object.

use bench_harness::peers::array_queue::ArrayQueueAlloc;
use bench_harness::peers::seg_queue::SegQueueAlloc;
use block_core::conformance::Factory;
use block_core::{BlockAlloc, Region};

fn array_queue_pool(region: Region) -> Box<ArrayQueueAlloc> {
    Box::new(ArrayQueueAlloc::from_region(region).expect("it refuses no region"))
}

fn seg_queue_pool(region: Region) -> Box<SegQueueAlloc> {
    Box::new(SegQueueAlloc::from_region(region).expect("it refuses no region"))
}

block_core::conformance_tests! {
    array_queue,
    // SAFETY: nothing else uses the pools.
    unsafe { Factory::new(array_queue_pool) }
}
block_core::conformance_tests! {
    seg_queue,
    // SAFETY: nothing else uses the pools.
    unsafe { Factory::new(seg_queue_pool) }
}
// What stands between a trait object and a pool is the same for either queue.
block_core::conformance_tests! {
    array_queue_as_trait_object,
    // SAFETY: nothing else uses the pools.
    unsafe { Factory::new(|region| array_queue_pool(region) as Box<dyn BlockAlloc>) }
}
