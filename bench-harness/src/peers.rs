//! The contenders, one file each.
//!
//! # What is not among them
//!
//! The pools of `heapless` cannot do this work. Such a pool is a static that a macro declares, one
//! for each type: there is none for each case, its blocks must be `&'static mut`, and what it was
//! once given it keeps. So a run would find the blocks of all runs before it.

pub mod array_queue;
pub mod bytes_mut;
pub mod control;
pub mod cycle;
pub mod general;
pub mod guarded;
#[cfg(bench_harness_allocators)]
pub mod jemalloc;
pub mod keep;
pub mod lockfree_object_pool;
pub mod mimalloc;
pub mod object_pool;
pub mod opool;
pub mod owned;
pub mod pass;
pub mod paths;
pub mod queue;
pub mod seg_queue;
pub mod sharded_slab;
#[cfg(bench_harness_allocators)]
pub mod snmalloc;
pub mod system;
pub mod vec;
pub mod waiting;
pub mod zeropool;
