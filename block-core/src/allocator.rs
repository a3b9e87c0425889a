//! A pool as the memory of other people's containers.
//!
//! A container takes one block for each box, vector or table that it allocates: the allocator has
//! one size to offer, and refuses what does not fit it. Growing and shrinking stay in the block.
//!
//! # Why it owns its pool
//!
//! Whoever holds a [`Block`](crate::Block) may read all of its bytes, because bytes of a block are
//! always initialised (invariant 6). Containers do not keep that up: the padding of a struct and
//! the spare room of a vector are uninitialised memory. So bytes and values must never share a
//! region. A backend alone gives out the blocks of its region, by the contract of [`BlockAlloc`],
//! so one that is owned by value, and is never lent out again, serves containers alone.

mod answer;
mod calls;
#[cfg(feature = "alloc")]
mod shared;

use core::alloc::Layout;
use core::fmt;

use crate::{BlockAlloc, Stats};

#[cfg(feature = "alloc")]
pub use shared::SharedPoolAllocator;

/// A pool that owns its backend and is an allocator for boxes, vectors and maps.
///
/// Containers take it by reference, `&PoolAllocator<A>`. Containers that must outlive every scope
/// take `&'static PoolAllocator<A>`, or a clone of a `SharedPoolAllocator` (feature `alloc`). The
/// backend cannot be taken out again. Use [`Block`](crate::Block) and another pool for bytes.
///
/// # What fits
///
/// An allocation takes one block if its size and alignment are at most those of a block. An
/// allocation of no bytes takes no block. All others fail, also while blocks are free.
///
/// - A vector can fill a block to the last byte. It asks for twice its capacity when it grows,
///   which can fail although one more element would fit: set the capacity when you create it, or
///   use `try_reserve_exact`.
/// - A map that moves to a larger or smaller table needs two blocks at the same time. hashbrown
///   uses the whole length of the allocation, so its first table is as large as a block allows.
///
/// # Errors
///
/// The trait's `AllocError` means that the allocation does not fit a block, or that the pool is
/// exhausted. `Box::try_new_in` and `try_reserve` return it and change nothing. `Vec::push`,
/// `Vec::with_capacity_in`, `HashMap::insert` and `HashMap::shrink_to` do not return it: as with
/// any allocator, they end the program through `handle_alloc_error`.
///
/// # Versions
///
/// The feature `allocator-api2` is for containers that are written against version 0.2 of that
/// crate, such as those of hashbrown 0.17; `allocator-api2-04` is for version 0.4, which `cargo
/// add` installs. Both can be on. The crates are re-exported as `block_core::allocator_api2` and
/// `block_core::allocator_api2_04`, so that a program need not name a version.
///
/// If another crate enables the feature `nightly` of version 0.2, its trait is the unstable one of
/// the standard library. A build then fails with "use of unstable library feature `allocator_api`",
/// unless it has `RUSTFLAGS="--cfg block_nightly"` and a nightly compiler.
///
/// # Examples
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); }
/// # let backend = example::Pool::new(256, 4);
/// use allocator_api2::{boxed::Box, vec::Vec};
/// use block_core::PoolAllocator;
/// use hashbrown::{DefaultHashBuilder, HashMap};
///
/// let pool = PoolAllocator::new(backend); // 4 blocks of 256 bytes
///
/// // A box takes a block, and frees it when it is dropped.
/// let position = Box::try_new_in([1.0, 2.0, 3.0], &pool).unwrap();
/// assert_eq!((position[2], pool.available()), (3.0, 3));
/// drop(position);
/// assert_eq!(pool.available(), 4);
///
/// // A vector grows within its block.
/// let mut samples = Vec::new_in(&pool);
/// samples.try_reserve_exact(2).unwrap();
/// samples.extend([1_u64, 2]);
/// samples.try_reserve_exact(30).unwrap();
/// assert!(samples.try_reserve_exact(31).is_err(), "33 of 8 bytes");
/// assert_eq!((&samples[..], pool.available()), (&[1, 2][..], 3));
///
/// // A map has its table in a block.
/// let mut names = HashMap::with_hasher_in(DefaultHashBuilder::default(), &pool);
/// names.try_reserve(2).unwrap();
/// names.insert(7, "seven");
/// assert_eq!((names[&7], pool.available()), ("seven", 2));
/// # Ok::<(), std::boxed::Box<dyn std::error::Error>>(())
/// ```
///
/// A vector cannot outlive its pool:
///
/// ```compile_fail,E0505
/// # use block_core::{BlockAlloc, PoolAllocator};
/// fn outlive<A: BlockAlloc>(pool: PoolAllocator<A>) {
///     let mut bytes = allocator_api2::vec::Vec::new_in(&pool);
///     bytes.push(1_u8);
///     drop(pool);
///     assert_eq!(bytes[0], 1);
/// }
/// ```
///
/// Safe code cannot read the bytes of a block that a container has used:
///
/// ```compile_fail,E0277
/// # use block_core::{Block, BlockAlloc, PoolAllocator};
/// fn bytes<A: BlockAlloc>(pool: &PoolAllocator<A>) -> u8 {
///     Block::alloc_in(pool).unwrap()[0]
/// }
/// ```
pub struct PoolAllocator<A: ?Sized>(A);

