//! The three ways through a pool: handle, raw (checked), unchecked. One pool serves all three of a
//! cell, one after the other, so they share its memory and its wear.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use block_core::{Block, BlockAlloc, BlockAllocExt, BuildError, FreeError};
use block_lockfree::LockFreeAlloc;
use block_mutex::MutexAlloc;

use crate::contender::{Bare, Contender, Hand, Shape};
use crate::lineup::{Entry, Kind, Subjects};

/// The names of the paths, in the order in which [`all`] and [`rotating`] make them.
pub const NAMES: [&str; 3] = ["handle", "raw", "unchecked"];

/// The lock-free pool's line in the registry.
pub const LOCK_FREE: Entry = Entry {
    name: "block-lockfree",
    kind: Kind::Pool,
    usual: true,
    touches_all: false,
    paths: &NAMES,
    description: "a magazine for each thread over a lock-free stack",
    build: |case| Ok(all(Arc::new(lock_free(&case.shape)?))),
};

/// The line in the registry of the lock-free pool without magazines.
pub const PLAIN_STACK: Entry = Entry {
    name: "plain-stack",
    kind: Kind::Pool,
    usual: true,
    touches_all: false,
    paths: &NAMES,
    description: "block-lockfree without magazines: the plain compare-and-swap stack",
    build: |case| Ok(all(Arc::new(lock_free(&case.shape)?.with_magazine(0)))),
};

/// The mutex pool's line in the registry.
pub const MUTEX: Entry = Entry {
    name: "block-mutex",
    kind: Kind::Pool,
    usual: true,
    touches_all: false,
    paths: &NAMES,
    description: "a free list behind a mutex, the reference",
    build: |case| Ok(all(Arc::new(MutexAlloc::new(case.shape.block_size, case.shape.arena)?))),
};

pub(crate) fn lock_free(shape: &Shape) -> Result<LockFreeAlloc, BuildError> {
    LockFreeAlloc::new(shape.block_size, shape.arena)
}

/// The three paths of a pool that hands out the blocks given back last.
pub fn all<A: Pool>(pool: Arc<A>) -> Subjects {
    through(pool, false)
}

/// The three paths of a pool whose blocks come round in turn.
pub fn rotating<A: Pool>(pool: Arc<A>) -> Subjects {
    through(pool, true)
}

fn through<A: Pool>(pool: Arc<A>, rotates: bool) -> Subjects {
    vec![
        Box::new(Through::<A, Handles> { rotates, ..Through::new(Arc::clone(&pool)) }),
        Box::new(Through::<A, Checks> { rotates, ..Through::new(Arc::clone(&pool)) }),
        Box::new(Through::<A, Bares> { rotates, ..Through::new(pool) }),
    ]
}

/// A pool that can be measured: any that can be printed in an error.
pub trait Pool: BlockAlloc + Debug + 'static {}

impl<A: BlockAlloc + Debug + 'static> Pool for A {}

/// A way through any pool.
pub trait Path: Debug + Send + Sync + 'static {
    /// What a thread works through.
    type Hand<'a, A: Pool>: Hand;

    /// A thread's hand.
    fn hand<A: Pool>(pool: &A) -> Self::Hand<'_, A>;
}

/// The path `P` through a pool.
#[derive(Debug)]
pub struct Through<A, P> {
    pool: Arc<A>,
    rotates: bool,
    path: PhantomData<P>,
}

impl<A: Pool, P: Path> Through<A, P> {
    /// The path through a pool that hands out the blocks given back last.
    pub fn new(pool: Arc<A>) -> Self {
        Self { pool, rotates: false, path: PhantomData }
    }
}

impl<A: Pool, P: Path> Contender for Through<A, P> {
    type Hand<'a> = P::Hand<'a, A>;

    fn hand(&self, _thread: usize) -> Self::Hand<'_> {
        P::hand(&*self.pool)
    }

    fn pool(&self) -> Option<&dyn BlockAlloc> {
        Some(&*self.pool)
    }

    fn rotates(&self) -> bool {
        self.rotates
    }

    fn moves_in_bulk(&self) -> bool {
        true
    }
}

/// Safe handles: [`BlockAllocExt::alloc`], and back by dropping; many by [`BlockAllocExt::alloc_bulk`]
/// and [`BlockAllocExt::free_bulk`].
#[derive(Debug)]
pub struct Handles;

/// Checked pointers: [`BlockAlloc::alloc_raw`] and [`BlockAlloc::free_raw`].
#[derive(Debug)]
pub struct Checks;

