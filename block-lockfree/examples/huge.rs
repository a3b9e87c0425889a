//! Measures how long it takes to build a pool of 2^33 blocks, and how much memory a few of them
//! use.
//!
//! `cargo run --release -p block-lockfree --example huge`

use std::time::Instant;

use block_core::{BlockAlloc, BlockAllocExt};
use block_lockfree::LockFreeAlloc;

#[cfg(target_pointer_width = "64")]
const CAPACITY: usize = 1 << 33;
#[cfg(not(target_pointer_width = "64"))]
const CAPACITY: usize = 1 << 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let pool = LockFreeAlloc::new(64, CAPACITY)?;
    println!(
        "built {} blocks of {} bytes in {:?}",
        pool.capacity(),
        pool.block_size(),
        start.elapsed()
    );
    print_resident();

    let mut blocks = (0..100_000).map(|_| pool.alloc()).collect::<Result<Vec<_>, _>>()?;
    blocks.iter_mut().for_each(|block| block.fill(1));
    println!("{} blocks allocated, every byte written", blocks.len());
    print_resident();
    Ok(())
}

/// Prints the resident memory of this process, on systems that report it in `/proc`.
fn print_resident() {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    status.lines().filter(|line| line.starts_with("VmRSS")).for_each(|line| println!("{line}"));
}
