//! Waiting for a block instead of being refused one. With the feature `wait`.
//!
//! [`Waiting`] owns a pool of any backend and is a pool itself. Beside the calls that fail when every
//! block is held it has some that wait: [`alloc_wait`](Waiting::alloc_wait),
//! [`alloc_timeout`](Waiting::alloc_timeout), [`alloc_deadline`](Waiting::alloc_deadline) and
//! [`alloc_async`](Waiting::alloc_async), which needs no particular runtime, or none. A pool that is not
//! wrapped pays nothing.
//!
//! # In which order
//!
//! First come, first served. A block that is given back while somebody waits goes straight to the oldest
//! waiter, and not through the backend, so nobody else can take it on its way, not even by a call that
//! does not wait. From the moment that a waiter has registered, with k others before it, the (k + 1)th
//! block that is then given back is its own at the latest: nobody starves. What others can take
//! meanwhile are blocks whose giving back had begun before, at most one call's for each thread.
//!
//! Blocks are waited for one at a time; a bulk call does not wait.
//!
//! The price is that a block waits for its new holder: one that was given to a task which is not polled
//! is held by that task. Drop futures that are no longer polled.
//!
//! # Who waits for itself
//!
//! Nobody can give a block to a waiter that holds every block itself, or that waits for a block while
//! those who hold the others wait for it. `alloc_wait` does not return then, and the future is never
//! ready; a timeout ends with [`AllocError::Exhausted`](crate::AllocError::Exhausted). That is the same
//! error as that of a pool which is not waited for, because it is the same state: at some instant during
//! the call every block was held. Who needs several blocks to go on takes them in one call
//! ([`alloc_bulk`](crate::BlockAllocExt::alloc_bulk)), or in the same order as everybody else.
//!
//! # No wakeup is lost
//!
//! Invariant: **while somebody waits and no call is in progress, every block is held.** The queue of
//! waiters is behind a lock; beside it stands the number of those who wait.
//!
//! ```text
//!           giver                                     waiter
//!
//!           somebody waits? (a hint)                  enter the queue
//!           yes: to the oldest, done                  fence
//!           put it into the backend                   the backend has a block?
//!           fence                                     yes: to the oldest, which may be oneself
//!           somebody waits?                                and look again
//!           yes: take one, to the oldest,             no: sleep until given one
//!                and look again
//! ```
//!
//! Suppose that a free block lies in the backend beside a waiter, and look at the last call that put it
//! there. Of its fence and the waiter's one comes first.
//!
//! - The waiter's: then the giver saw somebody wait, and took a block to give. It went on until nobody
//!   waited or there was no block.
//! - The giver's: then the block lay there when the waiter looked, after its own fence, and the waiter
//!   did the same.
//!
//! If the one who looked stopped because nobody waited, the waiter had been served. If it stopped because
//! `acquire` failed: that happens only if at some instant during the call *every* block was held, by
//! invariant 3, caches of other threads included. So this block was held then, and was put back later:
//! that was not the last call. (`acquire` may also fail beside a block which another call is in the
//! middle of giving back. That call is the last one, and its fence is still to come.)
//!
//! "Put back" is all that makes a held block free: `release`, `release_bulk`, a block that was taken for
//! a waiter who had gone, and an `acquire_bulk` that failed, since it may have taken some of the blocks
//! for a moment. After each of them the giver looks for waiters.
//!
//! A waiter that goes away takes its entry out, under the lock. If it had been given a block, it gives
//! that back like any other: it goes to the next.
//!
//! # Cost
//!
//! `acquire`, and all calls that take, cost what the backend's do, and a waiting one a load more.
//! `release` costs two loads and a fence more. Each block that somebody waits for costs a lock, twice.
//!
//! A signal handler must not use such a pool: the lock may be its own thread's.

mod blocking;
mod future;
mod line;
mod queue;
mod wake;

use core::ptr::NonNull;

use crate::{BlockAlloc, BlockIndex, Region, Stats};

pub use future::AllocFuture;
use queue::{Queue, Stock, Ticket};

/// A pool whose blocks can be waited for.
///
/// Owns the pool that it is made of, and gives out all its blocks: [`BlockAlloc`]'s calls, handles,
/// buffers and bulk calls work as on the pool itself. The calls that wait are described in the
/// [module](self), with what they promise.
///
/// # Examples
///
/// A thread that waits, and a task that does:
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::wait::Waiting;
/// use block_core::{BlockAlloc, BlockAllocExt};
///
/// let pool = Waiting::new(Pool::new(1500, 1));
/// let packet = pool.alloc()?;
/// std::thread::scope(|scope| {
///     scope.spawn(|| pool.alloc_wait()[0] = 1);
///     drop(packet);
/// });
///
/// async fn receive(pool: &Waiting<Pool>) -> usize {
///     let mut packet = pool.alloc_async().await;
///     packet[0] = 2;
///     packet.len()
/// }
/// # let mut task = std::pin::pin!(receive(&pool));
/// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// # assert!(task.as_mut().poll(&mut context).is_ready());
/// # Ok::<(), block_core::AllocError>(())
/// ```
///
/// A backend chosen at run time:
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use std::sync::Arc;
///
/// use block_core::wait::Waiting;
/// use block_core::{Block, BlockAlloc};
///
/// let pool: Arc<Waiting<dyn BlockAlloc>> = Arc::new(Waiting::new(Pool::new(1500, 1)));
/// let block = Block::alloc_wait_in(pool);
/// ```
#[derive(Debug)]
pub struct Waiting<A: ?Sized> {
    queue: Queue<Held>,
    /// Nothing else has access to it: each block that comes back passes by the queue.
    backend: A,
}

