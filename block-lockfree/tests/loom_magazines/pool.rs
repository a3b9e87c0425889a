//! A pool whose holders leave traces, and how a model of it is run.

use std::array;

use block_core::backend::Retirable;
use block_core::models::sync::Arc;
use block_core::models::sync::atomic::{AtomicUsize, Ordering};
use block_core::models::{self, Bound, UnsafeCell, thread};
use block_core::{BlockIndex, BlockLayout, Region};
use block_lockfree::magazines::{Magazines, Shared, magazine_offset_of};
use block_lockfree::stack::Stack;

/// What a thread has that got no number, because too many others live.
pub const NO_NUMBER: usize = usize::MAX - 1;

/// A pool, the payload of its blocks, and a flag for the bodies.
pub struct Pool {
    pub region: Retirable<Region>,
    pub stack: Stack,
    pub magazines: Magazines,
    pub payload: Vec<UnsafeCell<usize>>,
    pub flag: AtomicUsize,
    /// Updated at the start of every call; orders nothing in the memory model.
    pub calls: AtomicUsize,
}

impl Pool {
    pub fn new(capacity: usize) -> Arc<Self> {
        let region = Region::heap(BlockLayout::new(1, capacity).unwrap()).unwrap();
        Arc::new(Self {
            stack: Stack::new(&region).unwrap(),
            magazines: Magazines::new(&region, usize::MAX),
            payload: (0..capacity).map(|_| UnsafeCell::new(0)).collect(),
            flag: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            region: Retirable::new(region),
        })
    }

    /// The rest of the pool, for one call on the magazines.
    pub fn call(&self) -> Shared<'_> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Shared { region: &self.region, stack: &self.stack }
    }

    /// A plain write to a block that the caller holds.
    pub fn touch(&self, block: BlockIndex) {
        // SAFETY: the caller is the only holder (invariant 1); loom reports it if not.
        self.payload[block.get()].with_mut(|bytes| unsafe { *bytes += 1 });
    }

    pub fn acquire(&self, number: usize) -> Option<BlockIndex> {
        let block = self.magazines.acquire(magazine_offset_of(number), self.call())?;
        let block = self.region.locate(block).expect("invariant 4");
        self.touch(block);
        Some(block)
    }

    /// Within the caller's share.
    pub fn acquire_own(&self, number: usize) -> BlockIndex {
        self.acquire(number).expect("invariant 3: at every instant a block was free")
    }

    pub fn release(&self, number: usize, block: BlockIndex) {
        self.touch(block);
        // SAFETY: the caller holds the block.
        unsafe {
            self.magazines.release(
                magazine_offset_of(number),
                self.call(),
                self.region.block(block),
            )
        };
    }

    pub fn acquire_and_release(&self, number: usize) {
        let block = self.acquire_own(number);
        self.release(number, block);
    }

    pub fn acquire_bulk<const N: usize>(&self, number: usize) -> Option<[BlockIndex; N]> {
        let mut blocks = [None; N];
        self.magazines.acquire_bulk(magazine_offset_of(number), self.call(), &mut blocks).then(
            || {
                blocks.map(|block| {
                    let block = self.region.locate(block.unwrap()).expect("invariant 4");
                    self.touch(block);
                    block
                })
            },
        )
    }

    pub fn release_bulk<const N: usize>(&self, number: usize, blocks: [BlockIndex; N]) {
        let blocks = blocks.map(|block| {
            self.touch(block);
            Some(self.region.block(block))
        });
        // SAFETY: the caller holds the blocks.
        unsafe { self.magazines.release_bulk(magazine_offset_of(number), self.call(), &blocks) };
    }

    pub fn available(&self) -> usize {
        self.magazines.free_blocks(self.call()).count()
    }

    /// Takes so many blocks.
    pub fn take<const N: usize>(&self, number: usize) -> [BlockIndex; N] {
        array::from_fn(|_| self.acquire_own(number))
    }

    /// Leaves all blocks of a pool of at most two in the magazine of this number.
    pub fn cache_all(&self, number: usize) {
        // Whoever takes all comes by the end of a cool-down, if there was one.
        let blocks: Vec<_> = (0..self.payload.len()).map(|_| self.acquire_own(number)).collect();
        blocks.into_iter().for_each(|block| self.release(number, block));
        assert_eq!(self.stack.pop(), None, "all are cached");
    }

    /// Invariants 1 and 2, when all is quiet: `free` blocks are left, each once.
    pub fn assert_left(&self, free: usize) {
        assert_eq!(self.available(), free, "invariant 2: conserved");
        // Past the magazines and the depot: what is in them must come to the stack.
        let mut left: Vec<_> = std::iter::from_fn(|| self.acquire(NO_NUMBER)).collect();
        left.sort();
        left.dedup();
        assert_eq!(left.len(), free, "invariants 1 and 2: each block once, none lost");
    }
}

/// How many blocks are free when the bodies of a model have ended.
pub struct Leaves(pub usize);

/// The preemptions of an execution.
pub struct Within(pub usize);

/// A model that starts from `prepare`, runs the bodies at once, with the blocks that `prepare` left
/// them, and checks that so many blocks are free in the end.
pub fn model<const N: usize>(
    capacity: usize,
    prepare: fn(&Pool) -> [BlockIndex; N],
    bodies: [fn(&Pool, [BlockIndex; N]); 2],
    Leaves(free): Leaves,
    Within(preemptions): Within,
) {
    for [main, spawned] in [bodies, [bodies[1], bodies[0]]] {
        check(preemptions, move || {
            let pool = Pool::new(capacity);
            let held = prepare(&pool);
            let other = Arc::clone(&pool);
            let thread = thread::spawn(move || spawned(&other, held));
            main(&pool, held);
            thread.join().unwrap();
            pool.assert_left(free);
        });
    }
}

/// Runs every execution of a body within so many preemptions.
pub fn check(preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    models::check(Bound::Within(preemptions), body);
}

pub const NOTHING_HELD: [BlockIndex; 0] = [];
