//! Memory that is the caller's before a pool is made of it and after the pool is gone.

use std::mem::MaybeUninit;

use block_core::{BlockAlloc, BlockLayout};
use block_lockfree::LockFreeAlloc;

use crate::held::{Way, check, fill, take_and_fill};
use crate::pools::BLOCK_SIZE;

const LAYOUT: BlockLayout = match BlockLayout::new(BLOCK_SIZE, 10) {
    Ok(layout) => layout,
    Err(error) => panic!("{}", error.message()),
};
const BYTES: usize = LockFreeAlloc::static_bytes(&LAYOUT);

pub fn run(rounds: usize) {
    let memory: *mut [u8] = Box::into_raw(Box::new([0; BYTES]));
    for round in 0..rounds.div_ceil(50) {
        // SAFETY: no pool is in it, and nobody else knows the memory.
        let bytes = unsafe { &mut *memory };
        fill(bytes, round);
        check(bytes, round);
        // SAFETY: as above. Freed only after the last pool is gone, so it lives as long as any of them.
        let bytes: &'static mut [MaybeUninit<u8>] = unsafe { &mut *(memory as *mut _) };
        let pool = LockFreeAlloc::from_static(LAYOUT, bytes).expect("as many bytes as it says");
        for way in Way::ALL {
            let held = take_and_fill(&pool, way, round).expect("all are free");
            held.give_back(round);
        }
        assert_eq!(pool.available(), LAYOUT.capacity());
    }
    // SAFETY: from the box above, and no pool is in it.
    drop(unsafe { Box::from_raw(memory) });
}
