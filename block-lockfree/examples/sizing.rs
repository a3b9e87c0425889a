//! How big should my pool be? Runs a load on a pool that is far too big, reads the most blocks that were
//! held at once, and shows that the same load fits in a pool of that size, and not in a smaller one. The
//! recipe is `docs/sizing.md`.
//!
//! `cargo run -p block-lockfree --example sizing`

use std::collections::VecDeque;

use block_core::{Block, BlockAlloc, BlockAllocExt, BuildError};
use block_lockfree::LockFreeAlloc;

const BLOCK_SIZE: usize = 2048;
/// Address space, not memory, until it is used: 1 GiB, which 32-bit systems have, too.
const FAR_TOO_BIG: usize = 1 << 19;

/// Runs and prints it.
pub fn main() -> Result<(), BuildError> {
    print!("{}", run()?);
    Ok(())
}

/// What the example prints.
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

/// A pool without magazines, for an exact mark, after a server's day: requests that come in bursts, and
/// each of which holds a buffer for a while.
fn under_load(capacity: usize) -> Result<LockFreeAlloc, BuildError> {
    let pool = LockFreeAlloc::new(BLOCK_SIZE, capacity)?.with_magazine(0);
    let mut random = 1_u64;
    let mut below = move |end: u64| {
        // Knuth's MMIX generator: the same day each time.
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % end
    };
    // What ends at this tick and the next ones.
    let mut ends: VecDeque<Vec<Block<&LockFreeAlloc>>> = (0..64).map(|_| Vec::new()).collect();
    for _tick in 0..10_000 {
        let burst = if below(100) == 0 { below(500) } else { below(8) };
        for _request in 0..burst {
            let longest = below(63) + 1;
            let ticks_held = 1 + below(longest) as usize;
            // A refused request is gone, and counted by the pool.
            ends[ticks_held].extend(pool.alloc());
        }
        ends.rotate_left(1);
        ends[63].clear();
    }
    drop(ends);
    Ok(pool)
}
