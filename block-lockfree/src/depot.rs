//! Where whole batches change hands: a few cells, each with room for one.
//!
//! A thread that frees what another allocates passes on [`BATCH`] blocks at a time. Over the stack
//! the taker would walk their links one by one, each a cache line that the giver wrote last. A cell
//! is one line for the hand-over and a run of lines that the processor fetches together.
//!
//! ```text
//! EMPTY --put--> BUSY --> FULL --take--> BUSY --> EMPTY
//! ```
//!
//! Who moves a cell to `BUSY` has it alone, until it moves it on. Nobody waits for a busy cell: who
//! finds no empty or no full one goes to the stack. A thread walks over the cells in order, so that
//! a giver and a taker follow each other around, and neither meets the other in one cell.

#[cfg(not(any(block_loom, block_shuttle)))]
use block_core::ZeroIsValid;
use block_core::{BlockIndex, Region, RegionError};

use crate::magazine::{CURSORS, LARGEST, Magazine};
use crate::stack::Stack;
use crate::sync::{AtomicU32, BlockArray, Ordering, Table, table_for};

/// Blocks of a batch.
pub(crate) const BATCH: usize = LARGEST / 2;

/// How many batches can be under way; a power of two.
const CELLS: usize = if cfg!(any(block_loom, block_shuttle)) { 1 } else { 16 };
const _: () = assert!(CELLS.is_power_of_two() && CELLS <= CURSORS as usize);

const EMPTY: u32 = 0;
const BUSY: u32 = 1;
const FULL: u32 = 2;

/// Room for one batch.
#[derive(Debug)]
#[cfg_attr(any(block_loom, block_shuttle), derive(Default))]
#[repr(C, align(128))]
struct Cell {
    phase: AtomicU32,
    blocks: BlockArray<BATCH>,
}

// SAFETY: the plain memory belongs to whoever moved `phase` to BUSY.
unsafe impl Sync for Cell {}
// SAFETY: nothing in it belongs to a thread; addresses of blocks mean the same to every thread.
unsafe impl Send for Cell {}
// SAFETY: EMPTY, and memory that is not read before it was written; no destructor.
#[cfg(not(any(block_loom, block_shuttle)))]
unsafe impl ZeroIsValid for Cell {}

/// The cells of one pool.
#[derive(Debug)]
pub(crate) struct Depot {
    cells: Table<Cell>,
}

impl Depot {
    pub(crate) fn new(region: &Region) -> Result<Self, RegionError> {
        table_for(region, CELLS).map(|cells| Self { cells })
    }

