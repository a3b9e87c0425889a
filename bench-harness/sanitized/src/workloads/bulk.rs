//! Several blocks in one call, by handle and raw: of a size that magazines take at once, and of one that
//! takes a batch of them.

use block_core::{BlockAlloc, BlockAllocExt};

use super::{Bench, THREADS, stamp};
use crate::held::{Held, check, fill};
use crate::threads::{Gate, together};

pub fn run(bench: &Bench<'_>) {
    let gate = Gate::default();
    together(THREADS, |number| {
        gate.pass(THREADS);
        for round in 0..bench.rounds.div_ceil(40) {
            raw::<12>(bench.pool, stamp(number, round));
            handles::<12>(bench.pool, stamp(number, round));
            raw::<40>(bench.pool, stamp(number, round));
            handles::<40>(bench.pool, stamp(number, round));
        }
    });
}

fn raw<const COUNT: usize>(pool: &dyn BlockAlloc, stamp: usize) {
    let mut blocks = [None; COUNT];
    pool.alloc_bulk_raw(&mut blocks).expect("there are enough");
    let held = |block: &_| Held::Raw(pool, *block);
    blocks.iter().flatten().map(held).for_each(|mut held| fill(held.bytes(), stamp));
    blocks.iter().flatten().map(held).for_each(|mut held| check(held.bytes(), stamp));
    // SAFETY: out raw, and not used any more.
    unsafe { pool.free_bulk_raw(&mut blocks) }.expect("a right free");
}

fn handles<const COUNT: usize>(pool: &dyn BlockAlloc, stamp: usize) {
    let mut blocks = [const { None }; COUNT];
    pool.alloc_bulk(&mut blocks).expect("there are enough");
    blocks.iter_mut().flatten().for_each(|block| fill(block, stamp));
    blocks.iter().flatten().for_each(|block| check(block, stamp));
    pool.free_bulk(&mut blocks);
}
