//! Waiting for a block instead of failing. With the feature `wait`.
//!
//! [`Waiting`] owns a pool of any backend and is a pool itself. In addition to the calls that fail
//! when every block is allocated, it has calls that wait: [`alloc_wait`](Waiting::alloc_wait),
//! [`alloc_timeout`](Waiting::alloc_timeout), [`alloc_deadline`](Waiting::alloc_deadline) and
//! [`alloc_async`](Waiting::alloc_async), which works with any runtime. A pool that is not wrapped
//! pays nothing.
//!
//! # Order
//!
//! First come, first served. A block that is freed while there are waiters goes directly to the
//! oldest waiter and not through the backend, so no other call can take it. After a waiter has
//! registered behind k others, it gets at the latest the (k + 1)th block that is freed: no waiter
//! starves. Other calls can only take blocks of calls that were already putting them into the
//! backend: frees, and bulk calls that fail. These are at most one call per thread, and a call that
//! takes such a block returns it to a waiter.
//!
//! Blocks are waited for one at a time. A bulk call does not wait, and fails while there are
//! waiters.
//!
//! The price is that a block may wait for its new owner: a block that was given to a task that is
//! not polled stays allocated to that task. Drop futures that are no longer polled.
//!
//! # Deadlocks
//!
//! A waiter never gets a block if it has every block itself, or if the users of the other blocks
//! wait for it. Then `alloc_wait` does not return, and the future never completes; a timeout ends
//! with [`AllocError::TimedOut`](crate::AllocError::TimedOut). A caller that needs several blocks
//! should allocate them in one call ([`alloc_bulk`](crate::BlockAllocExt::alloc_bulk)).
//!
//! # Tasks
//!
//! **In a loop around `select!`, keep the future.** Dropping it loses no block, but a new future
//! queues again, behind all other waiters. A loop that creates a new one each time may never get a
//! block:
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
//! budget of tokio's cooperative scheduling. In a loop that does not yield otherwise, call
//! `tokio::task::consume_budget().await` each time.
//!
//! **Do not block in a task.** [`alloc_wait`](Waiting::alloc_wait) and the calls with a timeout
//! block the thread, so the runtime's worker polls no other task meanwhile, not even one that would
//! free a block.
//!
//! # No wakeup is lost
//!
//! Invariant: **while there are waiters and no call is in progress, every block is allocated.** The
//! queue of waiters is behind a lock, and the number of waiters is in an atomic next to it.
//!
//! ```text
//!           free                                      wait
//!
//!           are there waiters? (a hint)               enter the queue
//!           yes: give it to the oldest, done          fence
//!           put it into the backend                   has the backend a block?
//!           fence                                     yes: give it to the oldest waiter,
//!           are there waiters?                             and check again
//!           yes: take a block, give it to the         no: sleep until given a block
//!                oldest, and check again
//! ```
//!
//! Suppose that a free block is in the backend while there is a waiter. Consider the last call that
//! put the block there. Either its fence or the waiter's comes first.
//!
//! - The waiter's: then the free saw that there are waiters, and took a block to give away. It
//!   continued until there was no waiter or no block.
//! - The free's: then the block was in the backend when the waiter checked, after its own fence,
//!   and the waiter did the same.
//!
//! If that thread stopped because there were no waiters, the waiter had been served. If it stopped
//! because `acquire` failed: by invariant 3 that happens only if at some instant during the call
//! *every* block was allocated, including those in caches of other threads. So this block was
//! allocated then, and was put back later, by a later call. (`acquire` may also fail while another
//! call is freeing a block. Then that call is the last one, and its fence is still to come.)
//!
//! These calls put blocks back: `release`, `release_bulk`, a call that took a block for a waiter
//! that has left, and an `acquire_bulk` that failed, since it may have had some of the blocks for a
//! moment. Each of them checks for waiters afterwards.
//!
//! A waiter that leaves removes its entry under the lock. If it was already given a block, it frees
//! that block like any other: it goes to the next waiter.
//!
//! # Threads, wakers, signals, forks
//!
//! A thread sleeps with [`std::thread::park`], as in the standard library's channels. An `unpark`
//! for another purpose does not end the wait, and is consumed. An `unpark` for the wait may come
//! late and end another `park` of the program. So call `park` in a loop that checks a condition, as
//! its documentation says.
//!
//! Wakers are called outside the lock, by the call that frees the block, on its thread. They may
//! use the pool, free blocks, drop any future, and panic. (A panic propagates out of a poll and out
//! of the drop of a future, but not out of other calls.) If a waker frees a block and another
//! waiter must be woken, that waiter's waker is called after the first one has returned, so a waker
//! must not wait for it.
//!
//! A signal handler must not use such a pool, because its own thread may hold the lock. Do not use
//! it between fork and exec either: in the child another thread of the parent may hold the lock,
//! and blocks go to waiters that do not exist.
//!
//! # Cost
//!
//! `acquire` costs as much as that of the backend, and a waiting or bulk call one more load.
//! `release` costs two more loads and a fence. Each block that is waited for costs two to five lock
//! operations, whatever the number of waiters. The pool takes 40 bytes for each waiter, and frees
//! them when there are no waiters any more.
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
//!     drop(held); // goes to the waiter if it is waiting
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