const _: () = {
    const fn shared_by_threads<T: Send + Sync + ?Sized>() {}
    shared_by_threads::<Waiting<dyn BlockAlloc>>();
    shared_by_threads::<AllocFuture<&Waiting<dyn BlockAlloc>, dyn BlockAlloc>>();
};

impl<A: BlockAlloc> Waiting<A> {
    /// Makes the blocks of a pool ones that can be waited for. Blocks that are out raw stay out, and come
    /// back to this pool.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::BlockAlloc;
    /// use block_core::wait::Waiting;
    ///
    /// let pool = Waiting::new(Pool::new(1500, 16));
    /// assert_eq!(pool.capacity(), 16);
    /// ```
    #[must_use]
    pub fn new(backend: A) -> Self {
        Self { queue: Queue::new(), backend }
    }
}

impl<A: BlockAlloc + ?Sized> Waiting<A> {
    /// Waits for a block without stopping the thread: the future is ready when it has one. It may be
    /// dropped at any moment, inside a `select!` or a timeout of any runtime, and loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use std::pin::pin;
    /// use std::task::{Context, Waker};
    ///
    /// use block_core::BlockAllocExt;
    /// use block_core::wait::Waiting;
    ///
    /// let pool = Waiting::new(Pool::new(1500, 1));
    /// let mut context = Context::from_waker(Waker::noop());
    ///
    /// let held = pool.alloc()?;
    /// let mut next = pin!(pool.alloc_async());
    /// assert!(next.as_mut().poll(&mut context).is_pending());
    /// drop(held);
    /// assert!(pool.alloc().is_err(), "the block is the waiter's already");
    /// assert!(next.as_mut().poll(&mut context).is_ready());
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn alloc_async(&self) -> AllocFuture<&Self, A> {
        AllocFuture::new(self)
    }

    /// A free block, if nobody waits for it already.
    #[inline]
    fn try_at_once(&self) -> Option<Held> {
        if self.queue.has_waiters() { None } else { self.stock().take() }
    }

    fn enter(&self) -> Ticket {
        self.queue.enter(&self.stock())
    }

    #[inline]
    fn give_back(&self, held: Held) {
        self.queue.give_back(&self.stock(), held);
    }

    fn stock(&self) -> Free<'_, A> {
        Free(&self.backend)
    }
}

// SAFETY: the backend keeps the contract, and this pool alone has it, so nothing else gives out its
// blocks. A block that goes from one holder to the next past the backend is held throughout (invariants
// 1, 2 and 3): by the call, by the queue's entry (invariant b there), by the waiter. It is one of the
// region's own pointers (4), scrubbed on the way (6), and the queue's lock orders its holders. Nothing
// unwinds: wakers that do are caught.
unsafe impl<A: BlockAlloc + ?Sized> BlockAlloc for Waiting<A> {
    #[inline]
    fn region(&self) -> &Region {
        self.backend.region()
    }

    #[inline]
    fn acquire(&self) -> Option<NonNull<u8>> {
        self.backend.acquire()
    }

    #[inline]
    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: by this function's contract.
        self.give_back(unsafe { Held::new(self.region(), block) });
    }

    /// As the backend's. A block that a waiter was given is not free, taken or not.
    #[inline]
    fn available(&self) -> usize {
        self.backend.available()
    }

    /// As the backend's. A call that waits counts as one or more of the exhaustions: one each time that it
    /// looked and found no block.
    fn stats(&self) -> Stats {
        self.backend.stats()
    }

    #[inline]
    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        let done = self.backend.acquire_bulk(blocks);
        if !done {
            // It may have held some for a moment, at which a waiter found none.
            self.queue.settle(&self.stock());
        }
        done
    }

    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        // One to each waiter, and the others back in one transfer.
        let mut given = 0;
        while let Some(&mut Some(block)) = blocks.get_mut(given) {
            // SAFETY: the caller's promise for each block is that of `release`.
            let held = unsafe { Held::new(self.region(), block) };
            if self.queue.hand_over(&self.stock(), held).is_err() {
                break;
            }
            blocks[given] = None;
            given += 1;
        }
        let rest = &mut blocks[given..];
        if !rest.is_empty() {
            // SAFETY: the caller's promise; these were not given to anybody.
            unsafe { self.backend.release_bulk(rest) };
            self.queue.settle(&self.stock());
        }
    }
}

/// A block that a call of this pool, or an entry of its queue, holds without a mark. Not `Copy`: it is in
/// one place (invariant 1).
#[derive(Debug)]
struct Held(BlockIndex);

impl Held {
    /// # Safety
    ///
    /// `block` is one of the region's, held by the caller without a mark, who gives it up unless it gets
    /// this back.
    #[inline]
    unsafe fn new(region: &Region, block: NonNull<u8>) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { region.index_of(block) })
    }

    /// What the next holder gets: all bytes of the block.
    #[inline]
    fn bytes(&self, region: &Region) -> NonNull<[u8]> {
        NonNull::slice_from_raw_parts(region.block(self.0), region.layout().block_size())
    }
}

/// The backend as the queue sees it.
struct Free<'a, A: ?Sized>(&'a A);

impl<A: BlockAlloc + ?Sized> Stock<Held> for Free<'_, A> {
    #[inline]
    fn take(&self) -> Option<Held> {
        let block = self.0.acquire()?;
        // SAFETY: acquired just now, a block of the region (invariant 4).
        Some(unsafe { Held::new(self.0.region(), block) })
    }

    #[inline]
    fn put(&self, held: Held) {
        let block = self.0.region().block(held.0);
        // SAFETY: `held` was the only one of this block, without a mark, and is gone.
        unsafe { self.0.release(block) };
    }

    fn clean(&self, held: &Held) {
        // SAFETY: a block of the region, held by the caller alone.
        unsafe { self.0.region().scrub(self.0.region().block(held.0)) };
    }
}
