//! The contenders, one file each.

pub mod array_queue;
pub mod cycle;
pub mod general;
#[cfg(bench_harness_allocators)]
pub mod jemalloc;
pub mod keep;
pub mod mimalloc;
pub mod pass;
pub mod paths;
pub mod queue;
pub mod seg_queue;
#[cfg(bench_harness_allocators)]
pub mod snmalloc;
pub mod system;
