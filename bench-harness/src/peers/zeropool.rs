//! The crate [`zeropool`](https://crates.io/crates/zeropool): byte buffers by size class, a few
//! cached by each thread, the others in a crossbeam `ArrayQueue`. What neither has is allocated.
//!
//! Its classes start at 4 KiB and are a factor of four apart: a block of 64 bytes takes 4 KiB of
//! memory. Its plain call zeroes the whole block, its other one does not; both are measured, over
//! one pool. The queue is made as long as the threads hold blocks, up to [`MOST_SHARED`], the rest
//! is as the crate sets it.

use std::sync::Arc;

use block_core::BuildError;
use zeropool::{Buf, BufUninit, ZeroPool};

use super::guarded::{Guarded, Guards};
use crate::contender::Shape;
use crate::grid::Case;
use crate::lineup::{Entry, Kind, Subjects};

/// The longest queue: there are eight, one for each class, and all are allocated at once.
pub const MOST_SHARED: usize = 100_000;

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "zeropool",
    kind: Kind::Growing,
    usual: false,
    touches_all: false,
    paths: &["zeroed", "uninit"],
    description: "the crate zeropool: buffers of 4 KiB and up, cached by thread",
    build,
};

fn build(case: &Case) -> Result<Subjects, BuildError> {
    let Shape { block_size, threads, held, .. } = case.shape;
    let pool = ZeroPool::new().max_buffers_per_class((threads * held).min(MOST_SHARED));
    let pool = Arc::new(pool);
    let zeroed = Zeroed { pool: Arc::clone(&pool), block_size };
    Ok(vec![Box::new(Guarded(zeroed)), Box::new(Guarded(Uninit { pool, block_size }))])
}

/// [`ZeroPool::alloc`].
#[derive(Debug)]
pub struct Zeroed {
    pool: Arc<ZeroPool>,
    block_size: usize,
}

/// [`ZeroPool::alloc_uninit`].
#[derive(Debug)]
pub struct Uninit {
    pool: Arc<ZeroPool>,
    block_size: usize,
}

impl Guards for Zeroed {
    type Guard<'a> = Buf<'a>;

    fn block_size(&self) -> usize {
        self.block_size
    }

    #[inline(always)]
    fn get(&self) -> Option<Buf<'_>> {
        Some(self.pool.alloc(self.block_size))
    }

    #[inline(always)]
    fn bytes(guard: &mut Buf<'_>) -> *mut u8 {
        guard.as_mut_ptr()
    }
}

impl Guards for Uninit {
    type Guard<'a> = BufUninit<'a>;

    fn block_size(&self) -> usize {
        self.block_size
    }

    #[inline(always)]
    fn get(&self) -> Option<BufUninit<'_>> {
        Some(self.pool.alloc_uninit(self.block_size))
    }

    #[inline(always)]
    fn bytes(guard: &mut BufUninit<'_>) -> *mut u8 {
        guard.as_uninit_mut().as_mut_ptr().cast()
    }
}
