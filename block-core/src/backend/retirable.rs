//! A value that another thread may free while a call on it returns.

use core::cell::UnsafeCell;
use core::fmt;
use core::ops::{Deref, DerefMut};
use core::panic::RefUnwindSafe;

/// A value that may be freed by another thread while a method that borrows it returns.
///
/// A call that frees an owned block can find its pool gone after its last step, see
/// [`BlockAlloc::retire`](crate::BlockAlloc::retire). Rust requires the target of a reference that
/// a function was given to stay allocated until the function returns, except for the bytes inside
/// an [`UnsafeCell`]. This type puts the whole value, padding included, into a cell.
///
/// A backend that can retire wraps in it each part that it borrows as an argument during the last
/// step of a free.
///
/// # Examples
///
/// ```
/// use block_core::backend::Retirable;
///
/// struct Counters {
///     capacity: usize,
/// }
///
/// let counters = Retirable::new(Counters { capacity: 64 });
/// assert_eq!(counters.capacity, 64);
/// ```
#[repr(transparent)]
pub struct Retirable<T: ?Sized>(UnsafeCell<T>);

// SAFETY: it lends its value as a plain field would: shared from `&self`, exclusively from
// `&mut self`.
unsafe impl<T: Sync + ?Sized> Sync for Retirable<T> {}

// As for a plain field.
impl<T: RefUnwindSafe + ?Sized> RefUnwindSafe for Retirable<T> {}

impl<T> Retirable<T> {
    /// Wraps a value.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::backend::Retirable;
    ///
    /// let value = Retirable::new(7);
    /// assert_eq!(*value, 7);
    /// ```
    #[inline]
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// Returns the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::backend::Retirable;
    ///
    /// assert_eq!(Retirable::new(7).into_inner(), 7);
    /// ```
    #[inline]
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: ?Sized> Deref for Retirable<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: an exclusive reference to the value is only made from `&mut self`.
        unsafe { &*self.0.get() }
    }
}

impl<T: ?Sized> DerefMut for Retirable<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }
}

impl<T: fmt::Debug + ?Sized> fmt::Debug for Retirable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
