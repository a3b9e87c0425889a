//! Where shared state comes from: the real atomics and cells, or those of loom, when orderings are
//! checked, or of shuttle, when long schedules are. No other file names any of them.

#[cfg(not(any(loom, shuttle)))]
pub(crate) use self::real::*;

#[cfg(any(loom, shuttle))]
pub(crate) use self::modelled::*;

/// Keeps what every thread writes on cache lines of its own; two lines, because processors fetch
/// them in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Alone<T>(pub(crate) T);

#[cfg(not(any(loom, shuttle)))]
mod real {
    use block_core::{Region, RegionError, SideTable, ZeroIsValid};

    pub(crate) use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
    #[cfg(feature = "std")]
    pub(crate) use core::sync::atomic::{compiler_fence, fence};
    // The same instruction as core's where the target has it, a fallback elsewhere.
    pub(crate) use portable_atomic::AtomicU64;

    /// Zeroed entries, committed as they are first touched.
    pub(crate) type Table<T> = SideTable<T>;

    /// One entry for each block of a region.
    pub(crate) fn table<T: ZeroIsValid>(region: &Region) -> Result<Table<T>, RegionError> {
        region.side_table()
    }

    /// `len` entries, of which there may be none.
    #[cfg(feature = "std")]
    pub(crate) fn table_of<T: ZeroIsValid>(len: usize) -> Result<Table<T>, RegionError> {
        SideTable::zeroed(len)
    }

    #[cfg(feature = "std")]
    pub(crate) use self::with_threads::*;

    #[cfg(feature = "std")]
    mod with_threads {
        use core::cell::{Cell, UnsafeCell};
        use core::mem::MaybeUninit;
        use core::ptr::NonNull;
        use std::time::Duration;

        /// Plain memory for `N` block addresses, whose users take turns by a protocol of their own.
        #[derive(Debug)]
        #[repr(transparent)]
        pub(crate) struct Blocks<const N: usize>(UnsafeCell<[MaybeUninit<NonNull<u8>>; N]>);

        impl<const N: usize> Blocks<N> {
            #[inline]
            fn place(&self, position: usize) -> *mut NonNull<u8> {
                debug_assert!(position <= N);
                self.0.get().cast::<NonNull<u8>>().wrapping_add(position)
            }

            /// # Safety
            ///
            /// It is the caller's turn, `position < N`, and an address was written there.
            #[inline]
            pub(crate) unsafe fn get(&self, position: usize) -> NonNull<u8> {
                // SAFETY: in bounds, initialised, and nobody else's turn, by the contract.
                unsafe { self.place(position).read() }
            }

            /// # Safety
            ///
            /// It is the caller's turn, and `position < N`.
            #[inline]
            pub(crate) unsafe fn set(&self, position: usize, block: NonNull<u8>) {
                // SAFETY: in bounds, and nobody else's turn, by the contract.
                unsafe { self.place(position).write(block) }
            }

            /// Copies `count` addresses to another place.
            ///
            /// # Safety
            ///
            /// It is the caller's turn with both, both ranges are in bounds, and addresses were
            /// written in the first.
            #[inline]
            pub(crate) unsafe fn copy_to<const M: usize>(
                &self,
                from: usize,
                other: &Blocks<M>,
                to: usize,
                count: usize,
            ) {
                // SAFETY: in bounds by the contract; two distinct objects do not overlap.
                unsafe { other.place(to).copy_from_nonoverlapping(self.place(from), count) }
            }

            /// Copies addresses out, one for each entry.
            ///
            /// # Safety
            ///
            /// It is the caller's turn, `from + out.len() <= N`, and addresses were written there.
            #[inline]
            pub(crate) unsafe fn read(&self, from: usize, out: &mut [Option<NonNull<u8>>]) {
                // An `Option<NonNull>` has the layout of the `NonNull` in it.
                let out_start = out.as_mut_ptr().cast::<NonNull<u8>>();
                // SAFETY: in bounds by the contract; a borrowed slice does not overlap the cell.
                unsafe { out_start.copy_from_nonoverlapping(self.place(from), out.len()) }
            }

            /// Copies addresses in, from entries that are all `Some`.
            ///
            /// # Safety
            ///
            /// It is the caller's turn, `to + blocks.len() <= N`, and every entry is `Some`.
            #[inline]
            pub(crate) unsafe fn write(&self, to: usize, blocks: &[Option<NonNull<u8>>]) {
                let start = blocks.as_ptr().cast::<NonNull<u8>>();
                // SAFETY: in bounds by the contract; a `Some` has the layout of the address in it;
                // a borrowed slice does not overlap the cell.
                unsafe { self.place(to).copy_from_nonoverlapping(start, blocks.len()) }
            }
        }

        std::thread_local! {
            static BUSY: Cell<bool> = const { Cell::new(false) };
        }

