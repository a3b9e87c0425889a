//! Where shared state comes from: the real atomics and cells, or those of loom, when orderings are
//! checked, or of shuttle, when long schedules are; and the real ones counted, when it is counted how
//! often threads meet. No file outside this folder names any of them.

#[cfg(all(block_counting, not(any(loom, shuttle))))]
mod counted;
#[cfg(any(loom, shuttle))]
mod modelled;
#[cfg(not(any(loom, shuttle)))]
mod real;
#[cfg(all(feature = "std", not(any(loom, shuttle))))]
mod threads;

#[cfg(any(loom, shuttle))]
pub(crate) use self::modelled::*;
#[cfg(not(any(loom, shuttle)))]
pub(crate) use self::real::*;

/// A function that is `const`; but not in models, whose atomics are made at run time.
macro_rules! const_outside_models {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        $(#[$attribute])* #[cfg(not(any(loom, shuttle)))] $visibility const fn $($rest)*
        $(#[$attribute])* #[cfg(any(loom, shuttle))] $visibility fn $($rest)*
    };
}
pub(crate) use const_outside_models;

/// Keeps what every thread writes on cache lines of its own; two lines, because processors fetch
/// them in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Alone<T>(pub(crate) T);
