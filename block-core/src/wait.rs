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
//! meanwhile are blocks of calls that had begun before and put them into the backend: those that give
//! back, and bulk calls that fail. That is at most one call for each thread, and who takes such a block
//! gives it back to a waiter.
//!
//! Blocks are waited for one at a time; a bulk call does not wait, and takes nothing while somebody does.
//!
//! The price is that a block waits for its new holder: one that was given to a task which is not polled
//! is held by that task. Drop futures that are no longer polled.
//!
//! # Deadlocks
//!
//! Nobody can give a block to a waiter that holds every block itself, or that waits for a block while
//! those who hold the others wait for it. `alloc_wait` does not return then, and the future is never
//! ready; a timeout ends with [`AllocError::TimedOut`](crate::AllocError::TimedOut). A caller that needs
//! several blocks to go on allocates them in one call
//! ([`alloc_bulk`](crate::BlockAllocExt::alloc_bulk)), or in the same order as all others.
//!
//! # Tasks
//!
//! **In a loop around `select!`, keep the future.** Dropping it loses no block, but a new future queues
//! again, behind all other waiters. A loop that makes a new one at every turn may never be served:
//!
//! ```
//! # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
//! use block_core::AllocError;
//! use block_core::wait::Waiting;
//! use std::pin::pin;
//! use std::time::Duration;
//!
//! async fn next_block(pool: &Waiting<Pool>) -> Result<usize, AllocError> {
//!     let mut tick = tokio::time::interval(Duration::from_millis(20));
//!     let mut block = pin!(pool.alloc_async()); // once, outside the loop
//!     loop {
//!         tokio::select! {
//!             block = &mut block => return Ok(block?.len()),
//!             _ = tick.tick() => println!("still waiting"),
//!         }
//!     }
//! }
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
//! # assert_eq!(runtime.block_on(next_block(&Waiting::new(Pool::new(64, 1)))), Ok(64));
//! ```
//!
//! **A task that always gets its block immediately never yields.** The future takes no part in the
//! budget of tokio's cooperative scheduling. A loop that does nothing else that yields calls
//! `tokio::task::consume_budget().await` at each turn.
//!
//! **Do not block in a task.** [`alloc_wait`](Waiting::alloc_wait) and the calls with a timeout block the
//! thread, so the runtime's worker polls no other task meanwhile, not even one that would free a block.
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
//! # Threads, wakers, signals, forks
//!
//! A thread sleeps by [`std::thread::park`], as it does in the standard library's channels. An `unpark`
//! that is meant for something else does not end the waiting, and is used up; one that is meant for the
//! waiting may come late, and end a `park` of the program's own. So a `park` of one's own belongs into a
//! loop that looks at a condition, as its documentation says.
//!
//! Wakers are called outside the lock, by the call that gives the block back, on its thread. They may use
//! the pool, give blocks back, drop any future and panic (out of a poll and a future's drop a panic comes
//! through, out of other calls it does not). If one gives back a block for which somebody is to be woken,
//! that waker is called when the first one has returned: a waker must not wait for that.
//!
//! A signal handler must not use such a pool: the lock may be its own thread's. In the child of a fork the
//! lock may be another thread's, which is not there, and blocks go to waiters that are not there; use no
//! such pool between fork and exec.
//!
//! # Cost
//!
//! `acquire` costs what the backend's does, one that waits a load more, a bulk call that takes a load
//! more. `release` costs two loads and a fence more. Each block that somebody waits for costs a lock two
//! to five times; however many wait, nobody's coming, going and being served takes longer for it. The
//! pool takes 40 bytes for each of those who wait at once, and gives them back when nobody does any more.
//!
//! # Examples
//!
//! ```
//! # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
//! use block_core::{BlockAllocExt, wait::Waiting};
//!
//! let pool = Waiting::new(Pool::new(64, 1));
//! let held = pool.alloc()?;
//! std::thread::scope(|scope| {
//!     let waiter = scope.spawn(|| pool.alloc_wait().unwrap().len());
//!     drop(held); // goes straight to the waiter, if it waits by now
//!     assert_eq!(waiter.join().unwrap(), 64);
//! });
//! # Ok::<(), block_core::AllocError>(())
//! ```

mod blocking;
mod future;
mod line;
mod pool;
mod queue;
mod shared;
mod wake;

use core::fmt;

use crate::BlockAlloc;
use crate::sync::{AtomicUsize, Ordering};

pub use future::AllocFuture;
use pool::{Free, Held};
use queue::{Closed, Queue, Stock, Ticket};
pub use shared::OwnedAllocFuture;

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
/// use block_core::{AllocError, BlockAllocExt};
///
/// let pool = Waiting::new(Pool::new(1500, 1));
/// let packet = pool.alloc()?;
/// std::thread::scope(|scope| {
///     scope.spawn(|| pool.alloc_wait().unwrap()[0] = 1);
///     drop(packet);
/// });
///
/// async fn receive(pool: &Waiting<Pool>) -> Result<usize, AllocError> {
///     let mut packet = pool.alloc_async().await?;
///     packet[0] = 2;
///     Ok(packet.len())
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
pub struct Waiting<A: ?Sized> {
    queue: Queue<Held>,
    /// Calls that do not wait and found too few blocks.
    exhaustions: AtomicUsize,
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
    pub const fn new(backend: A) -> Self {
        Self { queue: Queue::new(), exhaustions: AtomicUsize::new(0), backend }
    }

