//! Finds the capacity that a load needs. Runs the load on a pool that is far too large, and reads
//! the high-water mark. Then shows that the same load fits a pool of that capacity, but not a
//! smaller one. `docs/sizing.md` explains the method.
//!
//! `cargo run -p block-lockfree --example sizing`

use std::collections::VecDeque;

use block_core::{Block, BlockAlloc, BlockAllocExt, BuildError};
use block_lockfree::LockFreeAlloc;

const BLOCK_SIZE: usize = 2048;
/// 1 GiB of address space, which is available on 32-bit systems too. Only used blocks take memory.
const FAR_TOO_BIG: usize = 1 << 19;

/// Runs the example and prints its output.
pub fn main() -> Result<(), BuildError> {
    print!("{}", run()?);
    Ok(())
}

/// Returns the output of the example.
pub fn run() -> Result<String, BuildError> {
    let measured = under_load(FAR_TOO_BIG)?.stats();
    let most = measured.high_water;
    let spare = most.div_ceil(4);
    let mut text = format!("measured: {measured}\n\n");
    text += &format!("most held at once   {most:8} blocks\n");
    text += &format!("a quarter more      {spare:8}\n");
    text += &format!("build the pool with {:8} blocks: ", most + spare);
    let bytes = (most + spare) * measured.block_size;
    text += &format!("{:.1} MiB\n\n", bytes as f64 / f64::from(1 << 20));
    for capacity in [most + spare, most, most - 1] {
        let refused = under_load(capacity)?.stats().exhaustions;
        text += &format!("the same load on {capacity:8} blocks: requests refused: {refused}\n");
    }
    Ok(text)
}

/// Returns a pool after the load of a server: requests come in bursts, and each holds a buffer for
/// some time. The pool has no magazines, so its high-water mark is exact.
fn under_load(capacity: usize) -> Result<LockFreeAlloc, BuildError> {
    let pool = LockFreeAlloc::new(BLOCK_SIZE, capacity)?.with_magazine(0);
    let mut random = 1_u64;
    let mut below = move |end: u64| {
        // Knuth's MMIX generator, so that every run has the same load.
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % end
    };
    // The buffers of the requests that end at this tick and at each of the next ones.
    let mut ends: VecDeque<Vec<Block<&LockFreeAlloc>>> = (0..64).map(|_| Vec::new()).collect();
    for _tick in 0..10_000 {
        let burst = if below(100) == 0 { below(500) } else { below(8) };
        for _request in 0..burst {
            let longest = below(63) + 1;
            let ticks_held = 1 + below(longest) as usize;
            // A request without a buffer is dropped. The pool counts it as a failed allocation.
            ends[ticks_held].extend(pool.alloc());
        }
        ends.rotate_left(1);
        ends[63].clear();
    }
    drop(ends);
    Ok(pool)
}
