//! Pools in statics exist before the program starts. Each has memory of its own, and works like any
//! other pool. Declaring and using them needs no unsafe code.
#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::sync::Barrier;
use std::thread;

use block_core::{AllocError, Block, BlockAlloc, BlockAllocExt};
use block_lockfree::{LockFreeAlloc, static_pool};

use crate::{churn, support};

/// Sizes whose names the macro might use itself.
const MEMORY: usize = 24;
const LAYOUT: usize = 3;

const fn double(number: usize) -> usize {
    2 * number
}

mod shapes {
    block_lockfree::static_pool! {
        /// Documented, and seen from outside.
        pub static ODD: [[u8; super::MEMORY - 1]; super::LAYOUT];
        #[allow(non_upper_case_globals, reason = "attributes are the static's")]
        pub(super) static words: [[u8; 12]; super::double(5)], align(4);
        pub(crate) static DENSE: [[u8; 5]; 100], align(1);
        #[cfg(any())]
        static NOT_THERE: [[u8; 0]; 0];
        static PRIVATE: [[u8; { let side = 8; side * side }]; 1], align({ 1 << 6 });
    }

    pub fn private() -> &'static block_lockfree::LockFreeAlloc {
        &PRIVATE
    }
}

/// Declared where the caller's names are those of the macro, of its local names before, and of std.
#[allow(non_upper_case_globals, non_camel_case_types, dead_code, reason = "names that could clash")]
mod names_in_scope {
    static memory: usize = 1;
    const layout: usize = 2;
    const pool: usize = 16;
    const STATIC_POOL_LAYOUT: usize = 48;
    const MEMORY: usize = 3;
    struct LockFreeAlloc;
    struct StaticMemory;
    struct Layout;
    struct Option;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    mod core {}
    mod std {}
    mod block_core {}
    #[allow(unused_macros, reason = "so it must stay")]
    macro_rules! panic {
        ($($any:tt)*) => {
            compile_error!("not std's")
        };
    }
    #[allow(unused_macros, reason = "so it must stay")]
    macro_rules! assert {
        ($($any:tt)*) => {
            compile_error!("not std's")
        };
    }

    block_lockfree::static_pool! {
        pub(super) static BY_NAMES: [[u8; STATIC_POOL_LAYOUT]; MEMORY + layout], align(pool);
        // The pool itself has such a name, and a type of the caller has the pool's.
        pub(super) static StaticMemory_: [[u8; size_of::<StaticMemory_>()]; layout];
    }
    struct StaticMemory_ {
        bytes: [u8; 40],
    }

    pub(super) mod pools {
        block_lockfree::static_pool! {
            pub static memory: [[u8; 8]; 4];
            pub static MEMORY: [[u8; 16]; 4];
            pub static STATIC_POOL_LAYOUT: [[u8; 24]; 4];
        }
    }
}

#[test]
fn names_in_the_callers_scope_do_not_change_a_pool() {
    use names_in_scope::pools;
    let shape = |pool: &LockFreeAlloc| {
        let layout = *pool.region().layout();
        (layout.block_size(), layout.capacity(), layout.align())
    };
    assert_eq!(shape(&names_in_scope::BY_NAMES), (48, 5, 16));
    assert_eq!(shape(&names_in_scope::StaticMemory_), (40, 2, 64));
    assert_eq!(shape(&pools::memory), (8, 4, 8));
    assert_eq!(shape(&pools::MEMORY), (16, 4, 16));
    assert_eq!(shape(&pools::STATIC_POOL_LAYOUT), (24, 4, 32));
}

static_pool! {}

#[test]
fn a_pool_has_the_layout_that_it_was_declared_with() {
    let shape = |pool: &LockFreeAlloc| {
        let layout = *pool.region().layout();
        (layout.block_size(), layout.capacity(), layout.align())
    };
    assert_eq!(shape(&shapes::ODD), (23, 3, 32));
    assert_eq!(shape(&shapes::words), (12, 10, 4));
    assert_eq!(shape(&shapes::DENSE), (5, 100, 1));
    assert_eq!(shape(shapes::private()), (64, 1, 64));
    assert_eq!(shapes::DENSE.region().layout().stride(), 5);
}