impl<A: BlockAlloc> PoolAllocator<A> {
    /// Takes ownership of a backend.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); }
    /// # let backend = example::Pool::new(64, 4);
    /// use allocator_api2::boxed::Box;
    /// use block_core::PoolAllocator;
    ///
    /// // For the whole program.
    /// let pool: &'static _ = std::boxed::Box::leak(std::boxed::Box::new(PoolAllocator::new(backend)));
    /// let answer = std::thread::spawn(move || Box::try_new_in(42, pool).unwrap());
    /// assert_eq!(*answer.join().unwrap(), 42);
    /// ```
    #[must_use]
    pub const fn new(pool: A) -> Self {
        Self(pool)
    }
}

impl<A: BlockAlloc + ?Sized> PoolAllocator<A> {
    /// Returns the number of blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); }
    /// # let backend = example::Pool::new(100, 4);
    /// let pool = block_core::PoolAllocator::new(backend); // 4 blocks of 100 bytes
    /// assert_eq!(pool.capacity(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn capacity(&self) -> usize {
        self.0.region().layout().capacity()
    }

    /// Returns the number of bytes of a block: the largest allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); }
    /// # let backend = example::Pool::new(100, 4);
    /// let pool = block_core::PoolAllocator::new(backend); // 4 blocks of 100 bytes
    /// assert_eq!(pool.block_size(), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn block_size(&self) -> usize {
        self.0.region().layout().block_size()
    }

    /// Returns the alignment of every block in bytes: the largest of an allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); }
    /// # let backend = example::Pool::new(100, 4);
    /// let pool = block_core::PoolAllocator::new(backend); // 4 blocks of 100 bytes
    /// assert_eq!(pool.align(), 64);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn align(&self) -> usize {
        self.0.region().layout().align()
    }

    /// Returns the number of free blocks, see [`BlockAlloc::available`].
    ///
    /// # Examples
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); }
    /// # let backend = example::Pool::new(100, 4);
    /// let pool = block_core::PoolAllocator::new(backend); // 4 blocks of 100 bytes
    /// assert_eq!(pool.available(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn available(&self) -> usize {
        self.0.available()
    }

    /// Returns the statistics of the pool, see [`BlockAlloc::stats`]. An allocation that does not
    /// fit a block does not count as a failed allocation there.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); }
    /// # let backend = example::Pool::new(100, 4);
    /// use allocator_api2::boxed::Box;
    ///
    /// let pool = block_core::PoolAllocator::new(backend); // 4 blocks of 100 bytes
    /// let _boxed = Box::new_in(7, &pool);
    /// assert_eq!((pool.stats().in_use, pool.stats().available()), (1, 3));
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }

    /// Returns whether an allocation of this layout succeeds while blocks are free.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); }
    /// # let backend = example::Pool::new(100, 4);
    /// # use block_core::PoolAllocator;
    /// use std::alloc::Layout;
    ///
    /// let pool = PoolAllocator::new(backend); // 4 blocks of 100 bytes, aligned to 64
    /// assert!(pool.fits(Layout::array::<u32>(25)?));
    /// assert!(!pool.fits(Layout::array::<u32>(26)?));
    /// assert!(!pool.fits(Layout::from_size_align(1, 128)?));
    /// assert!(pool.fits(Layout::from_size_align(0, 128)?), "no bytes, no block");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn fits(&self, layout: Layout) -> bool {
        let block = self.0.region().layout();
        let is_aligned = layout.align() <= block.align();
        layout.size() == 0 || (layout.size() <= block.block_size() && is_aligned)
    }
}

const _: () = {
    const fn shared_by_threads<T: Send + Sync + ?Sized>() {}
    shared_by_threads::<PoolAllocator<dyn BlockAlloc>>();
};

/// Writes the pool's [`Stats`] in one line.
impl<A: BlockAlloc + ?Sized> fmt::Display for PoolAllocator<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}

impl<A: BlockAlloc + ?Sized> fmt::Debug for PoolAllocator<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stats = self.stats();
        f.debug_struct("PoolAllocator")
            .field("layout", self.0.region().layout())
            .field("available", &stats.available())
            .field("stats", &stats)
            .finish_non_exhaustive()
    }
}
