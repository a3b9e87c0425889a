//! The crate [`lockfree-object-pool`](https://crates.io/crates/lockfree-object-pool), the pool of
//! it that has no lock, [`LinearObjectPool`]: a list of pages of 32 objects, each with a word that
//! says which of them are free.
//!
//! It has no call that refuses: it makes another page when all are full. It looks for a free object
//! from the first page on, so a take costs as many loads as there are full pages, and to fill it
//! costs the square of what is held. Nearly full arenas would take it minutes to fill, and are left
//! out.

use std::fmt;

use block_core::BuildError;
use lockfree_object_pool::{LinearObjectPool, LinearReusable};

use super::guarded::{Guarded, Guards};
use crate::grid::Case;
use crate::lineup::{Entry, Kind, Subjects};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "lockfree-object-pool",
    kind: Kind::Linear,
    usual: false,
    touches_all: false,
    paths: &["pull"],
    description: "the crate lockfree-object-pool: its list of pages of 32 Vec<u8>",
    build,
};

fn build(case: &Case) -> Result<Subjects, BuildError> {
    let block_size = case.shape.block_size;
    let pool = LinearObjectPool::new(move || Vec::with_capacity(block_size), |_| {});
    Ok(vec![Box::new(Guarded(LockfreeObjectPool { pool, block_size }))])
}

/// A pool that starts with a page of 32 buffers.
pub struct LockfreeObjectPool {
    pool: LinearObjectPool<Vec<u8>>,
    block_size: usize,
}

impl fmt::Debug for LockfreeObjectPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockfreeObjectPool").finish_non_exhaustive()
    }
}

impl Guards for LockfreeObjectPool {
    type Guard<'a> = LinearReusable<'a, Vec<u8>>;

    fn block_size(&self) -> usize {
        self.block_size
    }

    #[inline(always)]
    fn get(&self) -> Option<LinearReusable<'_, Vec<u8>>> {
        Some(self.pool.pull())
    }

    #[inline(always)]
    fn bytes(guard: &mut LinearReusable<'_, Vec<u8>>) -> *mut u8 {
        guard.as_mut_ptr()
    }
}
