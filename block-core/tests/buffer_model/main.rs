//! Buffers against a model: random sequences of what can be done with them, each handle beside a plain
//! copy of what it must hold (invariants 1, 2 and 6 of the crate, and VI of buffers).

#![cfg(feature = "bytes")]

use std::sync::Arc;

use block_core::buffer::{BlockBuf, PoolRef};
use block_core::{BlockAlloc, BlockAllocExt};
use proptest::prelude::*;
use proptest::sample::Index;

#[path = "../support/mod.rs"]
mod support;
mod world;

use support::Pool;
use world::World;

const SIZE: usize = 40;
const BLOCKS: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Take,
    Append,
    SetLen,
    Truncate,
    Advance,
    SplitTo,
    SplitOff,
    FreezeTo,
    Freeze,
    Overwrite,
    Clone,
    Slice,
    Thaw,
    Reclaim,
    ThroughBytes,
    ThroughBlock,
    Drop,
}

/// What is done, to which handle, and where in it.
#[derive(Clone, Debug)]
struct Step {
    what: What,
    which: Index,
    at: Index,
    from: Index,
    bytes: Vec<u8>,
}

impl Step {
    /// A place from 0 to `end`.
    fn up_to(&self, end: usize) -> usize {
        self.at.index(end + 1)
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use What::*;
    let what = prop_oneof![
        4 => Just(Append),
        3 => prop::sample::select(vec![Take, Thaw, Drop]),
        2 => prop::sample::select(vec![SplitTo, SplitOff, FreezeTo, Freeze, Clone, Slice]),
        1 => prop::sample::select(vec![Reclaim, ThroughBytes, ThroughBlock]),
        1 => prop::sample::select(vec![SetLen, Truncate, Advance, Overwrite]),
    ];
    let bytes = prop::collection::vec(any::<u8>(), 1..20);
    let step = (what, any::<Index>(), any::<Index>(), any::<Index>(), bytes)
        .prop_map(|(what, which, at, from, bytes)| Step { what, which, at, from, bytes });
    prop::collection::vec(step, 1..80)
}

fn agrees<P: PoolRef + Clone + 'static>(pool: P, steps: &[Step]) {
    let mut world = World { pool, entries: Vec::new() };
    for (number, step) in steps.iter().enumerate() {
        world.step(step, number);
        world.check();
    }
    world.entries.clear();
    world.check();
}

proptest! {
    #[test]
    fn buffers_over_an_owned_pool_agree_with_the_model(steps in steps()) {
        let pool = Arc::new(Pool::new(SIZE, BLOCKS));
        agrees(Arc::clone(&pool), &steps);
        assert_eq!(Arc::strong_count(&pool), 1, "an `Arc` was dropped too often or never");
        pool.assert_only_held(&[]);
    }

    #[test]
    fn buffers_over_a_borrowed_pool_agree_with_the_model(steps in steps()) {
        let pool: &'static Pool = Box::leak(Box::new(Pool::new(SIZE, BLOCKS)));
        agrees(pool, &steps);
        pool.assert_only_held(&[]);
    }
}

#[test]
fn the_block_of_the_last_part_of_any_kind_goes_back() {
    let pool = Pool::new(SIZE, 1);
    for drop_writer_first in [false, true] {
        let mut writer = BlockBuf::alloc_in(&pool).unwrap();
        writer.extend_from_slice(b"hello");
        let reader = writer.freeze_to(5);
        assert_eq!(pool.alloc().unwrap_err(), block_core::AllocError::Exhausted);
        if drop_writer_first {
            drop(writer);
            assert_eq!((pool.available(), &reader[..]), (0, &b"hello"[..]));
            drop(reader);
        } else {
            drop(reader);
            assert_eq!((pool.available(), writer.len()), (0, 0));
            drop(writer);
        }
        pool.assert_only_held(&[]);
    }
}
