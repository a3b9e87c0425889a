//! Raw blocks and the ledger: the real `alloc_raw`, `free_raw` and their bulk calls over the real ledger, whose
//! marks are modelled, and the record of who took them, which is that of debug builds.
//!
//! Every free goes to a backend whose blocks have a cell each, so a block that is released while its mark
//! is still there, or released twice, is found by who has it next.
//!
//! Two threads and two blocks, exhaustive, but where it says otherwise.

use std::ptr::NonNull;

#[cfg(block_shuttle)]
use block_core::models::Bound::Random;
use block_core::models::Bound::{Exhaustive, Within};
use block_core::models::sync::Arc;
use block_core::models::{check, thread};

use crate::alloc::BlockAlloc;
use crate::blocks::Blocks;
use crate::leaks::Takers;
use crate::on_another_thread;
use crate::region::Region;
use crate::{BlockIndex, BlockLayout, FreeError};

/// A pool of so many blocks.
struct Pool<const BLOCKS: usize> {
    region: Region,
    blocks: Blocks<BLOCKS>,
}

// SAFETY: what the models are for: the cells report a block with two holders.
unsafe impl<const BLOCKS: usize> BlockAlloc for Pool<BLOCKS> {
    fn region(&self) -> &Region {
        &self.region
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        Some(self.region.block(BlockIndex::new(self.blocks.take()?)))
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        self.blocks.put(self.region.locate(block).expect("invariant 4").get());
    }

    fn available(&self) -> usize {
        unimplemented!("no model asks")
    }
}

/// A raw block as it crosses threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Raw(NonNull<u8>);

// SAFETY: an address; nothing is read or written through it.
unsafe impl Send for Raw {}

impl<const BLOCKS: usize> Pool<BLOCKS> {
    /// A pool all of whose blocks are free.
    fn new() -> Arc<Self> {
        let pool = Self { region: Region::new(BLOCKS), blocks: Blocks::held() };
        (0..BLOCKS).for_each(|block| pool.blocks.put(block));
        Arc::new(pool)
    }

    fn alloc(&self) -> Option<Raw> {
        self.alloc_raw().ok().map(Raw)
    }

    fn alloc_all(&self) -> [Raw; BLOCKS] {
        [(); BLOCKS].map(|()| self.alloc().expect("invariant 3"))
    }

    /// Through any copy of the pointer.
    fn free(&self, Raw(block): Raw) -> Result<(), FreeError> {
        // SAFETY: nothing is used after it.
        unsafe { self.free_raw(block) }
    }

    fn free_bulk(&self, blocks: &[Raw]) -> Result<(), FreeError> {
        let mut blocks: Vec<_> = blocks.iter().map(|&Raw(block)| Some(block)).collect();
        // SAFETY: nothing is used after it.
        unsafe { self.free_bulk_raw(&mut blocks) }
    }

    /// At rest: so many are free, none of them marked, and each can be had once.
    fn free_blocks(&self, blocks: usize) {
        let taken: Vec<_> = std::iter::from_fn(|| self.blocks.take()).collect();
        assert_eq!(taken.len(), blocks, "invariant 2: conserved");
        let marked = |&block: &usize| self.region.ledger().is_marked(BlockIndex::new(block));
        assert!(!taken.iter().any(marked), "invariant 5: a free block has no mark");
    }
}

/// Exactly one of these has freed a block.
fn one_of(results: impl IntoIterator<Item = Result<(), FreeError>>) {
    let wins = results.into_iter().filter(|result| match result {
        Ok(()) => true,
        Err(error) => *error != FreeError::NotAllocated && panic!("{error}"),
    });
    assert_eq!(wins.count(), 1, "invariant 5: threads that freed the block");
}

#[test]
fn of_two_threads_that_free_one_block_at_once_exactly_one_succeeds() {
    check(Exhaustive, || {
        let pool = Pool::<1>::new();
        let [block] = pool.alloc_all();
        let other = on_another_thread(&pool, move |pool| pool.free(block));
        let mine = pool.free(block);
        one_of([mine, other.join().unwrap()]);
        pool.free_blocks(1);
    });
}

/// Three threads, one block.
#[test]
fn of_three_threads_that_free_one_block_at_once_exactly_one_succeeds() {
    check(Within(3), || {
        let pool = Pool::<1>::new();
        let [block] = pool.alloc_all();
        let others = [(); 2].map(|()| on_another_thread(&pool, move |pool| pool.free(block)));
        let mine = pool.free(block);
        one_of(others.map(|other| other.join().unwrap()).into_iter().chain([mine]));
        pool.free_blocks(1);
    });
}

/// One block: the mark is out before the block is released, or the freeing thread would take out that of
/// the next holder.
#[test]
fn the_next_holder_has_its_mark_while_the_one_before_is_still_in_its_call() {
    check(Exhaustive, || {
        let pool = Pool::<1>::new();
        let [block] = pool.alloc_all();
        let other = on_another_thread(&pool, |pool| {
            if let Some(block) = pool.alloc() {
                assert_eq!(pool.free(block), Ok(()), "invariant 5: its own block");
            }
        });
        assert_eq!(pool.free(block), Ok(()));
        other.join().unwrap();
        pool.free_blocks(1);
    });
}

