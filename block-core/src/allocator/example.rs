// The pool of the examples in this folder's documentation: the core may not depend on a backend.

use block_core::{BlockAlloc, BlockIndex, BlockLayout, BuildError, Region};
use std::{ptr::NonNull, sync::Mutex};

struct Pool(Region, Mutex<Vec<BlockIndex>>);

// SAFETY: the lock gives each number to one holder at a time, and `release` scrubs before that.
unsafe impl BlockAlloc for Pool {
    fn region(&self) -> &Region {
        &self.0
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        self.1.lock().unwrap().pop().map(|index| self.0.block(index))
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise: a block of this region, held by nobody else.
        let index = unsafe {
            self.0.scrub(block);
            self.0.index_of(block)
        };
        self.1.lock().unwrap().push(index);
    }

    fn available(&self) -> usize {
        self.1.lock().unwrap().len()
    }
}

pub fn pool(block_size: usize, capacity: usize) -> Result<impl BlockAlloc, BuildError> {
    let region = Region::map(BlockLayout::new(block_size, capacity)?)?;
    Ok(Pool(region, Mutex::new((0..capacity).map(BlockIndex::new).collect())))
}
