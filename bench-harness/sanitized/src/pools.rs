//! The pools that are watched.

use block_core::wait::Waiting;
use block_core::{BlockAlloc, BlockLayout, BuildError, Region};
use block_lockfree::LockFreeAlloc;
use block_mutex::MutexAlloc;

/// Less than the stride: there is a gap behind each block.
pub const BLOCK_SIZE: usize = 104;

/// A kind of pool.
#[derive(Debug)]
pub struct Kind {
    name: &'static str,
    build: fn(usize) -> Result<Box<dyn BlockAlloc>, BuildError>,
}

/// All kinds.
pub const POOLS: &[Kind] = &[
    Kind { name: "magazines", build: |capacity| Ok(Box::new(magazines(capacity)?)) },
    Kind {
        name: "magazines of two",
        build: |capacity| Ok(Box::new(magazines(capacity)?.with_magazine(2))),
    },
    Kind { name: "plain stack", build: |capacity| Ok(Box::new(plain_stack(capacity)?)) },
    Kind { name: "mutex", build: |capacity| Ok(Box::new(mutex(capacity)?)) },
    Kind {
        name: "magazines, hardened",
        build: |capacity| Ok(Box::new(LockFreeAlloc::from_region(hardened(capacity)?)?)),
    },
    Kind {
        name: "plain stack, hardened",
        build: |capacity| {
            Ok(Box::new(LockFreeAlloc::from_region(hardened(capacity)?)?.with_magazine(0)))
        },
    },
    Kind {
        name: "mutex, hardened",
        build: |capacity| Ok(Box::new(MutexAlloc::from_region(hardened(capacity)?)?)),
    },
    Kind {
        name: "magazines, waited for",
        build: |capacity| Ok(Box::new(Waiting::new(magazines(capacity)?))),
    },
    Kind {
        name: "mutex, waited for",
        build: |capacity| Ok(Box::new(Waiting::new(mutex(capacity)?))),
    },
];

impl Kind {
    /// Runs something over a new pool, to which every block must have come back after it.
    pub fn with(&self, capacity: usize, run: impl FnOnce(&dyn BlockAlloc)) {
        let pool = (self.build)(capacity).expect("memory for a small pool");
        run(&*pool);
        assert_eq!(pool.available(), capacity, "blocks came back to the pool of {}", self.name);
    }
}

pub fn magazines(capacity: usize) -> Result<LockFreeAlloc, BuildError> {
    LockFreeAlloc::new(BLOCK_SIZE, capacity)
}

pub fn plain_stack(capacity: usize) -> Result<LockFreeAlloc, BuildError> {
    Ok(magazines(capacity)?.with_magazine(0))
}

/// The region's own looks at free blocks, and at what is behind blocks, are watched as well.
fn hardened(capacity: usize) -> Result<Region, BuildError> {
    let layout = BlockLayout::new(BLOCK_SIZE, capacity)?.with_guard(16)?;
    Ok(Region::options().verify_on_acquire(true).map(layout)?)
}

pub fn mutex(capacity: usize) -> Result<MutexAlloc, BuildError> {
    MutexAlloc::new(BLOCK_SIZE, capacity)
}
