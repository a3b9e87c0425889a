//! The crate [`opool`](https://crates.io/crates/opool): objects in a crossbeam `ArrayQueue`. Its
//! call that refuses when it is empty, [`Pool::try_get`], gives it a bound; its guards borrow the
//! pool. Buffers come round first in, first out.

use block_core::BuildError;
use opool::{Pool, PoolAllocator, RefGuard};

use super::guarded::{Guarded, Guards};
use crate::grid::Case;
use crate::lineup::{Entry, Kind, Subjects};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "opool",
    kind: Kind::Pool,
    usual: false,
    touches_all: true,
    paths: &["try-get"],
    description: "the crate opool: Vec<u8> objects in a crossbeam ArrayQueue",
    build,
};

fn build(case: &Case) -> Result<Subjects, BuildError> {
    let block_size = case.shape.block_size;
    let pool = Pool::new_prefilled(case.shape.arena, Buffers { block_size });
    Ok(vec![Box::new(Guarded(Opool { pool, block_size }))])
}

/// How the pool makes its objects.
#[derive(Debug)]
pub struct Buffers {
    block_size: usize,
}

impl PoolAllocator<Vec<u8>> for Buffers {
    fn allocate(&self) -> Vec<u8> {
        Vec::with_capacity(self.block_size)
    }
}

/// A pool of as many buffers as the arena has blocks.
#[derive(Debug)]
pub struct Opool {
    pool: Pool<Buffers, Vec<u8>>,
    block_size: usize,
}

impl Guards for Opool {
    type Guard<'a> = RefGuard<'a, Buffers, Vec<u8>>;

    const ROTATES: bool = true;

    fn block_size(&self) -> usize {
        self.block_size
    }

    #[inline(always)]
    fn get(&self) -> Option<RefGuard<'_, Buffers, Vec<u8>>> {
        self.pool.try_get()
    }

    #[inline(always)]
    fn bytes(guard: &mut RefGuard<'_, Buffers, Vec<u8>>) -> *mut u8 {
        guard.as_mut_ptr()
    }

    fn bound(&self) -> Option<usize> {
        Some(self.pool.capacity())
    }

    fn available(&self) -> Option<usize> {
        Some(self.pool.len())
    }
}
