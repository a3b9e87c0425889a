//! Blocks that check that no other holder wrote into them, and a time limit for tests that may
//! hang.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use block_core::{BlockAlloc, BlockAllocExt};
use block_lockfree::LockFreeAlloc;

/// An allocated block, filled with a number that no other block has.
pub struct Stamped<'a> {
    block: block_core::Block<&'a LockFreeAlloc>,
    stamp: u64,
}

impl<'a> Stamped<'a> {
    /// Allocates a block. Returns `None` if the pool is exhausted.
    pub fn alloc(pool: &'a LockFreeAlloc) -> Option<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let stamp = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut block = pool.alloc().ok()?;
        block.chunks_exact_mut(8).for_each(|word| word.copy_from_slice(&stamp.to_ne_bytes()));
        Some(Self { block, stamp })
    }

    /// Allocates a block.
    ///
    /// # Panics
    ///
    /// Panics if the pool is exhausted.
    pub fn must(pool: &'a LockFreeAlloc) -> Self {
        Self::alloc(pool).expect("invariant 3: the allocation failed, but a block is free")
    }

    /// Panics if another holder wrote into the block.
    pub fn check(&self) {
        for word in self.block.chunks_exact(8) {
            assert_eq!(word, self.stamp.to_ne_bytes(), "invariant 1: another holder wrote");
        }
    }
}

impl Drop for Stamped<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.check();
        }
    }
}

/// Checks that no block is allocated, and that every block can be allocated once.
pub fn expect_all_blocks(pool: &LockFreeAlloc) {
    assert_eq!(pool.available(), pool.capacity(), "invariant 2");
    let blocks: Vec<_> = (0..pool.capacity()).map(|_| Stamped::must(pool)).collect();
    assert!(Stamped::alloc(pool).is_none(), "invariant 1: more blocks than the capacity");
    assert_eq!(pool.available(), 0);
    drop(blocks);
    assert_eq!(pool.available(), pool.capacity(), "invariant 2");
}

/// Returns a guard. Ends the process with a message unless the guard is dropped within `seconds`,
/// so that a test that hangs fails.
pub fn deadline(what: &'static str, seconds: u64) -> mpsc::Sender<()> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let end = receiver.recv_timeout(Duration::from_secs(seconds));
        if end == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("{what}: the test hangs");
            std::process::abort();
        }
    });
    sender
}
