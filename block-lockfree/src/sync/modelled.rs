//! The atomics of loom or shuttle, and cells that report an access by a thread that must not use
//! them.

use block_core::{Region, RegionError};
use core::cell::Cell;
use core::ptr::NonNull;

use block_core::models::{UnsafeCell, thread};
#[cfg(block_loom)]
use loom::thread_local;
#[cfg(block_shuttle)]
use shuttle::thread_local;

pub(crate) use block_core::models::sync::atomic::{Ordering, fence};
pub(crate) use block_core::models::{AtomicU32, AtomicU64, AtomicUsize};
pub(crate) use core::sync::atomic::{
    AtomicU32 as StaticU32, AtomicUsize as CountUsize, AtomicUsize as StaticUsize,
};

/// Does nothing: models do not reorder within a thread.
pub(crate) fn compiler_fence(_order: Ordering) {}

/// A `Vec`, because modelled atomics are not plain memory.
pub(crate) type Table<T> = std::vec::Vec<T>;

pub(crate) const fn no_table<T>() -> Table<T> {
    Table::new()
}

pub(crate) fn table<T: Default>(region: &Region) -> Result<Table<T>, RegionError> {
    table_for(region, region.layout().capacity())
}

pub(crate) fn table_for<T: Default>(_region: &Region, len: usize) -> Result<Table<T>, RegionError> {
    Ok((0..len).map(|_| T::default()).collect())
}

/// Like the real one, but reports a wrong access as a race.
pub(crate) struct LateInit<T>(UnsafeCell<Option<T>>);

impl<T> LateInit<T> {
    pub(crate) fn new() -> Self {
        Self(UnsafeCell::new(None))
    }

    pub(crate) unsafe fn set(&self, value: T) {
        // SAFETY: the cell reports it if another thread reads or writes.
        self.0.with_mut(|it| unsafe { *it = Some(value) });
    }

    pub(crate) unsafe fn get(&self) -> &T {
        // SAFETY: the cell reports it if another thread writes.
        self.0.with(|it| unsafe { (*it).as_ref().expect("a value was written") })
    }

    pub(crate) unsafe fn drop_in_place(&mut self) {}
}

/// Like the real one, but reports a wrong access as a race.
#[derive(Debug)]
pub(crate) struct BlockArray<const N: usize>(std::vec::Vec<UnsafeCell<Option<NonNull<u8>>>>);

impl<const N: usize> Default for BlockArray<N> {
    fn default() -> Self {
        Self((0..N).map(|_| UnsafeCell::new(None)).collect())
    }
}

impl<const N: usize> BlockArray<N> {
    pub(crate) unsafe fn get(&self, position: usize) -> NonNull<u8> {
        // SAFETY: the cell reports it if another thread uses it.
        self.0[position].with(|block| unsafe { (*block).expect("an address was written") })
    }

    pub(crate) unsafe fn set(&self, position: usize, block: NonNull<u8>) {
        // SAFETY: the cell reports it if another thread uses it.
        self.0[position].with_mut(|it| unsafe { *it = Some(block) })
    }

    pub(crate) unsafe fn copy_to<const M: usize>(
        &self,
        from: usize,
        other: &BlockArray<M>,
        to: usize,
        count: usize,
    ) {
        for step in 0..count {
            // SAFETY: as in `get` and `set`.
            unsafe { other.set(to + step, self.get(from + step)) };
        }
    }

    pub(crate) unsafe fn read(&self, from: usize, out: &mut [Option<NonNull<u8>>]) {
        for (step, entry) in out.iter_mut().enumerate() {
            // SAFETY: as in `get`.
            *entry = Some(unsafe { self.get(from + step) });
        }
    }

    pub(crate) unsafe fn write(&self, to: usize, blocks: &[Option<NonNull<u8>>]) {
        for (step, block) in blocks.iter().enumerate() {
            // SAFETY: as in `set`.
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
