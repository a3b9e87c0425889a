//! The real atomics in the counting build. Every read-modify-write is counted, whether it succeeds
//! or not, since both move the cache line. An operation that is not listed here does not compile.
//!
//! All of them are on lines that every thread writes. Thread numbers are not counted: a thread gets
//! one once in its life.

use core::sync::atomic::{self, Ordering};

use block_core::backend::ZeroIsValid;
use block_core::counting;

macro_rules! counted {
    ($name:ident: $real:ty, $value:ty;
        $($operation:ident($($argument:ident: $kind:ty),*) -> $answer:ty),*) => {
        #[derive(Debug)]
        #[repr(transparent)]
        pub(crate) struct $name($real);

        impl $name {
            pub(crate) const fn new(value: $value) -> Self {
                Self(<$real>::new(value))
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                self.0.load(order)
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                self.0.store(value, order);
            }

            $(pub(crate) fn $operation(&self, $($argument: $kind),*) -> $answer {
                counting::shared(1);
                self.0.$operation($($argument),*)
            })*
        }
    };
}

counted!(AtomicU32: atomic::AtomicU32, u32;
    compare_exchange(expected: u32, new: u32, success: Ordering, failure: Ordering)
        -> Result<u32, u32>,
    swap(value: u32, order: Ordering) -> u32,
    fetch_add(value: u32, order: Ordering) -> u32);

counted!(AtomicUsize: atomic::AtomicUsize, usize;
    fetch_max(value: usize, order: Ordering) -> usize,
    fetch_add(value: usize, order: Ordering) -> usize,
    fetch_sub(value: usize, order: Ordering) -> usize);

counted!(AtomicU64: portable_atomic::AtomicU64, u64;
    compare_exchange_weak(expected: u64, new: u64, success: Ordering, failure: Ordering)
        -> Result<u64, u64>);

// SAFETY: an integer, for which zero is valid; no destructor.
unsafe impl ZeroIsValid for AtomicU32 {}
// SAFETY: an integer, for which zero is valid; no destructor.
unsafe impl ZeroIsValid for AtomicUsize {}
