//! What other backends may do: hold blocks for a moment, and zero them.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use block_core::wait::{AllocFuture, Waiting};
use block_core::{Block, BlockAlloc, BlockAllocExt, BlockLayout, Region};

use crate::tasks::poll_once;
use crate::{SIZE, assert_whole, support::Pool};

type Waiter = AllocFuture<Arc<Waiting<Hesitant>>, Hesitant>;

/// Takes a block for a bulk that fails, and lets somebody come and wait before it gives it back.
struct Hesitant {
    inner: Pool,
    watched: Arc<Watched>,
}

/// What a test sees of the backend that it gave away.
#[derive(Default)]
struct Watched {
    newcomer: Mutex<Option<Waiter>>,
    /// How many blocks came back.
    released: AtomicUsize,
}

// SAFETY: the inner pool keeps the contract; a bulk call holds a block only while it runs.
unsafe impl BlockAlloc for Hesitant {
    fn region(&self) -> &Region {
        self.inner.region()
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        self.inner.acquire()
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        self.watched.released.fetch_add(1, Ordering::Relaxed);
        // SAFETY: by this function's contract.
        unsafe { self.inner.release(block) };
    }

    fn available(&self) -> usize {
        self.inner.available()
    }

    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        let held = self.inner.acquire().expect("the only block is free");
        if let Some(newcomer) = self.watched.newcomer.lock().unwrap().as_mut() {
            assert!(poll_once(newcomer).is_pending(), "every block is held just now");
        }
        // SAFETY: acquired above.
        unsafe { self.inner.release(held) };
        blocks.fill(None);
        false
    }
}

fn hesitant() -> (Arc<Waiting<Hesitant>>, Arc<Watched>) {
    let watched = Arc::<Watched>::default();
    let backend = Hesitant { inner: Pool::new(SIZE, 1), watched: Arc::clone(&watched) };
    (Arc::new(Waiting::new(backend)), watched)
}

/// By a bulk call, or by the handle's drop.
fn give_back<'a, A: BlockAlloc>(pool: &'a A, held: Block<&'a A>, is_bulk: bool) {
    if is_bulk {
        pool.free_bulk(&mut [Some(held)]);
    } else {
        drop(held);
    }
}

/// Where anybody could take it first: that is why nobody starves.
#[test]
fn a_block_that_somebody_waits_for_does_not_pass_through_the_backend() {
    let (pool, watched) = hesitant();
    for is_bulk in [false, true] {
        let held = pool.alloc_wait().unwrap();
        let mut waiter = pool.alloc_async();
        assert!(poll_once(&mut waiter).is_pending());
        give_back(&*pool, held, is_bulk);
        assert_eq!(watched.released.swap(0, Ordering::Relaxed), 0);
        drop(poll_once(&mut waiter));
        assert_eq!(watched.released.swap(0, Ordering::Relaxed), 1, "nobody waits any more");
    }
    assert_whole(&*pool);
}

#[test]
fn a_bulk_that_fails_serves_who_came_while_it_held_a_block() {
    let (pool, watched) = hesitant();
    *watched.newcomer.lock().unwrap() = Some(Block::alloc_async_in(Arc::clone(&pool)));
    assert!(pool.alloc_bulk(&mut [const { None }; 2]).is_err());
    let mut newcomer = watched.newcomer.lock().unwrap().take().unwrap();
    assert!(poll_once(&mut newcomer).is_ready(), "a wakeup was lost");
    assert_whole(&*pool);
}

#[test]
fn a_block_that_goes_straight_to_a_waiter_is_zeroed_on_the_way() {
    let layout = BlockLayout::new(SIZE, 1).unwrap();
    let region = Region::options().zero_on_release(true).map(layout).unwrap();
    let pool = Waiting::new(Pool::over(region));
    for is_bulk in [false, true] {
        let mut held = pool.alloc_wait().unwrap();
        held.fill(7);
        let mut waiter = pool.alloc_async();
        assert!(poll_once(&mut waiter).is_pending());
        give_back(&pool, held, is_bulk);
        let Poll::Ready(Ok(block)) = poll_once(&mut waiter) else { panic!("it was given one") };
        assert_eq!(*block, [0; SIZE], "invariant 6");
    }
    assert_whole(&pool);
}
