//! What only magazines need: plain memory that threads use in turn, and waiting.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use std::time::Duration;

pub(crate) use crate::thread::set_busy;

/// Plain memory for `N` block addresses. The protocol of its users decides which thread may use it.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct BlockArray<const N: usize>(UnsafeCell<[MaybeUninit<NonNull<u8>>; N]>);

// No code unwinds while it uses the memory.
impl<const N: usize> core::panic::RefUnwindSafe for BlockArray<N> {}

impl<const N: usize> BlockArray<N> {
    #[inline]
    fn pointer(&self, position: usize) -> *mut NonNull<u8> {
        debug_assert!(position <= N);
        self.0.get().cast::<NonNull<u8>>().wrapping_add(position)
    }

    /// # Safety
    ///
    /// The caller may use the memory, `position < N`, and an address was written there.
    #[inline]
    pub(crate) unsafe fn get(&self, position: usize) -> NonNull<u8> {
        // SAFETY: in bounds, initialised, and used by no other thread, by the contract.
        unsafe { self.pointer(position).read() }
    }

    /// # Safety
    ///
    /// The caller may use the memory, and `position < N`.
    #[inline]
    pub(crate) unsafe fn set(&self, position: usize, block: NonNull<u8>) {
        // SAFETY: in bounds, and used by no other thread, by the contract.
        unsafe { self.pointer(position).write(block) }
    }

    /// Copies `count` addresses to another array.
    ///
    /// # Safety
    ///
    /// The caller may use both arrays, both ranges are in bounds, and addresses were written in the
    /// first.
    #[inline]
    pub(crate) unsafe fn copy_to<const M: usize>(
        &self,
        from: usize,
        other: &BlockArray<M>,
        to: usize,
        count: usize,
    ) {
        // SAFETY: in bounds by the contract; two distinct objects do not overlap.
        unsafe { other.pointer(to).copy_from_nonoverlapping(self.pointer(from), count) }
    }

    /// Copies one address into each entry of `out`.
    ///
    /// # Safety
    ///
    /// The caller may use the memory, `from + out.len() <= N`, and addresses were written there.
    #[inline]
    pub(crate) unsafe fn read(&self, from: usize, out: &mut [Option<NonNull<u8>>]) {
        // An `Option<NonNull>` has the layout of the `NonNull` in it.
        let out_start = out.as_mut_ptr().cast::<NonNull<u8>>();
        // SAFETY: in bounds by the contract; a borrowed slice does not overlap the cell.
        unsafe { out_start.copy_from_nonoverlapping(self.pointer(from), out.len()) }
    }

    /// Copies the addresses of entries that are all `Some`.
    ///
    /// # Safety
    ///
    /// The caller may use the memory, `to + blocks.len() <= N`, and every entry is `Some`.
    #[inline]
    pub(crate) unsafe fn write(&self, to: usize, blocks: &[Option<NonNull<u8>>]) {
        let start = blocks.as_ptr().cast::<NonNull<u8>>();
        // SAFETY: in bounds by the contract; a `Some` has the layout of the address in it;
        // a borrowed slice does not overlap the cell.
        unsafe { self.pointer(to).copy_from_nonoverlapping(start, blocks.len()) }
    }
}

/// Memory for one value that is written later.
pub(crate) struct LateInit<T>(UnsafeCell<MaybeUninit<T>>);

// No code unwinds while a value is written.
impl<T: core::panic::RefUnwindSafe> core::panic::RefUnwindSafe for LateInit<T> {}

impl<T> LateInit<T> {
    pub(crate) const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// # Safety
    ///
    /// No other thread reads or writes.
    pub(crate) unsafe fn set(&self, value: T) {
        // SAFETY: by the contract.
        unsafe { (*self.0.get()).write(value) };
    }

    /// # Safety
    ///
    /// A value was written, and none is written while the reference lives.
    pub(crate) unsafe fn get(&self) -> &T {
        // SAFETY: by the contract.
        unsafe { (*self.0.get()).assume_init_ref() }
    }

    /// # Safety
    ///
    /// A value was written, and is not used any more.
    pub(crate) unsafe fn drop_in_place(&mut self) {
        // SAFETY: by the contract.
        unsafe { self.0.get_mut().assume_init_drop() };
    }
}

/// Waits a little, longer with each round: first it spins, then it yields to other threads, then it
/// sleeps.
pub(crate) fn wait(round: u32) {
    match round {
        0..64 => core::hint::spin_loop(),
        64..256 => std::thread::yield_now(),
        _ => std::thread::sleep(Duration::from_micros(50)),
    }
}
