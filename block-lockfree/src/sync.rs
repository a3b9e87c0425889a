//! The source of shared state: the real atomics and cells, those of loom or shuttle in models, or
//! real ones that count read-modify-writes. No file outside this folder names any of these.

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

/// Defines a function that is `const`, except in models, whose atomics are created at run time.
macro_rules! const_outside_models {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        $(#[$attribute])* #[cfg(not(any(block_loom, block_shuttle)))] $visibility const fn $($rest)*
        $(#[$attribute])* #[cfg(any(block_loom, block_shuttle))] $visibility fn $($rest)*
    };
}
pub(crate) use const_outside_models;

/// Gives a value that many threads write its own cache lines: two, because processors fetch them in
/// pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct CachePadded<T>(pub(crate) T);
