//! What every backend does, and what it gets for doing it.
//!
//! Words used here: a block is *held* from the moment that a call hands it out until the moment
//! that it is given back. It is held *raw* if it was handed out as a bare pointer by one of the
//! `_raw` calls or by [`Block::into_raw`](crate::Block::into_raw); only such a block has a mark in the ledger, and only
//! such a block may be given back by `free_raw`.

use core::ptr::NonNull;

use crate::{AllocError, FreeError, Region, Stats};

/// A pool of equal-sized blocks.
///
/// Four methods are a backend: [`region`](Self::region), [`acquire`](Self::acquire),
/// [`release`](Self::release) and [`available`](Self::available). Everything else is provided;
/// the bulk calls are worth overriding where many blocks can move at once.
///
/// Three ways to use a pool, from the safest to the barest:
///
/// | way | calls | a wrong free |
/// |---|---|---|
/// | handle | [`BlockAllocExt::alloc`](crate::BlockAllocExt::alloc), [`Block`](crate::Block) | does not compile |
/// | checked raw | [`alloc_raw`](Self::alloc_raw), [`free_raw`](Self::free_raw) | is an error, and nothing changes |
/// | unchecked | [`acquire`](Self::acquire), [`release`](Self::release) | is undefined behaviour |
///
/// # Typed data
///
/// The bytes of a block are initialised when it is allocated, and its next holder may read all of them
/// (invariant 6). A value that is written through a raw pointer can leave bytes uninitialised: the
/// padding of a struct, the unused bytes of an enum, the contents of a `MaybeUninit`. To free such a
/// block would break the contract of the unsafe calls. Do one of these instead:
///
/// - Store typed data through a `PoolAllocator` (feature `allocator-api2`). It owns its pool, and no
///   block of it is ever read as bytes.
/// - Build the region with [`zero_on_release`](crate::RegionOptions::zero_on_release). The pool then
///   writes every byte of a block when the block is freed.
/// - Write every byte before the block is freed: `block.write_bytes(0, pool.block_size())`.
///
/// # Safety
///
/// An implementation keeps invariants 1 to 4 and 6 of the [crate's list](crate#invariants):
///
/// - `region` returns the same region for the allocator's whole life, moves included, and nothing
///   else gives out blocks of it: no other value of any type, clones and wrapped pools included.
/// - `acquire` returns blocks of that region, by pointers that are the region's own
///   ([`Region::block`]), each to one holder at a time, and what the last holder did to a block happens
///   before it is handed out again.
/// - `acquire` fails only if at some instant during the call every block was held.
/// - `release` and `release_bulk` call [`Region::on_release`] on each block.
/// - if the region [is hardened](Region::is_hardened), `acquire` and an override of `acquire_bulk` call
///   [`Region::on_acquire`] on each block that they hand out, and a block that goes from one holder to the next in
///   another way is scrubbed. (Of a backend that lends no block at all nothing is found; of one that
///   lends some, `scrub` takes the others for overrun.)
/// - none of the methods unwinds.
/// - an override of `acquire_bulk` answers true with every entry `Some`, and then the blocks are
///   distinct and each is held by the caller as if `acquire` had returned it; or false with every
///   entry `None`, and then it has taken nothing. It believes nothing that stood in the entries.
/// - an override of `release_bulk` does to each block what `release` does, and leaves `None`.
/// - `capacity` and `block_size` are not overridden to answer otherwise than the layout of the
///   region, nor are the `_raw` calls overridden to accept what theirs refuse.
///
/// The `conformance` suite tests all of it.
///
/// # Examples
///
/// Choosing a backend through the trait, statically or at run time:
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
/// Each of the methods once, on a pool of four blocks of 64 bytes:
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// # use block_core::{BlockAlloc, FreeError};
/// let pool = Pool::new(64, 4);
/// assert_eq!((pool.capacity(), pool.block_size(), pool.available()), (4, 64, 4));
///
/// // Unchecked: what is released must be right.
/// let block = pool.acquire().expect("four are free");
/// assert!(pool.region().locate(block).is_ok());
/// // SAFETY: acquired just now, and not used again.
/// unsafe { pool.release(block) };
/// let mut blocks = [None; 3];
/// assert!(pool.acquire_bulk(&mut blocks));
/// // SAFETY: the same for each of them.
/// unsafe { pool.release_bulk(&mut blocks) };
///
/// // Raw: what is freed is checked.
/// let block = pool.alloc_raw()?;
/// // SAFETY: freed once, and not used again; the second call must fail.
/// unsafe {
///     assert_eq!(pool.free_raw(block), Ok(()));
///     assert_eq!(pool.free_raw(block), Err(FreeError::NotAllocated));
/// }
/// pool.alloc_bulk_raw(&mut blocks)?;
/// // SAFETY: none of them is used again.
/// unsafe { pool.free_bulk_raw(&mut blocks)? };
/// assert_eq!((pool.available(), blocks), (4, [None; 3]));
/// assert_eq!(pool.stats().in_use, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub unsafe trait BlockAlloc: Send + Sync {
    /// The memory that the blocks come from.
    fn region(&self) -> &Region;

    /// Takes a block, without a record; `None` if every block was held at some instant during the
    /// call. The fastest way, and the one on which nothing is checked later.
    fn acquire(&self) -> Option<NonNull<u8>>;

    /// Gives a block back, without a check.
    ///
    /// # Safety
    ///
    /// `block` is a pointer that this allocator handed out, or a copy of one, or the region's own
    /// ([`Region::block`]); an equal address made in another way is not enough, since a backend may hand
    /// this very pointer out again. The block is
    /// held by the caller, has no mark in the ledger (it did not come from a `_raw` call), and is
    /// not used afterwards.
    ///
    /// Every byte of the block is initialised, as it was when it was allocated, unless the region
    /// [zeroes on release](Region::zeroes_on_release). See [typed data](BlockAlloc#typed-data).
    unsafe fn release(&self, block: NonNull<u8>);

    /// Returns how many blocks are free: exact when no other thread is inside a call. While other
    /// threads are, it may be wrong by the blocks that they move during this call. Never more than the
    /// capacity.
    fn available(&self) -> usize;

    /// Takes as many blocks as `blocks` has entries, or none. True: every entry is `Some`; false:
    /// every entry is `None`, and at some instant during the call too few blocks were free. What
    /// stood in the entries before is overwritten.
    ///
    /// A call for more blocks than the capacity fails immediately: it takes no block, and nothing that
    /// other threads do is disturbed.
    ///
    /// The provided method takes the blocks one by one, and releases them if they do not suffice; a
    /// concurrent call can meanwhile find the pool empty. Backends override it.
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
                // SAFETY: all of them were acquired just now, and are held by this call.
                unsafe { self.release_bulk(taken) };
                return false;
            }
        }
        true
    }

    /// Gives all the blocks back and leaves `None` in every entry, without a check.
    ///
    /// # Safety
    ///
    /// Every entry is `Some`, no block stands twice, and each is as [`release`](Self::release)
    /// demands.
    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        for block in blocks.iter_mut().filter_map(Option::take) {
            // SAFETY: the caller's promise for each block is that of `release`.
            unsafe { self.release(block) };
        }
    }

    /// Where the blocks are, and how near to its limit the pool has been: for logs, metrics, and to find the
    /// right capacity. Takes what [`available`](Self::available) takes: a diagnostic, not for hot paths.
    ///
    /// Places are exact when no other thread is inside a call. While other threads are, each may be wrong
    /// by the blocks that they move during this call; the sum of the places is the capacity at all times.
    /// The provided method knows no more than `available`; backends override it.
    fn stats(&self) -> Stats {
        Stats::new(self.region().layout(), self.available())
    }

    /// Returns whether the backend implements [`retire`](Self::retire). The answer never changes.
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

    /// Ends the life of a pool whose last owner is gone; for `SharedPool`.
    ///
    /// From this call on the pool hands out no block, and it counts the blocks that are still
    /// allocated. Returns true if there are none: then the caller has the pool to itself and frees
    /// it. Otherwise the call that frees the last block returns true from
    /// [`release_owned`](Self::release_owned) or [`release_bulk_owned`](Self::release_bulk_owned),
    /// and its caller frees the pool; the pool may be gone before this call returns. Of all these
    /// calls exactly one returns true.
    ///
    /// Returns false as well if the pool cannot retire now, for example in a signal handler that
    /// interrupted a call on the pool. Then no call ever returns true, and the pool is never freed.
    ///
    /// # Writing a backend
    ///
    /// A backend that returns true from [`can_retire`](Self::can_retire) implements this method and
    /// the two `_owned` calls, and keeps these rules:
    ///
    /// - Everything that any call did to the pool happens before the call that returns true.
    /// - `release` and `release_owned` touch nothing of the backend after the step by which the
    ///   block counts as freed, and likewise for bulk: another thread may free the backend then.
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
    /// // What calls it: the drop of the last owner, if the backend can retire.
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
    /// was its last allocated block, see [`retire`](Self::retire). If false, the pool may be gone.
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
    /// // SAFETY: acquired just now, and not used again.
    /// assert!(!unsafe { pool.release_owned(block) }, "the pool has not retired");
    /// ```
    #[inline]
    unsafe fn release_owned(&self, block: NonNull<u8>) -> bool {
        // SAFETY: by this function's contract.
        unsafe { self.release(block) };
        false
    }

    /// Frees blocks like [`release_bulk`](Self::release_bulk). Returns as
    /// [`release_owned`](Self::release_owned) does.
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
    /// // SAFETY: acquired just now, and not used again.
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

    /// How many blocks there are.
    #[inline]
    fn capacity(&self) -> usize {
        self.region().layout().capacity()
    }

    /// Bytes of a block.
    #[inline]
    fn block_size(&self) -> usize {
        self.region().layout().block_size()
    }

    /// Takes a block as a bare pointer that [`free_raw`](Self::free_raw) will know again. The
    /// pointer is valid for [`block_size`](Self::block_size) bytes, all initialised.
    ///
    /// If it is still out when the pool is dropped, a debug build (with `std`) says so on standard error,
    /// with the place of this call. That takes a word a block there.
    ///
    /// # Errors
    ///
    /// [`AllocError::Exhausted`] if every block was held at some instant during the call.
    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    fn alloc_raw(&self) -> Result<NonNull<u8>, AllocError> {
        let block = self.acquire().ok_or(AllocError::Exhausted)?;
        let region = self.region();
        // SAFETY: an acquired block is a block of the region (invariant 4).
        region.ledger().mark(unsafe { region.index_of(block) });
        Ok(block)
    }

    /// Gives a raw block back, fully checked. Of several threads that free one block at once,
    /// exactly one succeeds.
    ///
    /// # Errors
    ///
    /// [`FreeError::Foreign`], [`FreeError::NotBlockStart`] or [`FreeError::NotAllocated`]; nothing
    /// has changed then. A stale pointer to a block that was handed out raw again in the meantime
    /// cannot be told apart from a right one.
    ///
    /// # Safety
    ///
    /// If this succeeds:
    ///
    /// - The caller was the holder of the block, and the block is not used afterwards through any copy
    ///   of the pointer. Only the address of `block` counts: any pointer to the start of the block
    ///   will do.
    /// - Every byte of the block is initialised, as it was when it was allocated, unless the region
    ///   [zeroes on release](Region::zeroes_on_release). The next holder may read all of them. See
    ///   [typed data](BlockAlloc#typed-data).
    #[inline]
    unsafe fn free_raw(&self, block: NonNull<u8>) -> Result<(), FreeError> {
        let region = self.region();
        let index = region.locate(block)?;
        // The mark goes first: once the block is released it belongs to its next holder.
        if !region.ledger().take(index) {
            return Err(FreeError::NotAllocated);
        }
        // SAFETY: the mark proves that the block was handed out raw by this pool and not yet given
        // back; this call alone took the mark out. The caller promises not to use it again. The
        // pointer is the region's own: the caller's may reach less far than the block, and a
        // backend may hand it to the next holder.
        unsafe { self.release(region.own(block)) };
        Ok(())
    }

    /// Takes as many raw blocks as `blocks` has entries, all or none.
    ///
    /// # Errors
    ///
    /// [`AllocError::Exhausted`]: too few were free, every entry is `None`.
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

    /// Gives raw blocks back, all or none; on success every entry is `None`. Entries that are
    /// `None` are passed over.
    ///
    /// # Errors
    ///
    /// The error of the first entry that [`free_raw`](Self::free_raw) would refuse by itself; if
    /// there is none, but a block stands twice, [`FreeError::NotAllocated`]. The entries are
    /// unchanged then, and every block is held as before.
    ///
    /// A refused call does not disturb other threads: what is wrong with an entry shows before
    /// anything is touched. Two mistakes come out later, a block that stands twice, and a block that
    /// another thread frees *during* the call; until the marks are put back then, another thread's
    /// free of a block of the list may be refused, too.
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
        // SAFETY: located just now, so it is a block of the region.
        let index_of = |block| unsafe { region.index_of(block) };
        for position in 0..blocks.len() {
            let Some(block) = blocks[position] else { continue };
            // The check above is no proof: another thread, or an earlier entry, can have come first.
            if !region.ledger().take(index_of(block)) {
                let taken = blocks[..position].iter().flatten();
                taken.for_each(|&block| region.ledger().put_back(index_of(block)));
                return Err(FreeError::NotAllocated);
            }
            // The same address by the region's own pointer, see `free_raw`.
            blocks[position] = Some(region.own(block));
        }
        for run in blocks.chunk_by_mut(|left, right| left.is_some() == right.is_some()) {
            if run[0].is_some() {
                // SAFETY: every entry of the run is `Some`, and the region's own pointer; this call
                // alone took their marks out, so none stands twice and each was out raw; the caller
                // promises the rest.
                unsafe { self.release_bulk(run) };
            }
        }
        Ok(())
    }
}