/// One is freed while its neighbour is given out; their marks lie side by side.
#[test]
fn marks_of_neighbours_do_not_touch_each_other() {
    check(Exhaustive, || {
        let pool = Pool::<2>::new();
        let [first, second] = pool.alloc_all();
        assert_eq!(pool.free(second), Ok(()));
        let other = on_another_thread(&pool, |pool| pool.alloc().expect("one was free all along"));
        assert_eq!(pool.free(first), Ok(()));
        let taken = other.join().unwrap();
        assert_eq!(pool.free(taken), Ok(()), "invariant 5: its mark is there");
        assert_eq!(pool.free(taken), Err(FreeError::NotAllocated), "and was there once");
        pool.free_blocks(2);
    });
}

/// The bulk call fails as a whole, or the single one fails.
#[test]
fn a_bulk_free_against_a_free_of_one_of_its_blocks() {
    check(Exhaustive, || {
        let pool = Pool::<2>::new();
        let blocks = pool.alloc_all();
        let other = on_another_thread(&pool, move |pool| pool.free(blocks[1]));
        let bulk = pool.free_bulk(&blocks);
        one_of([bulk, other.join().unwrap()]);
        if bulk.is_err() {
            assert_eq!(pool.free(blocks[0]), Ok(()), "invariant 5: what was refused is as before");
        }
        pool.free_blocks(2);
    });
}

/// In opposite orders each may have the block that the other one needs: then both are refused, and nothing
/// has changed. That last part is shuttle's alone: loom lets a swap read a 0 that a store by the other thread has
/// replaced already, and does not order that store behind the swap, as the atomicity of the swap demands; so
/// later loads may find either.
#[test]
fn two_bulk_frees_of_the_same_blocks_free_them_once_or_not_at_all() {
    check(Exhaustive, || {
        let pool = Pool::<2>::new();
        let [first, second] = pool.alloc_all();
        let other = on_another_thread(&pool, move |pool| pool.free_bulk(&[second, first]));
        let mine = pool.free_bulk(&[first, second]);
        let other = other.join().unwrap();
        assert!(mine.is_err() || other.is_err(), "invariant 5: freed twice");
        if mine.is_ok() || other.is_ok() {
            pool.free_blocks(2);
        } else if cfg!(block_shuttle) {
            assert_eq!(pool.free_bulk(&[first, second]), Ok(()), "invariant 5: as before");
            pool.free_blocks(2);
        }
    });
}

/// The record of who took blocks alone: one block comes from another thread, another one goes there.
#[test]
fn the_count_of_raw_blocks_is_right_wherever_they_were_taken_and_freed() {
    check(Exhaustive, || {
        let takers = Arc::new(Takers::new(&BlockLayout::new(1, 2).unwrap()));
        takers.took(BlockIndex::new(0));
        let there = Arc::clone(&takers);
        let other = thread::spawn(move || {
            there.took(BlockIndex::new(1));
            there.gave();
        });
        takers.gave();
        takers.took_back();
        takers.gave();
        other.join().unwrap();
        takers.report(std::iter::from_fn(|| panic!("no block is out")));
    });
}

/// Four threads, three blocks, six steps each: whoever frees a block through a stale pointer is refused, or
/// frees one that was given out anew, and then its holder is refused: of all frees as many succeed as there
/// were allocations.
#[test]
#[cfg(block_shuttle)]
fn as_many_frees_succeed_as_there_were_allocations() {
    use block_core::models::sync::Mutex;
    use shuttle::rand::{Rng, thread_rng};

    check(Random, || {
        let pool = Pool::<3>::new();
        // Every pointer that anybody ever had.
        let known = Arc::new(Mutex::new(Vec::new()));
        let threads = [(); 4].map(|()| {
            let known = Arc::clone(&known);
            on_another_thread(&pool, move |pool| {
                let (mut taken, mut freed) = (0, 0);
                for _ in 0..6 {
                    let pointers: Vec<_> = known.lock().unwrap().clone();
                    if pointers.is_empty() || thread_rng().r#gen() {
                        if let Some(block) = pool.alloc() {
                            taken += 1;
                            known.lock().unwrap().push(block);
                        }
                    } else {
                        let block = pointers[thread_rng().gen_range(0..pointers.len())];
                        freed += usize::from(pool.free(block).is_ok());
                    }
                }
                (taken, freed)
            })
        });
        let counts = threads.map(|thread| thread.join().unwrap());
        let held = counts.iter().map(|(taken, freed)| taken - *freed as isize).sum::<isize>();
        let free = 3 - usize::try_from(held).expect("invariant 5: more frees than allocations");
        pool.free_blocks(free);
    });
}