#[test]
fn blocks_of_a_static_are_zero_aligned_and_all_there() {
    for pool in [&shapes::ODD, &shapes::words, &shapes::DENSE, shapes::private()] {
        let mut blocks: Vec<_> = (0..pool.capacity()).map(|_| pool.alloc().unwrap()).collect();
        assert_eq!(pool.alloc().unwrap_err(), AllocError::Exhausted);
        let distinct: HashSet<_> = blocks.iter().map(|block| block.as_ptr()).collect();
        assert_eq!(distinct.len(), pool.capacity(), "invariant 1");
        for block in &mut blocks {
            assert!(block.iter().all(|byte| *byte == 0), "invariant 6");
            let align = pool.region().layout().align();
            assert_eq!(block.as_ptr().addr() % align, 0, "invariant 4");
            block.fill(0xa5);
        }
        drop(blocks);
        assert_eq!(pool.available(), pool.capacity(), "invariant 2");
    }
}

#[test]
fn pools_of_equal_layout_share_no_byte() {
    static_pool! {
        static LEFT: [[u8; 40]; 9];
        static RIGHT: [[u8; 40]; 9];
    }
    let take = |pool: &'static LockFreeAlloc, byte| -> Vec<_> {
        std::iter::from_fn(|| pool.alloc().ok())
            .map(|mut block| {
                block.fill(byte);
                block
            })
            .collect()
    };
    let (left, right) = (take(&LEFT, 1), take(&RIGHT, 2));
    assert_eq!((left.len(), right.len()), (9, 9));
    assert!(left.iter().all(|block| block[..] == [1; 40]), "invariant 1");
    assert!(right.iter().all(|block| block[..] == [2; 40]), "invariant 1");
    let distinct: HashSet<_> = left.iter().chain(&right).map(|block| block.as_ptr()).collect();
    assert_eq!(distinct.len(), 18);
}

#[test]
fn a_handle_lives_as_long_as_the_program_and_goes_to_other_threads() {
    static_pool! { static POOL: [[u8; 16]; 2]; }
    let mut block: Block<&'static LockFreeAlloc> = POOL.alloc().unwrap();
    block[3] = 7;
    let block = thread::spawn(move || {
        assert_eq!(block[3], 7);
        block
    });
    let block = block.join().unwrap();
    assert_eq!(POOL.available(), 1);
    thread::spawn(move || drop(block)).join().unwrap();
    assert_eq!(POOL.available(), 2);
}

#[test]
fn threads_that_share_a_static_pool_get_their_share_always_and_no_block_twice() {
    const THREADS: usize = 4;
    const EACH: usize = 8;
    static_pool! { static POOL: [[u8; 64]; THREADS * EACH]; }
    let calls = if cfg!(miri) { 100 } else { 50_000 };
    let _deadline = support::deadline("threads that share a static pool", 300);
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for seed in 0..THREADS {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                let mut held = Vec::new();
                // Invariants 1 and 3 are checked in there.
                churn::churn(&POOL, &mut held, (EACH, calls, seed), |_| {});
            });
        }
    });
    support::expect_all_blocks(&POOL);
}

#[test]
fn bulk_calls_take_all_of_a_static_pool_or_none() {
    static_pool! { static POOL: [[u8; 8]; 10]; }
    let mut blocks = [None; 11];
    assert_eq!(POOL.alloc_bulk_raw(&mut blocks), Err(AllocError::Exhausted));
    assert_eq!(POOL.available(), 10);
    POOL.alloc_bulk_raw(&mut blocks[..10]).unwrap();
    assert_eq!(POOL.available(), 0);
}
