//! What tests of the core share: a pool.

mod pool;

pub use pool::Pool;