    /// A cell in phase `from`, now BUSY and the caller's.
    fn claim(&self, magazine: &Magazine, from: u32) -> Option<&Cell> {
        let start = magazine.cursor();
        for step in 0..CELLS {
            let position = (start + step) & (CELLS - 1);
            let cell = &self.cells[position];
            // Acquire: pairs with the Release of whoever put the cell into this phase.
            let claim = || {
                cell.phase
                    .compare_exchange(from, BUSY, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
            };
            if cell.phase.load(Ordering::Relaxed) == from && claim() {
                magazine.set_cursor(position + 1);
                return Some(cell);
            }
        }
        None
    }

    /// Moves the last [`BATCH`] blocks of a magazine into a cell. False if none was empty.
    ///
    /// # Safety
    ///
    /// It is the caller's turn with the magazine, and the magazine has so many.
    pub(crate) unsafe fn put(&self, magazine: &Magazine) -> bool {
        let Some(cell) = self.claim(magazine, EMPTY) else { return false };
        let rest = magazine.len() - BATCH;
        // First out of the magazine: whoever sees a stopped copy of this process (a forked child)
        // may miss the blocks, but never finds them twice.
        magazine.set_len(rest);
        // SAFETY: the caller's turn with the magazine, this call's with the cell; BATCH addresses from
        // `rest` on were written, and fit both.
        unsafe { magazine.blocks().copy_to(rest, &cell.blocks, 0, BATCH) };
        // Release: pairs with the Acquire of the claim that takes them.
        cell.phase.store(FULL, Ordering::Release);
        true
    }

    /// Moves a batch out of a cell into a magazine. False if none was full.
    ///
    /// # Safety
    ///
    /// It is the caller's turn with the magazine, and the magazine has room for [`BATCH`] more.
    pub(crate) unsafe fn take(&self, magazine: &Magazine) -> bool {
        let Some(cell) = self.claim(magazine, FULL) else { return false };
        let len = magazine.len();
        // SAFETY: the caller's turn with the magazine, this call's with the cell, which was FULL; the
        // addresses fit both.
        unsafe { cell.blocks.copy_to(0, magazine.blocks(), len, BATCH) };
        magazine.set_len(len + BATCH);
        // Release: pairs with the Acquire of the claim that fills it again.
        cell.phase.store(EMPTY, Ordering::Release);
        true
    }

    /// How many blocks lie in the cells. Exact while no owner is active.
    pub(crate) fn len(&self) -> usize {
        // Acquire: pairs with the Release that made it FULL.
        let full = |cell: &&Cell| cell.phase.load(Ordering::Acquire) == FULL;
        self.cells.iter().filter(full).count() * BATCH
    }

    /// Moves all blocks to the stack.
    ///
    /// # Safety
    ///
    /// No owner is active.
    pub(crate) unsafe fn drain(&self, region: &Region, stack: &Stack) {
        for cell in self.cells.iter() {
            // Acquire: pairs with the Release that made it FULL. A cell that is BUSY while no owner
            // is active was left so by a thread that a fork left behind, and what was in it, too.
            let phase = cell.phase.swap(EMPTY, Ordering::Acquire);
            if phase == FULL {
                // SAFETY: FULL, and nobody else's turn.
                let pushed = stack
                    .push_bulk((0..BATCH).map(|it| unsafe { index(region, &cell.blocks, it) }));
                debug_assert_eq!(pushed, BATCH, "the magazines of a retired pool stay closed");
            }
        }
    }
}

/// The number of the block at a position.
///
/// # Safety
///
/// It is the caller's turn, and an address of a block of the region was written there.
pub(crate) unsafe fn index<const N: usize>(
    region: &Region,
    blocks: &BlockArray<N>,
    position: usize,
) -> BlockIndex {
    // SAFETY: by the contract.
    unsafe { region.index_of(blocks.get(position)) }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use block_core::BlockLayout;
    use std::vec::Vec;

    /// The numbers of a batch's blocks.
    fn batch(number: usize) -> Vec<usize> {
        (number * BATCH..(number + 1) * BATCH).collect()
    }

    /// Puts a batch into the depot, by way of an empty magazine.
    fn put(depot: &Depot, magazine: &Magazine, region: &Region, number: usize) -> bool {
        magazine.set_limit(BATCH);
        magazine.set_len(0);
        for block in batch(number) {
            // SAFETY: the magazine is the test's alone.
            assert!(unsafe { magazine.push(region.block(BlockIndex::new(block))) });
        }
        // SAFETY: as above, and the magazine has a batch.
        unsafe { depot.put(magazine) }
    }

    /// The blocks that an empty magazine gets from the depot.
    fn take(depot: &Depot, magazine: &Magazine, region: &Region) -> Vec<usize> {
        magazine.set_len(0);
        // SAFETY: the magazine is the test's alone, and there is room.
        let _ = unsafe { depot.take(magazine) };
        // SAFETY: as above; so many were written.
        let block = |position| unsafe { index(region, magazine.blocks(), position).get() };
        (0..magazine.len()).map(block).collect()
    }

    #[test]
    fn givers_and_takers_walk_over_all_cells_and_none_meets_another_in_one() {
        let region = Region::map(BlockLayout::new(8, (CELLS + 1) * BATCH).unwrap()).unwrap();
        let stack = Stack::new(&region).unwrap();
        while stack.pop().is_some() {}
        let magazines: Table<Magazine> = table_for(&region, 3).unwrap();
        let [giver, newcomer, taker] = [0, 1, 2].map(|it| &magazines[it]);
        let depot = Depot::new(&region).unwrap();

        assert!(put(&depot, giver, &region, 0));
        assert!(put(&depot, newcomer, &region, 1), "past the cell that is full");
        assert_eq!((giver.cursor(), newcomer.cursor()), (1, 2), "behind the cell that was filled");
        for number in 2..CELLS {
            assert!(put(&depot, giver, &region, number));
        }
        assert_eq!(depot.len(), CELLS * BATCH);
        assert!(!put(&depot, giver, &region, CELLS), "no cell is empty");
        assert_eq!(giver.len(), BATCH, "and the batch stays where it was");

        for number in 0..CELLS - 1 {
            assert_eq!(take(&depot, taker, &region), batch(number));
            assert_eq!(taker.cursor(), number + 1);
        }
        assert!(put(&depot, giver, &region, 0));
        // SAFETY: nobody is active.
        unsafe { depot.drain(&region, &stack) };
        assert_eq!((depot.len(), stack.content().returned), (0, 2 * BATCH));
        assert_eq!(take(&depot, taker, &region), [], "no cell is full");
    }
}
