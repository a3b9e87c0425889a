//! The list of free blocks: a stack of freed blocks, and a frontier below which blocks were used.

use block_core::{BlockIndex, Stats};

/// The free blocks of one pool. The block freed last is allocated first.
///
/// Conservation (invariant 2): `returned.len() + (capacity - frontier) + allocated = capacity`.
#[derive(Debug)]
pub(crate) struct FreeList {
    returned: Returned,
    /// Blocks from this index on were never allocated.
    frontier: usize,
    capacity: usize,
    /// The number of failed allocations.
    exhaustions: u64,
}

/// The indices of freed blocks, in four bytes each if the capacity fits 32 bits.
#[derive(Debug)]
enum Returned {
    Narrow(Vec<u32>),
    Wide(Vec<usize>),
    /// The pool has retired. No block is free any more, and `allocated` blocks are still in use.
    Retired {
        allocated: usize,
    },
}

impl FreeList {
    /// Creates a list of `capacity` blocks that were never used. Allocates no memory.
    pub(crate) fn new(capacity: usize) -> Self {
        let returned = if u32::try_from(capacity).is_ok() {
            Returned::Narrow(Vec::new())
        } else {
            Returned::Wide(Vec::new())
        };
        Self { returned, frontier: 0, capacity, exhaustions: 0 }
    }

    /// Removes the block freed last, or else the next block that was never used. Returns `None`,
    /// and counts a failed allocation, if no block is free.
    pub(crate) fn take(&mut self) -> Option<BlockIndex> {
        let returned = match &mut self.returned {
            Returned::Narrow(list) => list.pop().map(|index| index as usize),
            Returned::Wide(list) => list.pop(),
            Returned::Retired { .. } => None,
        };
        let block = returned.or_else(|| self.advance_frontier());
        if block.is_none() {
            self.exhaustions += 1;
        }
        block.map(BlockIndex::new)
    }

    /// Returns whether `count` blocks are free. Counts a failed allocation if they are not.
    pub(crate) fn has(&mut self, count: usize) -> bool {
        let enough = count <= self.len();
        self.exhaustions += u64::from(!enough);
        enough
    }

    fn advance_frontier(&mut self) -> Option<usize> {
        let index = self.frontier;
        if index == self.capacity {
            return None;
        }
        // Reserves room for every block in use, so that a free never allocates memory.
        match &mut self.returned {
            Returned::Narrow(list) => make_room(list, index + 1, self.capacity),
            Returned::Wide(list) => make_room(list, index + 1, self.capacity),
            Returned::Retired { .. } => return None,
        }
        self.frontier += 1;
        Some(index)
    }

    /// Frees a block. Never allocates memory.
    pub(crate) fn put(&mut self, index: BlockIndex) {
        match &mut self.returned {
            // The capacity fits 32 bits, and the index is below it.
            Returned::Narrow(list) => list.push(index.get() as u32),
            Returned::Wide(list) => list.push(index.get()),
            Returned::Retired { allocated } => *allocated -= 1,
        }
    }

    /// Removes all free blocks for good. Later frees are only counted.
    pub(crate) fn retire(&mut self) {
        let allocated = self.capacity - self.len();
        self.returned = Returned::Retired { allocated };
        self.frontier = self.capacity;
    }

    /// Returns whether the pool has retired and no block is allocated any more.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.returned, Returned::Retired { allocated: 0 })
    }

    /// Returns the number of free blocks.
    pub(crate) fn len(&self) -> usize {
        let returned = match &self.returned {
            Returned::Narrow(list) => list.len(),
            Returned::Wide(list) => list.len(),
            Returned::Retired { .. } => 0,
        };
        let untouched = self.capacity - self.frontier;
        returned + untouched
    }

    /// Writes the statistics of the list, except for its length. The frontier moves only if every
    /// block below it is in use, so it is the largest number of blocks that were in use at once.
    pub(crate) fn tell(&self, stats: &mut Stats) {
        stats.never_used = self.capacity - self.frontier;
        stats.high_water = self.frontier;
        stats.high_water_is_exact = true;
        stats.exhaustions = self.exhaustions;
    }
}

/// Grows the room of the list to at least `used` entries. Doubles it, up to `capacity`.
fn make_room<T>(list: &mut Vec<T>, used: usize, capacity: usize) {
    if list.capacity() < used {
        let room = (used * 2).clamp(used, capacity);
        list.reserve_exact(room - list.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_never_allocates_and_the_list_never_outgrows_the_pool() {
        let mut list = FreeList::new(1000);
        let taken: Vec<_> = std::iter::from_fn(|| list.take()).collect();
        let Returned::Narrow(room) = &list.returned else { panic!("1000 fits 32 bits") };
        assert!((1000..=1024).contains(&room.capacity()), "{}", room.capacity());
        let room = room.as_ptr();
        taken.into_iter().for_each(|index| list.put(index));
        let Returned::Narrow(after) = &list.returned else { panic!("the list stays narrow") };
        assert_eq!((room, list.len()), (after.as_ptr(), 1000));
    }

    #[test]
    fn room_is_doubled_when_it_is_full_and_holds_every_block_in_use() {
        // The second capacity does not fit 32 bits.
        for capacity in [1000, usize::MAX] {
            let mut list = FreeList::new(capacity);
            let mut room = 0;
            for used in 1..=1000 {
                list.take().unwrap();
                if room < used {
                    room = (2 * used).min(capacity);
                }
                let found = match &list.returned {
                    Returned::Narrow(list) => list.capacity(),
                    Returned::Wide(list) => list.capacity(),
                    Returned::Retired { .. } => unreachable!("the pool has not retired"),
                };
                assert_eq!(found, room, "{used} of {capacity} blocks in use");
            }
        }
    }
}