        /// Marks this thread as holding, or waiting for, a lock; answers what it was before.
        pub(crate) fn set_busy(busy: bool) -> bool {
            BUSY.replace(busy)
        }

        /// Waits a little, longer with each round: first on the processor, then for other threads,
        /// then for whoever was stopped in the middle of something.
        pub(crate) fn wait(round: u32) {
            match round {
                0..64 => core::hint::spin_loop(),
                64..256 => std::thread::yield_now(),
                _ => std::thread::sleep(Duration::from_micros(50)),
            }
        }
    }
}

#[cfg(any(loom, shuttle))]
mod modelled {
    use block_core::{Region, RegionError};
    use core::cell::Cell;
    use core::ptr::NonNull;

    #[cfg(shuttle)]
    use self::turns::UnsafeCell;
    #[cfg(loom)]
    use loom::{cell::UnsafeCell, sync::atomic, thread, thread_local};
    #[cfg(shuttle)]
    use shuttle::{sync::atomic, thread, thread_local};

    pub(crate) use self::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

    /// Models reorder nothing within a thread.
    pub(crate) fn compiler_fence(_order: Ordering) {}

    /// Modelled atomics are not plain memory, so each is built on its own.
    pub(crate) type Table<T> = std::vec::Vec<T>;

    pub(crate) fn table<T: Default>(region: &Region) -> Result<Table<T>, RegionError> {
        table_of(region.layout().capacity())
    }

    pub(crate) fn table_of<T: Default>(len: usize) -> Result<Table<T>, RegionError> {
        Ok((0..len).map(|_| T::default()).collect())
    }

    /// As the real one, but a turn taken out of order is a reported race.
    #[derive(Debug)]
    pub(crate) struct Blocks<const N: usize>(std::vec::Vec<UnsafeCell<Option<NonNull<u8>>>>);

    impl<const N: usize> Default for Blocks<N> {
        fn default() -> Self {
            Self((0..N).map(|_| UnsafeCell::new(None)).collect())
        }
    }

    impl<const N: usize> Blocks<N> {
        pub(crate) unsafe fn get(&self, position: usize) -> NonNull<u8> {
            // SAFETY: the cell reports it if it is not the caller's turn.
            self.0[position].with(|block| unsafe { (*block).expect("an address was written") })
        }

        pub(crate) unsafe fn set(&self, position: usize, block: NonNull<u8>) {
            // SAFETY: the cell reports it if it is not the caller's turn.
            self.0[position].with_mut(|place| unsafe { *place = Some(block) })
        }

        pub(crate) unsafe fn copy_to<const M: usize>(
            &self,
            from: usize,
            other: &Blocks<M>,
            to: usize,
            count: usize,
        ) {
            for step in 0..count {
                // SAFETY: as for each of them.
                unsafe { other.set(to + step, self.get(from + step)) };
            }
        }

        pub(crate) unsafe fn read(&self, from: usize, out: &mut [Option<NonNull<u8>>]) {
            for (step, place) in out.iter_mut().enumerate() {
                // SAFETY: as for `get`.
                *place = Some(unsafe { self.get(from + step) });
            }
        }

        pub(crate) unsafe fn write(&self, to: usize, blocks: &[Option<NonNull<u8>>]) {
            for (step, block) in blocks.iter().enumerate() {
                // SAFETY: as for `set`.
                unsafe { self.set(to + step, block.expect("every entry is `Some`")) };
            }
        }
    }

    thread_local! {
        static BUSY: Cell<bool> = Cell::new(false);
    }

    pub(crate) fn set_busy(busy: bool) -> bool {
        BUSY.with(|flag| flag.replace(busy))
    }

    pub(crate) fn wait(_round: u32) {
        thread::yield_now();
    }

    /// shuttle has no cells. These tell when another thread comes in the middle of an access.
    #[cfg(shuttle)]
    mod turns {
        use shuttle::sync::atomic::{AtomicBool, Ordering};

        #[derive(Debug)]
        pub(super) struct UnsafeCell<T> {
            busy: AtomicBool,
            value: core::cell::UnsafeCell<T>,
        }

        impl<T> UnsafeCell<T> {
            pub(super) fn new(value: T) -> Self {
                Self { busy: AtomicBool::new(false), value: core::cell::UnsafeCell::new(value) }
            }

            pub(super) fn with_mut<R>(&self, access: impl FnOnce(*mut T) -> R) -> R {
                // Both steps on the flag let other threads run.
                assert!(!self.busy.swap(true, Ordering::SeqCst), "a turn out of order");
                let result = access(self.value.get());
                self.busy.store(false, Ordering::SeqCst);
                result
            }

            pub(super) fn with<R>(&self, access: impl FnOnce(*const T) -> R) -> R {
                self.with_mut(|value| access(value))
            }
        }
    }
}
