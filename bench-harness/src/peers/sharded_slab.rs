//! The crate [`sharded-slab`](https://crates.io/crates/sharded-slab), its [`Pool`]: a slab with a
//! shard for each thread, whose slots keep the memory of what was in them.
//!
//! A slot's `Vec<u8>` begins empty and is given its capacity when it is first taken. There are two
//! ways to hold one on any thread. By its key: [`Pool::create_with`] shows the `Vec` to a closure
//! once, and [`Pool::clear`] gives it back. By an owned guard, which can be written to at any time,
//! and for that counts a reference to the pool at each take and each give, on one cache line for all
//! threads; dropped, its key is cleared. The guard that borrows the pool cannot go to another
//! thread.

use std::ptr::NonNull;
use std::sync::Arc;

use block_core::BuildError;
use sharded_slab::{Pool, pool::OwnedRefMut};

use super::guarded::{Guarded, Guards};
use crate::contender::Bare;
use crate::grid::Case;
use crate::lineup::{Entry, Kind, Subjects};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "sharded-slab",
    kind: Kind::Growing,
    usual: false,
    touches_all: false,
    paths: &["key", "owned"],
    description: "the crate sharded-slab: its Pool of Vec<u8>",
    build,
};

fn build(case: &Case) -> Result<Subjects, BuildError> {
    let (pool, block_size) = (Arc::new(Pool::new()), case.shape.block_size);
    let keys = Keys { pool: Arc::clone(&pool), block_size };
    Ok(vec![Box::new(Guarded(keys)), Box::new(Guarded(Owned { pool, block_size }))])
}

/// A slab of buffers, empty at first, each held by its key.
#[derive(Debug)]
pub struct Keys {
    pool: Arc<Pool<Vec<u8>>>,
    block_size: usize,
}

/// A slab of buffers, empty at first, each held by an owned guard.
#[derive(Debug)]
pub struct Owned {
    pool: Arc<Pool<Vec<u8>>>,
    block_size: usize,
}

/// A slot's key, and where its buffer lies until the key is cleared.
#[derive(Debug)]
pub struct Keyed {
    key: usize,
    bytes: Bare,
}

impl Guards for Keys {
    type Guard<'a> = Keyed;

    fn block_size(&self) -> usize {
        self.block_size
    }

    #[inline(always)]
    fn get(&self) -> Option<Keyed> {
        let mut bytes = NonNull::dangling();
        let key = self.pool.create_with(|buffer| {
            // Nothing to do from the second time on: cleared, it keeps its capacity.
            buffer.reserve(self.block_size);
            bytes = NonNull::new(buffer.as_mut_ptr()).unwrap_or(bytes);
        })?;
        Some(Keyed { key, bytes: Bare(bytes) })
    }

    #[inline(always)]
    fn bytes(guard: &mut Keyed) -> *mut u8 {
        guard.bytes.0.as_ptr()
    }

    #[inline(always)]
    fn put(&self, guard: Keyed) {
        self.pool.clear(guard.key);
    }
}

impl Guards for Owned {
    type Guard<'a> = OwnedRefMut<Vec<u8>>;

    fn block_size(&self) -> usize {
        self.block_size
    }

    #[inline(always)]
    fn get(&self) -> Option<OwnedRefMut<Vec<u8>>> {
        let mut guard = Arc::clone(&self.pool).create_owned()?;
        guard.reserve(self.block_size);
        Some(guard)
    }

    #[inline(always)]
    fn bytes(guard: &mut OwnedRefMut<Vec<u8>>) -> *mut u8 {
        guard.as_mut_ptr()
    }

    #[inline(always)]
    fn put(&self, guard: OwnedRefMut<Vec<u8>>) {
        let key = guard.key();
        drop(guard);
        self.pool.clear(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slab grows, so a slot that is never given back would go unnoticed.
    #[test]
    fn a_slot_that_is_given_back_is_taken_again_with_its_memory() {
        fn twice<G: Guards>(slab: &G) {
            let taken = || {
                let mut guard = slab.get().unwrap();
                let bytes = G::bytes(&mut guard);
                slab.put(guard);
                bytes
            };
            assert_eq!(taken(), taken());
        }
        twice(&Keys { pool: Arc::default(), block_size: 64 });
        twice(&Owned { pool: Arc::default(), block_size: 64 });
    }

    #[test]
    fn a_cleared_key_is_no_longer_in_use() {
        let slab = Owned { pool: Arc::default(), block_size: 64 };
        let guard = slab.get().unwrap();
        let key = guard.key();
        slab.put(guard);
        assert!(slab.pool.get(key).is_none());
    }
}
