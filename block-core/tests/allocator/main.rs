//! Boxes, vectors and maps of other crates, with their memory in a pool.
#![cfg(all(feature = "allocator-api2", feature = "alloc"))]

mod contract;
mod element;
mod in_place;
mod limits;
mod model;
mod narrowed;
#[path = "../support/seeds.rs"]
mod seeds;
mod sharing;
#[path = "../support/mod.rs"]
mod support;
#[cfg(feature = "allocator-api2-04")]
mod versions;
mod world;

use std::alloc::Layout;
use std::collections::HashSet;
use std::ptr::NonNull;

use allocator_api2::alloc::Allocator;
use block_core::{BlockAlloc, BlockIndex, PoolAllocator};
use support::Pool;

/// A pool for containers, and the blocks of its region, which the allocator does not tell.
struct Watched {
    pool: PoolAllocator<Pool>,
    blocks: HashSet<usize>,
}

impl Watched {
    fn new(block_size: usize, capacity: usize) -> Self {
        let pool = Pool::new(block_size, capacity);
        pool.assert_only_held(&[]);
        let address = |index| pool.region().block(BlockIndex::new(index)).addr().get();
        let blocks = (0..capacity).map(address).collect();
        Self { pool: PoolAllocator::new(pool), blocks }
    }

    /// The block that holds all of these bytes, by its address (invariant 4).
    #[track_caller]
    fn block_of(&self, start: usize, bytes: usize) -> usize {
        let holds =
            |&&block: &&usize| block <= start && start + bytes <= block + self.pool.block_size();
        *self.blocks.iter().find(holds).expect("memory outside of every block")
    }

    /// Panics unless the pool is whole: it gives out each of its blocks once, and no other
    /// (invariants 1, 2 and 4).
    #[track_caller]
    fn assert_whole(&self) {
        assert_eq!(self.pool.available(), self.blocks.len(), "available blocks");
        let byte = Layout::new::<u8>();
        let taken: Vec<NonNull<u8>> =
            std::iter::from_fn(|| self.pool.allocate(byte).ok().map(NonNull::cast)).collect();
        assert_eq!(taken.len(), self.blocks.len(), "blocks given out");
        let distinct: HashSet<_> = taken.iter().map(|block| block.addr().get()).collect();
        assert_eq!(distinct, self.blocks);
        for block in taken {
            // SAFETY: allocated just now with this layout, and given back once.
            unsafe { self.pool.deallocate(block, byte) };
        }
    }
}

/// A layout of these sizes, which are right.
fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}
