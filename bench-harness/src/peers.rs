//! The contenders, one file each.

pub mod array_queue;
pub mod cycle;
pub mod paths;
pub mod system;
