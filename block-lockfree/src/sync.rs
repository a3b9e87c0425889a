//! Where shared state comes from: the real atomics and cells, or those of loom, when orderings are
//! checked, or of shuttle, when long schedules are; and the real ones counted, when it is counted how
//! often threads meet. No file outside this folder names any of them.

#[cfg(all(block_counting, not(any(block_loom, block_shuttle))))]
mod counted;
#[cfg(any(block_loom, block_shuttle))]
mod modelled;
#[cfg(not(any(block_loom, block_shuttle)))]
mod real;
#[cfg(all(feature = "std", not(any(block_loom, block_shuttle))))]
mod threads;

#[cfg(any(block_loom, block_shuttle))]
pub(crate) use self::modelled::*;
#[cfg(not(any(block_loom, block_shuttle)))]
pub(crate) use self::real::*;

/// A function that is `const`; but not in models, whose atomics are made at run time.
macro_rules! const_outside_models {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        $(#[$attribute])* #[cfg(not(any(block_loom, block_shuttle)))] $visibility const fn $($rest)*
        $(#[$attribute])* #[cfg(any(block_loom, block_shuttle))] $visibility fn $($rest)*
    };
}
pub(crate) use const_outside_models;

/// Keeps what every thread writes on cache lines of its own; two lines, because processors fetch
/// them in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct CachePadded<T>(pub(crate) T);
