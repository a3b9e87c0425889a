//! The pools that are used, and blocks of each that are kept for long.

use std::ptr::NonNull;
use std::sync::Arc;

use bench_harness::peers::paths;
use bench_harness::subject::Subject;
use block_core::wait::Waiting;
use block_core::{Block, BlockAlloc, BuildError};
use block_lockfree::LockFreeAlloc;
use block_mutex::MutexAlloc;
use fastrand::Rng;

/// Bytes of a block.
pub(crate) const BLOCK_SIZE: usize = 256;

/// Blocks of each pool that somebody has all the time, so that what is held is never nothing.
const KEPT: usize = 64;

/// Kept blocks that are exchanged for others each second.
const EXCHANGED: usize = 8;

/// A pool, and what may be done with it.
pub(crate) struct Pool {
    /// As the harness calls it.
    pub(crate) name: &'static str,
    /// By handle, raw and unchecked.
    pub(crate) paths: Vec<Box<dyn Subject>>,
    pub(crate) alloc: Arc<dyn BlockAlloc>,
    /// The pool again, if signal handlers may use it, and children whose parent's threads are in the
    /// middle of a call. A handler or child that finds a mutex locked would wait for ever.
    pub(crate) lock_free: Option<Arc<LockFreeAlloc>>,
    /// The pool again, if its blocks can be waited for.
    pub(crate) waiting: Option<Arc<Waiting<LockFreeAlloc>>>,
    pub(crate) kept: Kept,
}

impl Pool {
    /// A pool with nothing but what all pools have.
    ///
    /// # Errors
    ///
    /// If it has no blocks to keep.
    pub(crate) fn over<A: paths::Pool>(name: &'static str, pool: Arc<A>) -> Result<Self, String> {
        let alloc: Arc<dyn BlockAlloc> = Arc::<A>::clone(&pool);
        let kept = Kept::new(&alloc).map_err(|wrong| format!("{name}: {wrong}"))?;
        Ok(Self { name, paths: paths::all(pool), alloc, lock_free: None, waiting: None, kept })
    }

    /// Blocks that nobody keeps.
    pub(crate) fn free(&self) -> usize {
        self.alloc.capacity() - self.kept.blocks.len()
    }
}

/// One of each kind, of so many blocks.
///
/// # Errors
///
/// If one cannot be built.
pub(crate) fn all(capacity: usize) -> Result<Vec<Pool>, String> {
    let refused = |error: BuildError| error.to_string();
    let magazines = || LockFreeAlloc::new(BLOCK_SIZE, capacity).map_err(refused);
    let lock_free = |name, pool: LockFreeAlloc| {
        let pool = Arc::new(pool);
        let lock_free = Some(Arc::clone(&pool));
        Ok::<_, String>(Pool { lock_free, ..Pool::over(name, pool)? })
    };
    let waiting = Arc::new(Waiting::new(magazines()?));
    let mutex = MutexAlloc::new(BLOCK_SIZE, capacity).map_err(refused)?;
    Ok(vec![
        lock_free("lock-free", magazines()?)?,
        lock_free("plain-stack", magazines()?.with_magazine(0))?,
        Pool::over("mutex", Arc::new(mutex))?,
        Pool { waiting: Some(Arc::clone(&waiting)), ..Pool::over("waiting", waiting)? },
    ])
}

/// Blocks that are held from second to second, each with a stamp of its own all over.
pub(crate) struct Kept {
    blocks: Vec<(Block<Arc<dyn BlockAlloc>>, u64)>,
    pool: Arc<dyn BlockAlloc>,
    stamps: u64,
}

impl Kept {
    fn new(pool: &Arc<dyn BlockAlloc>) -> Result<Self, String> {
        let pool = Arc::clone(pool);
        let mut kept = Self { blocks: Vec::with_capacity(KEPT), pool, stamps: 0 };
        (0..KEPT).try_for_each(|_| kept.take())?;
        Ok(kept)
    }

    fn take(&mut self) -> Result<(), String> {
        let block = Block::alloc_in(Arc::clone(&self.pool));
        let mut block = block.map_err(|_| "refused a block that is kept, with others free")?;
        self.stamps += 1;
        fill(&mut block, self.stamps);
        self.blocks.push((block, self.stamps));
        Ok(())
    }

    /// Looks at every block, and exchanges some.
    ///
    /// # Errors
    ///
    /// If somebody else wrote to one, or there is none to exchange.
    pub(crate) fn exchange(&mut self, random: &mut Rng) -> Result<(), String> {
        for (block, stamp) in &self.blocks {
            if !is_filled(block, *stamp) {
                return Err(format!("block {:p}, which was kept, was written to", block.as_ptr()));
            }
        }
        for _ in 0..EXCHANGED {
            drop(self.blocks.swap_remove(random.usize(..self.blocks.len())));
            self.take()?;
        }
        Ok(())
    }

    /// Where they are.
    pub(crate) fn places(&self) -> impl Iterator<Item = NonNull<u8>> {
        self.blocks.iter().map(|(block, _)| NonNull::from(&**block).cast())
    }

    /// Which of all blocks of the pool they are.
    pub(crate) fn marks(&self) -> Vec<bool> {
        let mut marks = vec![false; self.pool.capacity()];
        for index in self.places().filter_map(|block| self.pool.region().locate(block).ok()) {
            marks[index.get()] = true;
        }
        marks
    }
}

/// Writes the stamp all over the block.
pub(crate) fn fill(block: &mut [u8], stamp: u64) {
    for word in block.chunks_exact_mut(size_of::<u64>()) {
        word.copy_from_slice(&stamp.to_ne_bytes());
    }
}

/// Whether the stamp is all over the block.
pub(crate) fn is_filled(block: &[u8], stamp: u64) -> bool {
    block.chunks_exact(size_of::<u64>()).all(|word| word == stamp.to_ne_bytes())
}
