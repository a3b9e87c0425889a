//! The depot: a few cells that pass whole batches of blocks from one magazine to another.
//!
//! A thread that frees blocks which another thread allocates passes on [`BATCH`] blocks at a time.
//! Through the stack, the other thread would follow their links one by one, each on a cache line
//! that the first thread wrote last. A cell is one line for the exchange, and a run of lines that
//! the processor fetches together.
//!
//! ```text
//! EMPTY --put--> BUSY --> FULL --take--> BUSY --> EMPTY
//! ```
//!
//! The thread that moves a cell to `BUSY` has exclusive access until it moves the cell on. No
//! thread waits for a busy cell: a thread that finds no empty or no full cell uses the stack.
//! Threads go through the cells in order, so that a thread that puts and a thread that takes follow
//! each other without meeting in one cell.

#[cfg(not(any(block_loom, block_shuttle)))]
use block_core::backend::ZeroIsValid;
use block_core::{BlockIndex, Region, RegionError};

use crate::magazine::{CURSORS, LARGEST, Magazine};
use crate::stack::Stack;
use crate::sync::{AtomicU32, BlockArray, Ordering, Table, table_for};

/// The number of blocks in a batch.
pub(crate) const BATCH: usize = LARGEST / 2;

/// The number of batches that the depot can hold; a power of two.
const CELLS: usize = if cfg!(any(block_loom, block_shuttle)) { 1 } else { 16 };
const _: () = assert!(CELLS.is_power_of_two() && CELLS <= CURSORS as usize);

const EMPTY: u32 = 0;
const BUSY: u32 = 1;
const FULL: u32 = 2;

/// Space for one batch.
#[derive(Debug)]
#[cfg_attr(any(block_loom, block_shuttle), derive(Default))]
#[repr(C, align(128))]
struct Cell {
    phase: AtomicU32,
    blocks: BlockArray<BATCH>,
}

// SAFETY: only the thread that moved `phase` to BUSY uses the plain memory.
unsafe impl Sync for Cell {}
// SAFETY: nothing in it belongs to one thread; an address of a block is valid in every thread.
unsafe impl Send for Cell {}
// SAFETY: zero is EMPTY, and the memory is not read before it was written; no destructor.
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

    /// Finds a cell in phase `from` and moves it to BUSY, for the caller only.
    fn claim(&self, magazine: &Magazine, from: u32) -> Option<&Cell> {
        let start = magazine.cursor();
        for step in 0..CELLS {
            let position = (start + step) & (CELLS - 1);
            let cell = &self.cells[position];
            // Acquire: pairs with the Release of the thread that put the cell into this phase.
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

    /// Moves the last [`BATCH`] blocks of a magazine into a cell. Returns false if no cell was
    /// empty.
    ///
    /// # Safety
    ///
    /// The caller may use the memory of the magazine, which has at least [`BATCH`] blocks.
    pub(crate) unsafe fn put(&self, magazine: &Magazine) -> bool {
        let Some(cell) = self.claim(magazine, EMPTY) else { return false };
        let rest = magazine.len() - BATCH;
        // Remove them from the magazine first: a forked child, which sees a stopped copy of this
        // process, may miss the blocks but never finds them twice.
        magazine.set_len(rest);
        // SAFETY: the caller may use the magazine, and this call the cell. BATCH addresses from
        // `rest` on were written, and fit into both.
        unsafe { magazine.blocks().copy_to(rest, &cell.blocks, 0, BATCH) };
        // Release: pairs with the Acquire of the claim by a thread that takes the batch.
        cell.phase.store(FULL, Ordering::Release);
        true
    }

    /// Moves a batch from a cell into a magazine. Returns false if no cell was full.
    ///
    /// # Safety
    ///
    /// The caller may use the memory of the magazine, which has room for [`BATCH`] more blocks.
    pub(crate) unsafe fn take(&self, magazine: &Magazine) -> bool {
        let Some(cell) = self.claim(magazine, FULL) else { return false };
        let len = magazine.len();
        // SAFETY: the caller may use the magazine, and this call the cell, which was FULL. The
        // addresses fit into both.
        unsafe { cell.blocks.copy_to(0, magazine.blocks(), len, BATCH) };
        magazine.set_len(len + BATCH);
        // Release: pairs with the Acquire of the claim by a thread that fills the cell again.
        cell.phase.store(EMPTY, Ordering::Release);
        true
    }

    /// Returns the number of blocks in the cells. Exact while no owner is active.
    pub(crate) fn len(&self) -> usize {
        // Acquire: pairs with the Release of the thread that filled the cell.
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
            // Acquire: pairs with the Release of the thread that filled the cell. A cell that is
            // BUSY while no owner is active was left by a thread that does not exist after a fork.
            // Its blocks are lost in this process.
            let phase = cell.phase.swap(EMPTY, Ordering::Acquire);
            if phase == FULL {
                // SAFETY: the cell was FULL, and no owner is active.
                let pushed = stack
                    .push_bulk((0..BATCH).map(|it| unsafe { index(region, &cell.blocks, it) }));
                debug_assert_eq!(pushed, BATCH, "the magazines of a retired pool stay closed");
            }
        }
    }
}