/// A pool whose callers can wait for a block.
///
/// Owns a pool and allocates its blocks: the calls of [`BlockAlloc`], handles, buffers and bulk
/// calls work as on the pool itself. The [module](self) describes the calls that wait, and their
/// guarantees.
///
/// # Examples
///
/// A waiting thread, and a waiting task:
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
    /// The number of failed calls that do not wait.
    exhaustions: AtomicUsize,
    /// Private, so that every freed block passes the queue.
    backend: A,
}

const _: () = {
    const fn shared_by_threads<T: Send + Sync + ?Sized>() {}
    shared_by_threads::<Waiting<dyn BlockAlloc>>();
    shared_by_threads::<AllocFuture<&Waiting<dyn BlockAlloc>, dyn BlockAlloc>>();
};

impl<A: BlockAlloc> Waiting<A> {
    /// Wraps a pool. Raw blocks stay allocated, and are freed to this pool.
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

    /// Returns the wrapped pool. Raw blocks stay allocated, and are freed to that pool. Blocks that
    /// were given to forgotten futures are free again.
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
        // Handles and futures deref to this pool, so only forgotten ones are left, which no code
        // can reach: the blocks in the queue belong to this call (invariant b there).
        let Self { queue, backend, .. } = self;
        queue.dissolve(&Free(&backend));
        backend
    }
}

impl<A: BlockAlloc + ?Sized> Waiting<A> {
    /// Waits for a block without blocking the thread. The output is a block, or
    /// [`AllocError::Closed`](crate::AllocError::Closed) if the pool is [closed](Self::close).
    ///
    /// The future is cancel-safe, but a new future queues again, behind all other waiters: in a
    /// loop around `select!` keep the future and poll it by `&mut`, see [tasks](self#tasks).
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

    /// Returns the number of waiters that have not been given a block: sleeping threads, and
    /// futures that were polled. The result may be stale. Costs one load.
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
    /// A waiter that was already given a block keeps it. Blocks are freed as before, and calls that
    /// do not wait are not affected. A closed pool cannot be opened again; closing it twice does
    /// nothing.
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

    /// Returns a free block if there are no waiters and the pool is not closed.
    #[inline]
    fn try_at_once(&self) -> Option<Held> {
        if self.queue.is_busy() { None } else { self.stock().take() }
    }

    fn enter(&self) -> Result<Ticket, Closed> {
        self.queue.enter(&self.stock())
    }

    /// Counts a failed call that does not wait.
    #[cold]
    fn count_exhaustion(&self) {
        // Relaxed: a counter that orders no other memory.
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

/// Writes the pool's [`Stats`](crate::Stats) in one line, and the number of waiters: "..., 3
/// waiting".
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
