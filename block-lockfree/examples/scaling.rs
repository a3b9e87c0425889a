//! Measures an allocation and its free in pools of 100 to ten million blocks, with 1 to 1,024
//! threads.
//!
//! `cargo run --release -p block-lockfree --example scaling`
//!
//! The harness also verifies the blocks and interleaves its runs, which takes long at these sizes.
//! This example prints the shortest of three runs, as elapsed time divided by the number of blocks
//! that all threads allocate and free. Threads are not pinned, so even a few of them may share a
//! core.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use block_core::{BlockAlloc, BlockAllocExt};
use block_lockfree::LockFreeAlloc;

/// The number of allocations of all threads together.
const PAIRS: usize = 100_000_000;

fn main() -> Result<(), block_lockfree::BuildError> {
    for (block_size, capacity) in [(16, 100), (256, 4096), (65_536, 10_000), (64, 10_000_000)] {
        let pool = LockFreeAlloc::new(block_size, capacity)?;
        println!("{capacity} blocks of {block_size} bytes");
        for threads in [1, 2, 4, 16, 64, 256, 1024] {
            if threads <= capacity {
                let least = (0..3).map(|_| run(&pool, threads)).min().unwrap_or_default();
                let per_pair = least.as_secs_f64() * 1e9 / PAIRS as f64;
                println!("{threads:6} threads {per_pair:6.2} ns");
            }
        }
        assert_eq!(pool.available(), capacity, "every block was freed");
    }
    Ok(())
}

/// Returns the time from the start of the first thread to the end of the last thread.
fn run(pool: &LockFreeAlloc, threads: usize) -> Duration {
    let barrier = Barrier::new(threads);
    let work = || {
        barrier.wait();
        let start = Instant::now();
        for _ in 0..PAIRS / threads {
            let mut block = pool.alloc().expect("as many blocks as threads");
            black_box(&mut block)[0] = 1;
        }
        (start, Instant::now())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let spans: Vec<_> =
            threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect();
        let start = spans.iter().map(|&(start, _)| start).min();
        let end = spans.iter().map(|&(_, end)| end).max();
        start.zip(end).map(|(start, end)| end - start).unwrap_or_default()
    })
}