/// Bare pointers: [`BlockAlloc::acquire`] and [`BlockAlloc::release`].
#[derive(Debug)]
pub struct Bares;

/// A hand that takes handles.
#[derive(Debug)]
pub struct HandleHand<'a, A>(&'a A);

/// A hand that takes checked pointers.
#[derive(Debug)]
pub struct CheckedHand<'a, A>(&'a A);

/// A hand that takes bare pointers.
#[derive(Debug)]
pub struct BareHand<'a, A>(&'a A);

impl Path for Handles {
    type Hand<'a, A: Pool> = HandleHand<'a, A>;

    fn hand<A: Pool>(pool: &A) -> HandleHand<'_, A> {
        HandleHand(pool)
    }
}

impl Path for Checks {
    type Hand<'a, A: Pool> = CheckedHand<'a, A>;

    fn hand<A: Pool>(pool: &A) -> CheckedHand<'_, A> {
        CheckedHand(pool)
    }
}

impl Path for Bares {
    type Hand<'a, A: Pool> = BareHand<'a, A>;

    fn hand<A: Pool>(pool: &A) -> BareHand<'_, A> {
        BareHand(pool)
    }
}

impl<'a, A: Pool> Hand for HandleHand<'a, A> {
    type Held = Block<&'a A>;

    #[inline(always)]
    fn take(&mut self) -> Option<Block<&'a A>> {
        self.0.alloc().ok()
    }

    #[inline(always)]
    fn bytes(held: &mut Block<&'a A>) -> *mut u8 {
        held.as_mut_ptr()
    }

    #[inline(always)]
    fn give(&mut self, held: Block<&'a A>) -> Result<(), FreeError> {
        drop(held);
        Ok(())
    }

    #[inline(always)]
    fn take_bulk(&mut self, blocks: &mut [Option<Block<&'a A>>]) -> bool {
        self.0.alloc_bulk(blocks).is_ok()
    }

    #[inline(always)]
    fn give_bulk(&mut self, blocks: &mut [Option<Block<&'a A>>]) -> Result<(), FreeError> {
        self.0.free_bulk(blocks);
        Ok(())
    }
}

impl<A: Pool> Hand for CheckedHand<'_, A> {
    type Held = Bare;

    #[inline(always)]
    fn take(&mut self) -> Option<Bare> {
        self.0.alloc_raw().ok().map(Bare)
    }

    #[inline(always)]
    fn bytes(held: &mut Bare) -> *mut u8 {
        held.0.as_ptr()
    }

    #[inline(always)]
    fn give(&mut self, held: Bare) -> Result<(), FreeError> {
        // SAFETY: the token is used up, and no copy of the pointer is used after it.
        unsafe { self.0.free_raw(held.0) }
    }

    #[inline(always)]
    fn take_bulk(&mut self, blocks: &mut [Option<Bare>]) -> bool {
        self.0.alloc_bulk_raw(Bare::pointers(blocks)).is_ok()
    }

    #[inline(always)]
    fn give_bulk(&mut self, blocks: &mut [Option<Bare>]) -> Result<(), FreeError> {
        // SAFETY: the tokens are used up, and no copy of the pointers is used after it.
        unsafe { self.0.free_bulk_raw(Bare::pointers(blocks)) }
    }
}

impl<A: Pool> Hand for BareHand<'_, A> {
    type Held = Bare;

    #[inline(always)]
    fn take(&mut self) -> Option<Bare> {
        self.0.acquire().map(Bare)
    }

    #[inline(always)]
    fn bytes(held: &mut Bare) -> *mut u8 {
        held.0.as_ptr()
    }

    #[inline(always)]
    fn give(&mut self, held: Bare) -> Result<(), FreeError> {
        // SAFETY: the token came from `acquire` of the same pool (a run never mixes two
        // contenders), is used up here, and no copy of the pointer is used after it.
        unsafe { self.0.release(held.0) };
        Ok(())
    }

    #[inline(always)]
    fn take_bulk(&mut self, blocks: &mut [Option<Bare>]) -> bool {
        self.0.acquire_bulk(Bare::pointers(blocks))
    }

    #[inline(always)]
    fn give_bulk(&mut self, blocks: &mut [Option<Bare>]) -> Result<(), FreeError> {
        // SAFETY: every entry is a token that `acquire_bulk` of the same pool filled in, so they
        // are as many blocks; all are used up here, and no copy of a pointer is used after it.
        unsafe { self.0.release_bulk(Bare::pointers(blocks)) };
        Ok(())
    }
}
