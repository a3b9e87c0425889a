//! The crate [`object-pool`](https://crates.io/crates/object-pool): a `Vec` of objects behind a
//! mutex of `parking_lot`. Its calls that refuse when it is empty, [`Pool::try_pull`], give it a
//! bound.

use std::fmt;

use block_core::BuildError;
use object_pool::{Pool, Reusable};

use super::guarded::{Guarded, Guards};
use crate::grid::Case;
use crate::lineup::{Entry, Kind, Subjects};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "object-pool",
    kind: Kind::Pool,
    usual: false,
    touches_all: true,
    paths: &["try-pull"],
    description: "the crate object-pool: a Vec of Vec<u8> behind a mutex",
    build,
};

fn build(case: &Case) -> Result<Subjects, BuildError> {
    let (block_size, arena) = (case.shape.block_size, case.shape.arena);
    let pool = Pool::new(arena, || Vec::with_capacity(block_size));
    Ok(vec![Box::new(Guarded(ObjectPool { pool, block_size, arena }))])
}

/// A pool of as many buffers as the arena has blocks.
pub struct ObjectPool {
    pool: Pool<Vec<u8>>,
    block_size: usize,
    arena: usize,
}

impl fmt::Debug for ObjectPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectPool").field("arena", &self.arena).finish_non_exhaustive()
    }
}

impl Guards for ObjectPool {
    type Guard<'a> = Reusable<'a, Vec<u8>>;

    fn block_size(&self) -> usize {
        self.block_size
    }

    #[inline(always)]
    fn get(&self) -> Option<Reusable<'_, Vec<u8>>> {
        self.pool.try_pull()
    }

    #[inline(always)]
    fn bytes(guard: &mut Reusable<'_, Vec<u8>>) -> *mut u8 {
        guard.as_mut_ptr()
    }

    fn bound(&self) -> Option<usize> {
        Some(self.arena)
    }

    fn available(&self) -> Option<usize> {
        Some(self.pool.len())
    }
}
