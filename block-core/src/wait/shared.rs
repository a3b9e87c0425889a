//! Waiting for blocks that own their pool.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::time::Instant;

use super::{AllocFuture, Waiting};
use crate::{AllocError, Block, BlockAlloc, Lease, SharedPool};

/// An owned block of a pool that can be waited for.
type Owned<A> = Block<Lease<Waiting<A>>>;

impl<A: BlockAlloc> SharedPool<Waiting<A>> {
    /// Allocates an owned block, and waits until one is free; see [`Waiting::alloc_wait`].
    ///
    /// # Errors
    ///
    /// Returns [`AllocError::Closed`] if the pool is closed before the caller gets a block.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::SharedPool;
    /// use block_core::wait::Waiting;
    ///
    /// let pool = SharedPool::new(Waiting::new(Pool::new(1500, 1)));
    /// let block = pool.alloc_owned()?;
    /// let other = pool.clone();
    /// let waiter = std::thread::spawn(move || other.alloc_owned_wait().map(|block| block.len()));
    /// drop(block);
    /// assert_eq!(waiter.join().unwrap(), Ok(1500));
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn alloc_owned_wait(&self) -> Result<Owned<A>, AllocError> {
        self.alloc_wait().map(|block| self.own(block))
    }

    /// Allocates an owned block, and waits for one for at most `timeout`; see
    /// [`Waiting::alloc_timeout`].
    ///
    /// # Errors
    ///
    /// Returns [`AllocError::TimedOut`] if no block became free in time, and [`AllocError::Closed`]
    /// if the pool is closed before that.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::wait::Waiting;
    /// use block_core::{AllocError, SharedPool};
    /// use std::time::Duration;
    ///
    /// let pool = SharedPool::new(Waiting::new(Pool::new(1500, 1)));
    /// let block = pool.alloc_owned_timeout(Duration::from_millis(1))?;
    /// let error = pool.alloc_owned_timeout(Duration::from_millis(1)).unwrap_err();
    /// assert_eq!((block.len(), error), (1500, AllocError::TimedOut));
    /// # Ok::<(), AllocError>(())
    /// ```
    #[inline]
    pub fn alloc_owned_timeout(&self, timeout: Duration) -> Result<Owned<A>, AllocError> {
        self.alloc_timeout(timeout).map(|block| self.own(block))
    }

    /// Allocates an owned block, and waits for one until `deadline`; see
    /// [`Waiting::alloc_deadline`].
    ///
    /// # Errors
    ///
    /// Returns [`AllocError::TimedOut`] if no block became free in time, and [`AllocError::Closed`]
    /// if the pool is closed before that.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::SharedPool;
    /// use block_core::wait::Waiting;
    /// use std::time::{Duration, Instant};
    ///
    /// let pool = SharedPool::new(Waiting::new(Pool::new(1500, 1)));
    /// let block = pool.alloc_owned_deadline(Instant::now() + Duration::from_millis(1))?;
    /// assert_eq!(block.len(), 1500);
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn alloc_owned_deadline(&self, deadline: Instant) -> Result<Owned<A>, AllocError> {
        self.alloc_deadline(deadline).map(|block| self.own(block))
    }

    /// Waits for an owned block without blocking the thread; see [`Waiting::alloc_async`].
    ///
    /// The future borrows this owner. A task that must be `'static` needs its own clone, as in the
    /// example.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::wait::Waiting;
    /// use block_core::{AllocError, SharedPool};
    ///
    /// type Packets = SharedPool<Waiting<Pool>>;
    ///
    /// fn task(pool: &Packets) -> impl Future<Output = Result<(), AllocError>> + Send + 'static {
    ///     let pool = pool.clone(); // one per task
    ///     async move {
    ///         let mut packet = pool.alloc_owned_async().await?;
    ///         packet[0] = 1;
    ///         Ok(())
    ///     }
    /// }
    /// ```
    #[inline]
    pub fn alloc_owned_async(&self) -> OwnedAllocFuture<'_, A> {
        OwnedAllocFuture { pool: self, future: self.alloc_async() }
    }
}

/// Waits for an owned block. Returned by `SharedPool::alloc_owned_async`.
///
/// It behaves like [`AllocFuture`].
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::SharedPool;
/// use block_core::wait::{OwnedAllocFuture, Waiting};
///
/// let pool = SharedPool::new(Waiting::new(Pool::new(1500, 1)));
/// let future: OwnedAllocFuture<'_, Pool> = pool.alloc_owned_async();
/// drop(future); // it was not polled, so it has no place in the queue
/// assert_eq!(pool.waiters(), 0);
/// ```
#[must_use = "it waits only while it is polled"]
pub struct OwnedAllocFuture<'a, A: BlockAlloc> {
    pool: &'a SharedPool<Waiting<A>>,
    future: AllocFuture<&'a Waiting<A>, A>,
}

impl<A: BlockAlloc> Future for OwnedAllocFuture<'_, A> {
    type Output = Result<Owned<A>, AllocError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let block = ready!(Pin::new(&mut self.future).poll(context));
        Poll::Ready(block.map(|block| self.pool.own(block)))
    }
}

impl<A: BlockAlloc> fmt::Debug for OwnedAllocFuture<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnedAllocFuture").field(&self.future).finish()
    }
}
