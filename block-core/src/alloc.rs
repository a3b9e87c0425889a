//! The trait that every backend implements, and the calls that it provides.
//!
//! A block is *allocated raw* if one of the `_raw` calls or
//! [`Block::into_raw`](crate::Block::into_raw) returned it as a pointer. Only such a block has a
//! mark, and only such a block can be freed with `free_raw`.

use core::ptr::NonNull;

use crate::{AllocError, FreeError, Region, Stats};

/// A pool of equal-sized blocks.
///
/// A backend implements four methods: [`region`](Self::region), [`acquire`](Self::acquire),
/// [`release`](Self::release) and [`available`](Self::available). All others are provided. Override
/// the bulk calls if the backend can move several blocks at a time.
///
/// There are three ways to use a pool:
///
/// | way | calls | a wrong free |
/// |---|---|---|
/// | handle | [`BlockAllocExt::alloc`](crate::BlockAllocExt::alloc), [`Block`](crate::Block) | does not compile |
/// | checked raw | [`alloc_raw`](Self::alloc_raw), [`free_raw`](Self::free_raw) | is an error, and nothing changes |
/// | unchecked | [`acquire`](Self::acquire), [`release`](Self::release) | is undefined behaviour |
///
/// # Typed data
///
/// The bytes of a block are initialised when it is allocated, and its user may read all of them
/// (invariant 6). A value that is written through a raw pointer can leave bytes uninitialised: the
/// padding of a struct, the unused bytes of an enum, the contents of a `MaybeUninit`. Freeing such
/// a block would break the contract of the unsafe calls. Do one of these instead:
///
/// - Store typed data through a `PoolAllocator` (feature `allocator-api2`). It owns its pool, and
///   no block of it is ever read as bytes.
/// - Build the region with [`zero_on_release`](crate::RegionOptions::zero_on_release). The pool
///   then writes every byte of a block when the block is freed.
/// - Write every byte before the block is freed: `block.write_bytes(0, pool.block_size())`.
///
/// # Safety
///
/// An implementation keeps invariants 1 to 4 and 6 of the [crate's list](crate#invariants):
///
/// - `region` always returns the same region, also after the pool was moved. No other value hands
///   out blocks of that region, including clones and pools that wrap this one.
/// - `acquire` returns blocks of that region, with the region's own pointers ([`Region::block`]),
///   each to one user at a time. Everything that the last user did to a block happens before the
///   block is returned again.
/// - `acquire` fails only if at some instant during the call every block was allocated.
/// - `release` and `release_bulk` call [`Region::on_release`] for each block.
/// - If the region [is hardened](Region::is_hardened), `acquire` and an override of `acquire_bulk`
///   call [`Region::on_acquire`] for each block that they return. A block that goes from one user
///   to the next in another way goes through `Region::on_release` in between. If a backend never
///   calls `on_acquire`, overruns are not detected; if it calls `on_acquire` for some blocks only,
///   the others are reported as overruns.
/// - No method unwinds.
/// - An override of `acquire_bulk` returns true with every entry `Some`; the blocks are then
///   distinct and as if `acquire` had returned each. Or it returns false with every entry `None`
///   and has taken no block. It does not use the previous contents of the entries.
/// - An override of `release_bulk` does to each block what `release` does, and sets every entry to
///   `None`.
/// - Overrides of `capacity` and `block_size` return the numbers of the region's layout, and
///   overrides of the `_raw` calls reject every pointer that the provided ones reject.
///
/// The `conformance` suite tests all of this.
///
/// # Examples
///
/// A backend is chosen through the trait, at compile time or at run time:
///
/// ```
/// # use block_core::{BlockAlloc, BlockAllocExt, AllocError};
/// fn checksum<A: BlockAlloc>(pool: &A) -> Result<u8, AllocError> {
///     let mut block = pool.alloc()?;
///     block.fill(1);
///     Ok(block.iter().fold(0, |sum, byte| sum ^ byte))
/// }
///
/// fn any(pool: &dyn BlockAlloc) -> Result<usize, AllocError> {
///     Ok(pool.alloc()?.len())
/// }
/// ```
///
/// Each method once, on a pool of four blocks of 64 bytes:
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// # use block_core::{BlockAlloc, FreeError};
/// let pool = Pool::new(64, 4);
/// assert_eq!((pool.capacity(), pool.block_size(), pool.available()), (4, 64, 4));
///
/// // Unchecked.
/// let block = pool.acquire().expect("four are free");
/// assert!(pool.region().locate(block).is_ok());
/// // SAFETY: the block was just acquired and is not used again.
/// unsafe { pool.release(block) };
/// let mut blocks = [None; 3];
/// assert!(pool.acquire_bulk(&mut blocks));
/// // SAFETY: the same for each block.
/// unsafe { pool.release_bulk(&mut blocks) };
///
/// // Raw and checked.
/// let block = pool.alloc_raw()?;
/// // SAFETY: the block is freed once and not used again; the second call fails.
/// unsafe {
///     assert_eq!(pool.free_raw(block), Ok(()));
///     assert_eq!(pool.free_raw(block), Err(FreeError::NotAllocated));
/// }
/// pool.alloc_bulk_raw(&mut blocks)?;
/// // SAFETY: no block is used again.
/// unsafe { pool.free_bulk_raw(&mut blocks)? };
/// assert_eq!((pool.available(), blocks), (4, [None; 3]));
/// assert_eq!(pool.stats().in_use, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub unsafe trait BlockAlloc: Send + Sync {
    /// Returns the region of the pool.
    fn region(&self) -> &Region;

    /// Acquires a block without a mark: the fastest call, whose free is not checked. Returns `None`
    /// if every block was allocated at some instant during the call.
    fn acquire(&self) -> Option<NonNull<u8>>;

    /// Releases a block without a check.
    ///
    /// # Safety
    ///
    /// `block` is a pointer that this pool returned, a copy of one, or the region's own
    /// ([`Region::block`]). A pointer with the same address from elsewhere is not enough, since a
    /// backend may return this very pointer again. The caller has the block, the block has no mark
    /// (it did not come from a `_raw` call), and it is not used afterwards.
    ///
    /// Every byte of the block is initialised, as it was when it was allocated, unless the region
    /// [zeroes on release](Region::zeroes_on_release). See [typed data](BlockAlloc#typed-data).
    unsafe fn release(&self, block: NonNull<u8>);

    /// Returns the number of free blocks. Exact while no other thread is inside a call, otherwise
    /// correct within the blocks that other threads move during this call. Never more than the
    /// capacity.
    fn available(&self) -> usize;

    /// Acquires a block for each entry, or none. Returns true if every entry is `Some`. Otherwise
    /// every entry is `None`, and at some instant during the call too few blocks were free. The
    /// previous contents of the entries are overwritten.
    ///
    /// A call for more blocks than the capacity fails immediately: it takes no block and does not
    /// affect other threads.
    ///
    /// The provided method acquires the blocks one by one and releases them if there are too few.
    /// Meanwhile another thread can find the pool empty. Backends override it.
    #[must_use = "the blocks would be lost"]
    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        if blocks.len() > self.capacity() {
            blocks.fill(None);
            return false;
        }
        for position in 0..blocks.len() {
            blocks[position] = self.acquire();
            if blocks[position].is_none() {
                let (taken, rest) = blocks.split_at_mut(position);
                rest.fill(None);
                // SAFETY: only this call has the blocks, which were just acquired.
                unsafe { self.release_bulk(taken) };
                return false;
            }
        }
        true
    }

    /// Releases all blocks without a check, and sets every entry to `None`.
    ///
    /// # Safety
    ///
    /// Every entry is `Some`, the blocks are distinct, and each fulfils the contract of
    /// [`release`](Self::release).
    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        for block in blocks.iter_mut().filter_map(Option::take) {
            // SAFETY: by this function's contract, which for each block is that of `release`.
            unsafe { self.release(block) };
        }
    }

    /// Returns the statistics of the pool: for logs, for metrics, and to find the right capacity.
    /// Costs as much as [`available`](Self::available) and is not meant for hot paths.
    ///
    /// The numbers of blocks are exact while no other thread is inside a call, otherwise correct
    /// within the blocks that other threads move during this call. Their sum is always the
    /// capacity. The provided method only knows `available`; backends override it.
    fn stats(&self) -> Stats {
        Stats::new(self.region().layout(), self.available())
    }

    /// Returns whether the backend implements [`retire`](Self::retire). The result never changes.
    ///
    /// If not, a `SharedPool` counts a reference per owned block.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::BlockAlloc;
    ///
    /// let pool = Pool::new(64, 4);
    /// assert!(!pool.can_retire(), "a `SharedPool` of it counts a reference per block");
    /// ```
    fn can_retire(&self) -> bool {
        false
    }

    /// Retires a pool whose last owner is gone; for `SharedPool`.
    ///
    /// From this call on the pool returns no block, and it counts the blocks that are still
    /// allocated. Returns true if there are none: then the caller has the pool to itself and frees
    /// it. Otherwise the call that frees the last block returns true from
    /// [`release_owned`](Self::release_owned) or [`release_bulk_owned`](Self::release_bulk_owned),
    /// and its caller frees the pool, possibly before this call returns. Exactly one of all these
    /// calls returns true.
    ///
    /// Returns false as well if the pool cannot retire now, for example in a signal handler that
    /// interrupted a call on the pool. Then no call ever returns true, and the pool is never freed.
    ///
    /// # Implementing
    ///
    /// A backend that returns true from [`can_retire`](Self::can_retire) implements this method and
    /// the two `_owned` calls, and keeps these rules:
    ///
    /// - Everything that any call did to the pool happens before the call that returns true.
    /// - `release` and `release_owned` touch nothing of the backend after the step by which the
    ///   block counts as freed, and likewise for bulk calls: another thread may free the backend
    ///   then.
    /// - During that step and after it no function argument is a reference to any part of the
    ///   backend that is not inside a cell, padding included. Wrap such parts in
    ///   [`Retirable`](crate::backend::Retirable).
    ///
    /// The provided methods are sound for every backend.
    ///
    /// # Safety
    ///
    /// It is called at most once, and only if `can_retire` returns true. No thread is inside a call
    /// on the pool or begins one, except through a block that is allocated.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::{BlockAlloc, SharedPool};
    ///
    /// // The drop of the last owner calls it if the backend can retire.
    /// let pool = SharedPool::new(Pool::new(64, 4));
    /// let block = pool.alloc_owned()?;
    /// drop(pool);
    /// assert_eq!(block.pool().available(), 3);
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    unsafe fn retire(&self) -> bool {
        false
    }

    /// Frees a block like [`release`](Self::release). Returns true if the pool has retired and this
    /// was its last allocated block, see [`retire`](Self::retire). If it returns false, the pool
    /// may have been freed.
    ///
    /// # Safety
    ///
    /// As for [`release`](Self::release).
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::BlockAlloc;
    ///
    /// let pool = Pool::new(64, 4);
    /// let block = pool.acquire().expect("four are free");
    /// // SAFETY: the block was just acquired and is not used again.
    /// assert!(!unsafe { pool.release_owned(block) }, "the pool has not retired");
    /// ```
    #[inline]
    unsafe fn release_owned(&self, block: NonNull<u8>) -> bool {
        // SAFETY: by this function's contract.
        unsafe { self.release(block) };
        false
    }

    /// Frees blocks like [`release_bulk`](Self::release_bulk). Returns the same as
    /// [`release_owned`](Self::release_owned).
    ///
    /// # Safety
    ///
    /// As for [`release_bulk`](Self::release_bulk).
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::BlockAlloc;
    ///
    /// let pool = Pool::new(64, 4);
    /// let mut blocks = [None; 2];
    /// assert!(pool.acquire_bulk(&mut blocks));
    /// // SAFETY: the block was just acquired and is not used again.
    /// assert!(!unsafe { pool.release_bulk_owned(&mut blocks) }, "the pool has not retired");
    /// ```
    #[inline]
    unsafe fn release_bulk_owned(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        // SAFETY: by this function's contract.
        unsafe { self.release_bulk(blocks) };
        false
    }

    /// Returns whether each block of this value counts a reference: for the pool of a lease.
    #[doc(hidden)]
    fn counts_owned_blocks(&self) -> bool {
        false
    }

    /// Returns the number of blocks.
    #[inline]
    fn capacity(&self) -> usize {
        self.region().layout().capacity()
    }

    /// Returns the number of bytes of a block.
    #[inline]
    fn block_size(&self) -> usize {
        self.region().layout().block_size()
    }

    /// Allocates a block as a pointer, for [`free_raw`](Self::free_raw). The pointer is valid for
    /// [`block_size`](Self::block_size) bytes, all initialised.
    ///
    /// If the block is still allocated when the pool is dropped, a debug build (with `std`) reports
    /// it on standard error, with the location of this call. This takes one word per block.
    ///
    /// # Errors
    ///
    /// Returns [`AllocError::Exhausted`] if every block was allocated at some instant during the
    /// call.
    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    fn alloc_raw(&self) -> Result<NonNull<u8>, AllocError> {
        let block = self.acquire().ok_or(AllocError::Exhausted)?;
        let region = self.region();
        // SAFETY: an acquired block is a block of the region (invariant 4).
        region.ledger().mark(unsafe { region.index_of(block) });
        Ok(block)
    }

    /// Frees a raw block after checking it. If several threads free the same block at the same
    /// time, exactly one succeeds.
    ///
    /// # Errors
    ///
    /// Returns [`FreeError::Foreign`], [`FreeError::NotBlockStart`] or [`FreeError::NotAllocated`],
    /// and changes nothing. A stale pointer to a block that was allocated raw again in the meantime
    /// cannot be detected.
    ///
    /// # Safety
    ///
    /// If this succeeds:
    ///
    /// - The caller had the block, and the block is not used afterwards through any copy of the
    ///   pointer. Only the address of `block` matters: any pointer to the start of the block is
    ///   accepted.
    /// - Every byte of the block is initialised, as it was when it was allocated, unless the region
    ///   [zeroes on release](Region::zeroes_on_release). The next user may read all of them. See
    ///   [typed data](BlockAlloc#typed-data).
    #[inline]
    unsafe fn free_raw(&self, block: NonNull<u8>) -> Result<(), FreeError> {
        let region = self.region();
        let index = region.locate(block)?;
        // Clear the mark first: after the release the block belongs to its next user.
        if !region.ledger().take(index) {
            return Err(FreeError::NotAllocated);
        }
        // SAFETY: the mark proves that the block is allocated raw, and only this call cleared it.
        // The caller does not use the block again. The pointer is the region's own, since the
        // caller's may have narrower provenance, and a backend may return it to the next user.
        unsafe { self.release(region.own(block)) };
        Ok(())
    }

    /// Allocates a raw block for each entry, or none.
    ///
    /// # Errors
    ///
    /// Returns [`AllocError::Exhausted`] if too few blocks were free; every entry is `None` then.
    #[cfg_attr(debug_assertions, track_caller)]
    fn alloc_bulk_raw(&self, blocks: &mut [Option<NonNull<u8>>]) -> Result<(), AllocError> {
        if !self.acquire_bulk(blocks) {
            return Err(AllocError::Exhausted);
        }
        let region = self.region();
        for &block in blocks.iter().flatten() {
            // SAFETY: an acquired block is a block of the region (invariant 4).
            region.ledger().mark(unsafe { region.index_of(block) });
        }
        Ok(())
    }

    /// Frees raw blocks, all or none. On success every entry is `None`. Entries that are `None` are
    /// skipped.
    ///
    /// # Errors
    ///
    /// Returns the error of the first entry that [`free_raw`](Self::free_raw) would reject. If
    /// there is none but a block occurs twice, returns [`FreeError::NotAllocated`]. The entries are
    /// unchanged then, and every block is still allocated.
    ///
    /// A rejected call does not affect other threads: it checks all entries before it changes
    /// anything. Two mistakes are only found later: a block that occurs twice, and a block that
    /// another thread frees *during* the call. Until the marks are restored then, the free of a
    /// block of the list by another thread may be rejected, too.
    ///
    /// # Safety
    ///
    /// As for [`free_raw`](Self::free_raw), for each block.
    unsafe fn free_bulk_raw(&self, blocks: &mut [Option<NonNull<u8>>]) -> Result<(), FreeError> {
        let region = self.region();
        for &block in blocks.iter().flatten() {
            if !region.ledger().is_marked(region.locate(block)?) {
                return Err(FreeError::NotAllocated);
            }
        }
        // SAFETY: `locate` has found the block in the region.
        let index_of = |block| unsafe { region.index_of(block) };
        for position in 0..blocks.len() {
            let Some(block) = blocks[position] else { continue };
            // The check above is no proof: another thread or an earlier entry may have cleared the
            // mark.
            if !region.ledger().take(index_of(block)) {
                let taken = blocks[..position].iter().flatten();
                taken.for_each(|&block| region.ledger().put_back(index_of(block)));
                return Err(FreeError::NotAllocated);
            }
            // The same address with the region's own pointer, see `free_raw`.
            blocks[position] = Some(region.own(block));
        }
        for run in blocks.chunk_by_mut(|left, right| left.is_some() == right.is_some()) {
            if run[0].is_some() {
                // SAFETY: every entry of the run is `Some` with the region's own pointer. Only this
                // call cleared their marks, so the blocks are distinct and were allocated raw. The
                // rest is this function's contract.
                unsafe { self.release_bulk(run) };
            }
        }
        Ok(())
    }
}
