//! What a pair of calls costs as pools and programs grow: from 100 blocks to ten million, from one
//! thread to 1,024. `cargo run --release -p block-lockfree --example scaling`
//!
//! The harness verifies and interleaves, which takes long at these sizes. This only measures: the
//! least of three runs, in nanoseconds of the machine per block taken and given back. Threads are
//! left to the system, so where there are few of them they may share a core.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use block_core::{BlockAlloc, BlockAllocExt};
use block_lockfree::LockFreeAlloc;

/// Pairs of all threads together.
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
        assert_eq!(pool.available(), capacity, "every block is back");
    }
    Ok(())
}

/// From the first thread's start to the last one's end.
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