    /// The pool inside, whose blocks cannot be waited for any more. Blocks that are out raw stay out, and
    /// come back to that pool. Blocks that lie ready for futures which were forgotten are free again.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use std::sync::Arc;
    ///
    /// use block_core::BlockAlloc;
    /// use block_core::wait::Waiting;
    ///
    /// let shared = Arc::new(Waiting::new(Pool::new(1500, 16)));
    /// let raw = shared.alloc_raw()?;
    /// let pool: Pool = Arc::into_inner(shared).map(Waiting::into_inner).expect("the only owner");
    /// // SAFETY: the pointer is not used any more.
    /// unsafe { pool.free_raw(raw)? };
    /// assert_eq!(pool.available(), 16);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn into_inner(self) -> A {
        // Handles and futures deref to this pool, so there are none but forgotten ones, which nobody can
        // reach: what lies in the queue is nobody else's (invariant b there).
        let Self { queue, backend, .. } = self;
        queue.dissolve(&Free(&backend));
        backend
    }
}

impl<A: BlockAlloc + ?Sized> Waiting<A> {
    /// Waits for a block without blocking the thread. The output is a block, or
    /// [`AllocError::Closed`](crate::AllocError::Closed) if the pool is [closed](Self::close).
    ///
    /// The future is cancel-safe, but a new future queues again, behind all other waiters: in a loop
    /// around `select!` keep the future and poll it by `&mut`, see [tasks](self#tasks).
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

    /// How many wait at this moment, and were not given a block yet: threads that sleep, and futures that
    /// were polled. To be looked at: it may have changed already.
    ///
    /// Cost: a load.
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
    /// let held = pool.alloc()?;
    /// let mut next = pin!(pool.alloc_async());
    /// assert!(next.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    /// assert_eq!(pool.waiters(), 1);
    /// drop(held);
    /// assert_eq!(pool.waiters(), 0);
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[must_use]
    pub fn waiters(&self) -> usize {
        self.queue.waiters()
    }

    /// Closes the pool for waiting: every waiter and every later call that waits gets
    /// [`AllocError::Closed`](crate::AllocError::Closed).
    ///
    /// A waiter that was already given a block keeps it. Blocks are freed as before, and calls that do
    /// not wait are not affected. A closed pool cannot be opened again; closing it twice does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::wait::Waiting;
    /// use block_core::{AllocError, BlockAllocExt};
    ///
    /// let pool = Waiting::new(Pool::new(1500, 1));
    /// let packet = pool.alloc()?;
    /// std::thread::scope(|scope| {
    ///     let worker = scope.spawn(|| pool.alloc_wait().map(drop));
    ///     pool.close(); // the program ends
    ///     assert_eq!(worker.join().unwrap(), Err(AllocError::Closed));
    /// });
    /// assert_eq!(pool.alloc_wait().unwrap_err(), AllocError::Closed);
    /// # Ok::<(), AllocError>(())
    /// ```
    pub fn close(&self) {
        self.queue.close();
    }

    /// Returns whether the pool was [closed](Self::close).
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::wait::Waiting;
    ///
    /// let pool = Waiting::new(Pool::new(1500, 1));
    /// assert!(!pool.is_closed());
    /// pool.close();
    /// assert!(pool.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Returns a free block if nobody waits for it and the pool is not closed.
    #[inline]
    fn try_at_once(&self) -> Option<Held> {
        if self.queue.is_busy() { None } else { self.stock().take() }
    }

    fn enter(&self) -> Result<Ticket, Closed> {
        self.queue.enter(&self.stock())
    }

    /// Counts a call that does not wait and found too few blocks.
    #[cold]
    fn count_exhaustion(&self) {
        // Relaxed: a count, which orders nothing.
        self.exhaustions.fetch_add(1, Ordering::Relaxed);
    }

    #[inline]
    fn give_back(&self, held: Held) {
        self.queue.give_back(&self.stock(), held);
    }

    fn stock(&self) -> Free<'_, A> {
        Free(&self.backend)
    }
}

/// The pool's [`Stats`](crate::Stats) in one line, and how many wait: "..., 3 waiting".
impl<A: BlockAlloc + ?Sized> fmt::Display for Waiting<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} waiting", self.stats(), self.queue.waiters())
    }
}

// Not derived: it would format the queue under its lock, and a formatter may use the pool.
impl<A: fmt::Debug + ?Sized> fmt::Debug for Waiting<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting")
            .field("backend", &&self.backend)
            .field("waiters", &self.queue.waiters())
            .field("is_closed", &self.queue.is_closed())
            .finish_non_exhaustive()
    }
}
