//! Atomics whose weak compare-and-swap is weak: it may fail though the word is the expected one, as
//! on processors that have no other kind. Those of loom and shuttle never do.
//!
//! Under loom the next one of a thread fails when [`fail_next_swap`] says so; under shuttle each
//! fails with a probability of one eighth, drawn from the schedule's own source, so that a schedule
//! replays.

use core::ops::Deref;

use super::sync::atomic::{self, Ordering};

#[cfg(block_loom)]
loom::thread_local! {
    static FAILS_NEXT: core::cell::Cell<bool> = core::cell::Cell::new(false);
}

/// Makes the calling thread's next weak compare-and-swap fail by itself; under shuttle any may
/// anyway.
pub fn fail_next_swap() {
    #[cfg(block_loom)]
    FAILS_NEXT.with(|fails| fails.set(true));
}

#[cfg(block_loom)]
fn fails_by_itself() -> bool {
    FAILS_NEXT.with(|fails| fails.replace(false))
}

#[cfg(block_loom)]
std::thread_local! {
    static IS_TRACKED: core::cell::Cell<bool> = const { core::cell::Cell::new(false) };
}

#[cfg(block_loom)]
loom::lazy_static! {
    /// Stands for the memory that the tracked atomics lie in.
    static ref MEMORY: super::UnsafeCell<()> = super::UnsafeCell::new(());
}

/// Sets whether each access to an atomic of this module counts as an access to one common memory,
/// which [`free_memory`] frees.
#[cfg(block_loom)]
pub fn track_memory(is_tracked: bool) {
    IS_TRACKED.set(is_tracked);
}

/// Frees the common memory. loom reports every tracked access that does not happen before this.
#[cfg(block_loom)]
pub fn free_memory() {
    MEMORY.with_mut(|_| ());
}

/// Notes an access that is about to be made. Before it, since the access itself may be the last
/// step before another thread frees the memory.
fn touch() {
    #[cfg(block_loom)]
    if IS_TRACKED.get() {
        MEMORY.with(|_| ());
    }
}

#[cfg(block_shuttle)]
fn fails_by_itself() -> bool {
    use shuttle::rand::{Rng, thread_rng};
    thread_rng().gen_ratio(1, 8)
}

// Everything that a modelled atomic can do, and two operations in place of its own.
macro_rules! weak {
    ($($name:ident: $value:ty),*) => {$(
        /// As its namesake, with weak operations that are weak.
        #[derive(Debug, Default)]
        pub struct $name(atomic::$name);

        impl $name {
            /// Holds a value.
            pub fn new(value: $value) -> Self {
                Self(atomic::$name::new(value))
            }

            /// As its namesake.
            pub fn compare_exchange_weak(
                &self,
                expected: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                if fails_by_itself() {
                    return Err(self.0.load(failure));
                }
                self.compare_exchange(expected, new, success, failure)
            }

            /// As its namesake.
            pub fn load(&self, order: Ordering) -> $value {
                touch();
                self.0.load(order)
            }

            /// As its namesake.
            pub fn store(&self, value: $value, order: Ordering) {
                touch();
                self.0.store(value, order);
            }

            /// As its namesake.
            pub fn fetch_max(&self, value: $value, order: Ordering) -> $value {
                touch();
                self.0.fetch_max(value, order)
            }

            /// As its namesake.
            pub fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                touch();
                self.0.fetch_add(value, order)
            }

            /// As its namesake.
            pub fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                touch();
                self.0.fetch_sub(value, order)
            }

            /// As its namesake.
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                touch();
                self.0.swap(value, order)
            }

            /// As its namesake.
            pub fn compare_exchange(
                &self,
                expected: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                touch();
                self.0.compare_exchange(expected, new, success, failure)
            }

            /// As its namesake, which is a loop around a weak compare-and-swap.
            pub fn fetch_update(
                &self,
                success: Ordering,
                failure: Ordering,
                mut update: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut word = self.load(failure);
                while let Some(new) = update(word) {
                    match self.compare_exchange_weak(word, new, success, failure) {
                        Ok(before) => return Ok(before),
                        Err(current) => word = current,
                    }
                }
                Err(word)
            }
        }

        impl Deref for $name {
            type Target = atomic::$name;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    )*};
}

weak!(AtomicU32: u32, AtomicU64: u64, AtomicUsize: usize);