/// Returns the index of the block at a position.
///
/// # Safety
///
/// The caller may use the memory, and the address of a block of the region was written there.
pub(crate) unsafe fn index<const N: usize>(
    region: &Region,
    blocks: &BlockArray<N>,
    position: usize,
) -> BlockIndex {
    // SAFETY: by this function's contract.
    unsafe { region.index_of(blocks.get(position)) }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use block_core::BlockLayout;
    use std::vec::Vec;

    /// Returns the block indices of a batch.
    fn batch(number: usize) -> Vec<usize> {
        (number * BATCH..(number + 1) * BATCH).collect()
    }

    /// Puts a batch into the depot through an empty magazine.
    fn put(depot: &Depot, magazine: &Magazine, region: &Region, number: usize) -> bool {
        magazine.set_limit(BATCH);
        magazine.set_len(0);
        for block in batch(number) {
            // SAFETY: only this test uses the magazine.
            assert!(unsafe { magazine.push(region.block(BlockIndex::new(block))) });
        }
        // SAFETY: as above, and the magazine has a batch.
        unsafe { depot.put(magazine) }
    }

    /// Returns the blocks that an empty magazine gets from the depot.
    fn take(depot: &Depot, magazine: &Magazine, region: &Region) -> Vec<usize> {
        magazine.set_len(0);
        // SAFETY: only this test uses the magazine, and there is room.
        let _ = unsafe { depot.take(magazine) };
        // SAFETY: as above, and `len` addresses were written.
        let block = |position| unsafe { index(region, magazine.blocks(), position).get() };
        (0..magazine.len()).map(block).collect()
    }

    #[test]
    fn threads_that_put_and_take_use_the_cells_in_order() {
        let region = Region::map(BlockLayout::new(8, (CELLS + 1) * BATCH).unwrap()).unwrap();
        let stack = Stack::new(&region).unwrap();
        while stack.pop().is_some() {}
        let magazines: Table<Magazine> = table_for(&region, 3).unwrap();
        let [putter, newcomer, taker] = [0, 1, 2].map(|it| &magazines[it]);
        let depot = Depot::new(&region).unwrap();

        assert!(put(&depot, putter, &region, 0));
        assert!(put(&depot, newcomer, &region, 1), "after the full cell");
        assert_eq!((putter.cursor(), newcomer.cursor()), (1, 2), "after the cell that each filled");
        for number in 2..CELLS {
            assert!(put(&depot, putter, &region, number));
        }
        assert_eq!(depot.len(), CELLS * BATCH);
        assert!(!put(&depot, putter, &region, CELLS), "no cell is empty");
        assert_eq!(putter.len(), BATCH, "the batch stays in the magazine");

        for number in 0..CELLS - 1 {
            assert_eq!(take(&depot, taker, &region), batch(number));
            assert_eq!(taker.cursor(), number + 1);
        }
        assert!(put(&depot, putter, &region, 0));
        // SAFETY: no owner is active.
        unsafe { depot.drain(&region, &stack) };
        assert_eq!((depot.len(), stack.content().returned), (0, 2 * BATCH));
        assert_eq!(take(&depot, taker, &region), [], "no cell is full");
    }
}
