//! The future that waits for a block.

use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use stable_deref_trait::StableDeref;

use super::Waiting;
use super::queue::Ticket;
use crate::{Block, BlockAlloc};

/// Waits for a block: what [`Waiting::alloc_async`] and [`Block::alloc_async_in`] return.
///
/// It takes its place in the queue when it is polled for the first time. Dropping it at any moment loses
/// nothing: a block that it was given already goes to the next one that waits. A future that is neither
/// polled nor dropped keeps its place, and one block once it was given one; so does a forgotten one.
///
/// It may move between polls, and between threads if `P` may.
///
/// # Panics
///
/// If it is polled after it was ready.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use std::sync::Arc;
///
/// use block_core::wait::{AllocFuture, Waiting};
/// use block_core::{AllocError, Block, BlockAlloc};
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
    /// Until it is ready.
    pool: Option<P>,
    /// From the first poll that found no block.
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

    /// A block that is free, if nobody waits for it already.
    #[inline]
    pub(super) fn try_at_once(&mut self) -> Option<Block<P>> {
        let waiting = self.waiting();
        let bytes = waiting.try_at_once()?.bytes(waiting.region());
        Some(self.finish(bytes))
    }

    /// Gives up the place; the block, if one came at the last moment.
    pub(super) fn give_up(mut self) -> Option<Block<P>> {
        let ticket = self.ticket.take()?;
        let waiting = self.waiting();
        let bytes = waiting.queue.leave(ticket)?.bytes(waiting.region());
        Some(self.finish(bytes))
    }

    fn waiting(&self) -> &Waiting<A> {
        self.pool.as_ref().expect("polled after it was ready")
    }

    fn finish(&mut self, bytes: NonNull<[u8]>) -> Block<P> {
        self.ticket = None;
        let pool = self.pool.take().expect("seen just now");
        // SAFETY: the call held this block of the pool, without a mark, and gives it up to the handle.
        unsafe { Block::from_parts(bytes, pool) }
    }
}

impl<P, A> Block<P>
where
    P: StableDeref<Target = Waiting<A>>,
    A: BlockAlloc + ?Sized,
{
    /// Waits for a block of the pool behind `pool`, see [`Waiting::alloc_async`]. With an owning pointer
    /// both the future and its block may move to another task.
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
    ///     async move { packet.await[0] = 1 }
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
    type Output = Block<P>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Block<P>> {
        let this = self.get_mut();
        let ticket = match this.ticket {
            Some(ticket) => ticket,
            None => {
                if let Some(block) = this.try_at_once() {
                    return Poll::Ready(block);
                }
                let ticket = this.waiting().enter();
                *this.ticket.insert(ticket)
            }
        };
        let waiting = this.waiting();
        match waiting.queue.poll(ticket, context.waker()) {
            Some(held) => {
                let bytes = held.bytes(waiting.region());
                Poll::Ready(this.finish(bytes))
            }
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
            if let Some(held) = waiting.queue.leave(ticket) {
                // Whoever waits next must not sleep on.
                seeded!(waiting.give_back(held), "cancelled-waiter-keeps-its-block" => _ = held);
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
