//! The future that waits for a block.

use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use stable_deref_trait::StableDeref;

use super::Waiting;
use super::queue::{Closed, Ticket};
use crate::{AllocError, Block, BlockAlloc};

/// Waits for a block. Returned by [`Waiting::alloc_async`] and [`Block::alloc_async_in`].
///
/// The output is a block, or [`AllocError::Closed`] if the pool is closed.
///
/// The future enters the queue when it is polled for the first time. If it is dropped, it leaves
/// the queue; a block that it was given goes to the next waiter. So it is cancel-safe, but **a new
/// future queues again, behind all other waiters**: see [tasks](super#tasks).
///
/// A future that is neither polled nor dropped keeps its place in the queue, and a block if it was
/// given one. So does a forgotten future.
///
/// It may move between polls, and between threads if `P` may.
///
/// # Panics
///
/// Panics if it is polled after it was ready.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use std::sync::Arc;
///
/// use block_core::wait::{AllocFuture, Waiting};
/// use block_core::{Block, BlockAlloc};
///
/// type Blocks = Arc<Waiting<Pool>>;
///
/// /// A connection that waits for a buffer before it reads.
/// struct Connection {
///     buffer: AllocFuture<Blocks, Pool>,
/// }
///
/// let pool = Arc::new(Waiting::new(Pool::new(1500, 1)));
/// let connection = Connection { buffer: Block::alloc_async_in(Arc::clone(&pool)) };
/// drop(connection); // the peer went away
/// assert_eq!(pool.available(), 1);
/// ```
#[must_use = "it waits only while it is polled"]
pub struct AllocFuture<P, A>
where
    P: StableDeref<Target = Waiting<A>>,
    A: BlockAlloc + ?Sized,
{
    /// `None` after the future has completed.
    pool: Option<P>,
    /// Set by the first poll that found no block.
    ticket: Option<Ticket>,
    _backend: PhantomData<fn(&A)>,
}

impl<P, A> AllocFuture<P, A>
where
    P: StableDeref<Target = Waiting<A>>,
    A: BlockAlloc + ?Sized,
{
    pub(super) fn new(pool: P) -> Self {
        Self { pool: Some(pool), ticket: None, _backend: PhantomData }
    }

    /// Allocates a block if one is free and there are no waiters.
    #[inline]
    pub(super) fn try_at_once(&mut self) -> Option<Block<P>> {
        let waiting = self.waiting();
        let bytes = waiting.try_at_once()?.bytes(waiting.region());
        Some(self.finish(bytes))
    }

    /// Enters the queue.
    fn enter(&mut self) -> Result<(), AllocError> {
        match self.waiting().enter() {
            Ok(ticket) => self.ticket = Some(ticket),
            Err(Closed) => return Err(self.finish_closed()),
        }
        Ok(())
    }

    /// Stops waiting. Returns the block if one was given meanwhile.
    pub(super) fn give_up(mut self) -> Result<Block<P>, AllocError> {
        let ticket = self.ticket.take().ok_or(AllocError::TimedOut)?;
        let waiting = self.waiting();
        match waiting.queue.leave(ticket) {
            Some(Ok(held)) => {
                let bytes = held.bytes(waiting.region());
                Ok(self.finish(bytes))
            }
            Some(Err(Closed)) => Err(AllocError::Closed),
            None => Err(AllocError::TimedOut),
        }
    }

    fn waiting(&self) -> &Waiting<A> {
        self.pool.as_ref().expect("polled after it was ready")
    }

    /// Completes the future without a block.
    fn finish_closed(&mut self) -> AllocError {
        (self.ticket, self.pool) = (None, None);
        AllocError::Closed
    }

    fn finish(&mut self, bytes: NonNull<[u8]>) -> Block<P> {
        self.ticket = None;
        let pool = self.pool.take().expect("seen just now");
        // SAFETY: the call has this block of the pool, without a mark, and gives it to the handle.
        unsafe { Block::from_parts(bytes, pool) }
    }
}

impl<P, A> Block<P>
where
    P: StableDeref<Target = Waiting<A>>,
    A: BlockAlloc + ?Sized,
{
    /// Waits for a block of the pool behind `pool` without blocking the thread. See
    /// [`Waiting::alloc_async`], also for what to keep in mind in a `select!`. With an owning
    /// pointer both the future and its block may move to another task.
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
    /// fn task(pool: &Arc<Waiting<Pool>>) -> impl Future<Output = ()> + Send + 'static {
    ///     let packet = Block::alloc_async_in(Arc::clone(pool));
    ///     async move {
    ///         if let Ok(mut packet) = packet.await {
    ///             packet[0] = 1;
    ///         }
    ///     }
    /// }
    /// ```
    pub fn alloc_async_in(pool: P) -> AllocFuture<P, A> {
        AllocFuture::new(pool)
    }
}

impl<P, A> Future for AllocFuture<P, A>
where
    P: StableDeref<Target = Waiting<A>>,
    A: BlockAlloc + ?Sized,
{
    type Output = Result<Block<P>, AllocError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if this.ticket.is_none() {
            if let Some(block) = this.try_at_once() {
                return Poll::Ready(Ok(block));
            }
            this.enter()?;
        }
        let (waiting, ticket) = (this.waiting(), this.ticket.expect("entered above"));
        match waiting.queue.poll(ticket, context.waker()) {
            Some(Ok(held)) => {
                let bytes = held.bytes(waiting.region());
                Poll::Ready(Ok(this.finish(bytes)))
            }
            Some(Err(Closed)) => Poll::Ready(Err(this.finish_closed())),
            None => Poll::Pending,
        }
    }
}

/// The pool's pointer is not pinned with the future.
impl<P, A> Unpin for AllocFuture<P, A>
where
    P: StableDeref<Target = Waiting<A>>,
    A: BlockAlloc + ?Sized,
{
}

impl<P, A> Drop for AllocFuture<P, A>
where
    P: StableDeref<Target = Waiting<A>>,
    A: BlockAlloc + ?Sized,
{
    fn drop(&mut self) {
        if let (Some(pool), Some(ticket)) = (&self.pool, self.ticket.take()) {
            let waiting = &**pool;
            if let Some(Ok(held)) = waiting.queue.leave(ticket) {
                // The block goes to the next waiter.
                waiting.give_back(held);
            }
        }
    }
}

impl<P, A> fmt::Debug for AllocFuture<P, A>
where
    P: StableDeref<Target = Waiting<A>>,
    A: BlockAlloc + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllocFuture")
            .field("is_ready", &self.pool.is_none())
            .field("is_queued", &self.ticket.is_some())
            .finish()
    }
}
