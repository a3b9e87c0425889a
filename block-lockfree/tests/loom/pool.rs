//! A stack whose holders leave traces, and how a model of it is run.

use block_core::models::sync::Arc;
use block_core::models::{Bound, UnsafeCell, check, thread};
use block_core::{BlockIndex, BlockLayout, Region};
use block_lockfree::stack::Stack;

/// A stack and the payload of its blocks.
pub struct Pool {
    pub stack: Stack,
    payload: Vec<UnsafeCell<usize>>,
}

impl Pool {
    pub fn new(capacity: usize) -> Arc<Self> {
        let region = Region::heap(BlockLayout::new(1, capacity).unwrap()).unwrap();
        Arc::new(Self {
            stack: Stack::new(&region).unwrap(),
            payload: (0..capacity).map(|_| UnsafeCell::new(0)).collect(),
        })
    }

    /// A plain write to a block that the caller holds.
    pub fn touch(&self, block: BlockIndex) {
        // SAFETY: the caller is the only holder (invariant 1); loom reports it if not.
        self.payload[block.get()].with_mut(|bytes| unsafe { *bytes += 1 });
    }

    pub fn pop(&self) -> Option<BlockIndex> {
        let block = self.stack.pop();
        block.inspect(|&block| self.touch(block));
        block
    }

    pub fn push(&self, block: BlockIndex) {
        self.touch(block);
        self.stack.push(block);
    }

    pub fn pop_bulk<const N: usize>(&self) -> Option<[BlockIndex; N]> {
        let mut blocks = [BlockIndex::new(usize::MAX); N];
        let taken = self.stack.pop_bulk(N, |position, block| blocks[position] = block);
        taken.then(|| blocks.each_ref().map(|&block| (self.touch(block), block).1))
    }

    pub fn push_bulk(&self, blocks: &[BlockIndex]) {
        blocks.iter().for_each(|&block| self.touch(block));
        self.stack.push_bulk(blocks.iter().copied());
    }

    /// Invariants 1 and 2, when all is quiet: `free` blocks are left, each once.
    pub fn assert_left(&self, free: usize) {
        let mut left = Vec::new();
        loop {
            let content = self.stack.look().expect("no other thread moves the head");
            assert_eq!(content.count() + left.len(), free, "invariants 2 and F: depths are right");
            let Some(block) = self.pop() else { break };
            left.push(block);
        }
        left.sort();
        left.dedup();
        assert_eq!(left.len(), free, "invariants 1 and 2: each block once, none lost");
    }
}

/// A model that starts from `prepare`, runs each body on a thread of its own, and checks that
/// `free` blocks are left.
pub fn model(
    capacity: usize,
    prepare: fn(&Pool),
    bodies: &'static [fn(&Pool)],
    Leaves(free): Leaves,
) {
    // All executions of two threads take hours since a push reads the depth below it.
    let bound = Bound::Within(if bodies.len() <= 2 { 4 } else { 3 });
    check(bound, move || {
        let pool = Pool::new(capacity);
        prepare(&pool);
        let run = |body: &fn(&Pool)| {
            let (pool, body) = (Arc::clone(&pool), *body);
            thread::spawn(move || body(&pool))
        };
        let threads: Vec<_> = bodies.iter().map(run).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        pool.assert_left(free);
    });
}

/// How many blocks are free when the threads of a model have ended.
pub struct Leaves(pub usize);

/// All blocks have been used once, so that the links are written ones; block 0 on top.
pub fn used_once(pool: &Pool) {
    let mut blocks: Vec<_> = std::iter::from_fn(|| pool.pop()).collect();
    blocks.reverse();
    blocks.into_iter().for_each(|block| pool.push(block));
}

pub fn untouched(_: &Pool) {}

pub fn pop_push(pool: &Pool) {
    if let Some(block) = pool.pop() {
        pool.push(block);
    }
}

pub fn pop_two_push_the_first(pool: &Pool) {
    let (first, second) = (pool.pop(), pool.pop());
    if let Some(block) = first {
        pool.push(block);
    }
    if let Some(block) = second {
        pool.push(block);
    }
}
