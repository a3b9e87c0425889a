//! Calls that block the thread until a block is free.

use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;
use std::task::Wake;
use std::thread::{self, Thread};
use std::time::Instant;

use stable_deref_trait::StableDeref;

use super::{AllocFuture, Waiting};
use crate::{AllocError, Block, BlockAlloc};

impl<A: BlockAlloc + ?Sized> Waiting<A> {
    /// Allocates a block, and waits until one is free. Waits forever if the caller itself has every
    /// block.
    ///
    /// Blocks the thread. In an `async` task use [`alloc_async`](Self::alloc_async): a runtime's
    /// worker thread that is blocked polls no other task, not even one that would free a block.
    ///
    /// Costs as much as `acquire` and two loads if a block is free. The first sleep of a call
    /// allocates memory.
    ///
    /// # Errors
    ///
    /// Returns [`AllocError::Closed`] if the pool is closed before the caller gets a block.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use block_core::BlockAlloc;
    /// use block_core::wait::Waiting;
    ///
    /// let pool = Waiting::new(Pool::new(1500, 2));
    /// std::thread::scope(|scope| {
    ///     for _ in 0..8 {
    ///         scope.spawn(|| pool.alloc_wait().unwrap()[0] = 1); // two at a time
    ///     }
    /// });
    /// assert_eq!(pool.available(), 2);
    /// ```
    #[inline]
    pub fn alloc_wait(&self) -> Result<Block<&Self>, AllocError> {
        Block::alloc_wait_in(self)
    }

    /// Allocates a block, and waits for one for at most `timeout`. Zero does not wait.
    ///
    /// Blocks the thread: see [`alloc_wait`](Self::alloc_wait). A task uses the timeout of its
    /// runtime around [`alloc_async`](Self::alloc_async).
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
    /// use std::time::Duration;
    ///
    /// use block_core::AllocError;
    /// use block_core::wait::Waiting;
    ///
    /// let pool = Waiting::new(Pool::new(1500, 1));
    /// let all_there_is = pool.alloc_timeout(Duration::from_secs(1))?;
    /// let error = pool.alloc_timeout(Duration::from_millis(1)).unwrap_err();
    /// assert_eq!(error, AllocError::TimedOut);
    /// # Ok::<(), AllocError>(())
    /// ```
    #[inline]
    pub fn alloc_timeout(&self, timeout: Duration) -> Result<Block<&Self>, AllocError> {
        Block::alloc_timeout_in(self, timeout)
    }

    /// Allocates a block, and waits for one until `deadline`. A deadline that has passed does not
    /// wait.
    ///
    /// Blocks the thread: see [`alloc_wait`](Self::alloc_wait).
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
    /// use std::time::{Duration, Instant};
    ///
    /// use block_core::wait::Waiting;
    ///
    /// // Both blocks within the time of one request.
    /// let pool = Waiting::new(Pool::new(1500, 2));
    /// let deadline = Instant::now() + Duration::from_secs(1);
    /// let (header, body) = (pool.alloc_deadline(deadline)?, pool.alloc_deadline(deadline)?);
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn alloc_deadline(&self, deadline: Instant) -> Result<Block<&Self>, AllocError> {
        Block::alloc_deadline_in(self, deadline)
    }
}

/// The waiting calls for any pointer to the pool, which may own it.
impl<P, A> Block<P>
where
    P: StableDeref<Target = Waiting<A>>,
    A: BlockAlloc + ?Sized,
{
    /// Allocates a block of the pool behind `pool`, see [`Waiting::alloc_wait`].
    ///
    /// # Errors
    ///
    /// Returns [`AllocError::Closed`] if the pool is closed before the caller gets a block.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
    /// use std::sync::Arc;
    ///
    /// use block_core::Block;
    /// use block_core::wait::Waiting;
    ///
    /// let pool = Arc::new(Waiting::new(Pool::new(1500, 1)));
    /// let block = Block::alloc_wait_in(Arc::clone(&pool))?;
    /// let other = std::thread::spawn(move || drop(Block::alloc_wait_in(pool)));
    /// drop(block);
    /// other.join().unwrap();
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn alloc_wait_in(pool: P) -> Result<Self, AllocError> {
        wait(AllocFuture::new(pool), || None)
    }

    /// Allocates a block of the pool behind `pool`, see [`Waiting::alloc_timeout`].
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
    /// use std::{sync::Arc, time::Duration};
    ///
    /// use block_core::{Block, wait::Waiting};
    ///
    /// let pool = Arc::new(Waiting::new(Pool::new(1500, 1)));
    /// let block = Block::alloc_timeout_in(Arc::clone(&pool), Duration::from_secs(1))?;
    /// assert!(Block::alloc_timeout_in(Arc::clone(&pool), Duration::ZERO).is_err());
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn alloc_timeout_in(pool: P, timeout: Duration) -> Result<Self, AllocError> {
        // A call that does not wait reads no clock. A timeout that overflows means no limit.
        wait(AllocFuture::new(pool), || Instant::now().checked_add(timeout))
    }

    /// Allocates a block of the pool behind `pool`, see [`Waiting::alloc_deadline`].
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
    /// use std::{sync::Arc, time::Instant};
    ///
    /// use block_core::{Block, wait::Waiting};
    ///
    /// let (pool, now) = (Arc::new(Waiting::new(Pool::new(1500, 1))), Instant::now());
    /// let block = Block::alloc_deadline_in(Arc::clone(&pool), now)?;
    /// assert!(Block::alloc_deadline_in(Arc::clone(&pool), now).is_err());
    /// # Ok::<(), block_core::AllocError>(())
    /// ```
    #[inline]
    pub fn alloc_deadline_in(pool: P, deadline: Instant) -> Result<Self, AllocError> {
        wait(AllocFuture::new(pool), || Some(deadline))
    }
}

/// Waits until the future is ready, or the deadline has passed.
#[inline]
fn wait<P, A>(
    mut future: AllocFuture<P, A>,
    deadline: impl FnOnce() -> Option<Instant>,
) -> Result<Block<P>, AllocError>
where
    P: StableDeref<Target = Waiting<A>>,
    A: BlockAlloc + ?Sized,
{
    match future.try_at_once() {
        Some(block) => Ok(block),
        None => sleep(future, deadline()),
    }
}

#[cold]
fn sleep<P, A>(
    mut future: AllocFuture<P, A>,
    deadline: Option<Instant>,
) -> Result<Block<P>, AllocError>
where
    P: StableDeref<Target = Waiting<A>>,
    A: BlockAlloc + ?Sized,
{
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(result) = Pin::new(&mut future).poll(&mut context) {
            return result;
        }
        // An unpark for another reason costs one more poll.
        match deadline {
            None => thread::park(),
            Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
                None | Some(Duration::ZERO) => return future.give_up(),
                Some(left) => thread::park_timeout(left),
            },
        }
    }
}

/// Wakes a waiting thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}
