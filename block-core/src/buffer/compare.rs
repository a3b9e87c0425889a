//! Buffers as the bytes that they are: borrowed, compared, hashed, printed and iterated over.

use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Deref;
use core::slice;

use alloc_crate::string::String;
use alloc_crate::vec::Vec;
use bytes::buf::IntoIter;
use bytes::{Bytes, BytesMut};

use super::{BlockBuf, BlockBytes, PoolRef};

macro_rules! as_bytes {
    ($buffer:ident) => {
        impl<P: PoolRef> AsRef<[u8]> for $buffer<P> {
            #[inline]
            fn as_ref(&self) -> &[u8] {
                self
            }
        }

        impl<P: PoolRef> Borrow<[u8]> for $buffer<P> {
            #[inline]
            fn borrow(&self) -> &[u8] {
                self
            }
        }

        impl<P: PoolRef> fmt::Debug for $buffer<P> {
            /// As a byte string.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "b\"{}\"", self.escape_ascii())
            }
        }

        impl<P: PoolRef> Hash for $buffer<P> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.deref().hash(state);
            }
        }

        impl<P: PoolRef> Eq for $buffer<P> {}

        impl<P: PoolRef> Ord for $buffer<P> {
            fn cmp(&self, other: &Self) -> Ordering {
                self.deref().cmp(other)
            }
        }

        impl<P: PoolRef, Q: PoolRef> PartialEq<BlockBytes<Q>> for $buffer<P> {
            #[inline]
            fn eq(&self, other: &BlockBytes<Q>) -> bool {
                self.deref() == other.deref()
            }
        }

        impl<P: PoolRef, Q: PoolRef> PartialEq<BlockBuf<Q>> for $buffer<P> {
            #[inline]
            fn eq(&self, other: &BlockBuf<Q>) -> bool {
                self.deref() == other.deref()
            }
        }

        impl<P: PoolRef, Q: PoolRef> PartialOrd<BlockBytes<Q>> for $buffer<P> {
            fn partial_cmp(&self, other: &BlockBytes<Q>) -> Option<Ordering> {
                self.deref().partial_cmp(other.deref())
            }
        }

        impl<P: PoolRef, Q: PoolRef> PartialOrd<BlockBuf<Q>> for $buffer<P> {
            fn partial_cmp(&self, other: &BlockBuf<Q>) -> Option<Ordering> {
                self.deref().partial_cmp(other.deref())
            }
        }

        impl<P: PoolRef, T: ?Sized> PartialEq<&T> for $buffer<P>
        where
            Self: PartialEq<T>,
        {
            #[inline]
            fn eq(&self, other: &&T) -> bool {
                *self == **other
            }
        }

        impl<P: PoolRef, const N: usize> PartialEq<[u8; N]> for $buffer<P> {
            #[inline]
            fn eq(&self, other: &[u8; N]) -> bool {
                self.deref() == other
            }
        }

        compare!($buffer, [u8], str, Vec<u8>, String, Bytes, BytesMut);
        compare_borrowed!($buffer, [u8], str);

        impl<P: PoolRef> IntoIterator for $buffer<P> {
            type Item = u8;
            type IntoIter = IntoIter<Self>;

            /// The bytes; those that were taken no longer count.
            fn into_iter(self) -> IntoIter<Self> {
                IntoIter::new(self)
            }
        }

        impl<'a, P: PoolRef> IntoIterator for &'a $buffer<P> {
            type Item = &'a u8;
            type IntoIter = slice::Iter<'a, u8>;

            fn into_iter(self) -> slice::Iter<'a, u8> {
                self.iter()
            }
        }
    };
}

/// Equality with what else is bytes, on either side.
macro_rules! compare {
    ($buffer:ident, $($other:ty),+) => {$(
        impl<P: PoolRef> PartialEq<$other> for $buffer<P> {
            #[inline]
            fn eq(&self, other: &$other) -> bool {
                let other: &[u8] = other.as_ref();
                self.deref() == other
            }
        }

        impl<P: PoolRef> PartialEq<$buffer<P>> for $other {
            #[inline]
            fn eq(&self, other: &$buffer<P>) -> bool {
                *other == *self
            }
        }
    )+};
}

/// Order as well, and equality with a reference on the left.
macro_rules! compare_borrowed {
    ($buffer:ident, $($other:ty),+) => {$(
        impl<P: PoolRef> PartialOrd<$other> for $buffer<P> {
            fn partial_cmp(&self, other: &$other) -> Option<Ordering> {
                let other: &[u8] = other.as_ref();
                self.deref().partial_cmp(other)
            }
        }

        impl<P: PoolRef> PartialEq<$buffer<P>> for &$other {
            #[inline]
            fn eq(&self, other: &$buffer<P>) -> bool {
                **self == *other
            }
        }
    )+};
}

as_bytes!(BlockBuf);
as_bytes!(BlockBytes);

impl<P: PoolRef> AsMut<[u8]> for BlockBuf<P> {
    #[inline]
    fn as_mut(&mut self) -> &mut [u8] {
        self
    }
}
