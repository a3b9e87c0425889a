//! Programs that are wrong on purpose. Whoever watches must report them, or does not watch.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

use block_core::BlockAlloc;
use block_mutex::MutexAlloc;

use crate::pools::{magazines, plain_stack};
use crate::threads::{give_way, together, wait_for};

/// A mistake.
#[derive(Debug)]
pub struct Fault {
    pub name: &'static str,
    pub what: &'static str,
    pub commit: fn(),
}

/// All of them.
pub const FAULTS: &[Fault] = &[
    Fault {
        name: "write-after-release",
        what: "a write to a block that was given back, which the next holder writes to as well",
        commit: write_after_release,
    },
    Fault { name: "read-after-release", what: "a read of one", commit: read_after_release },
    Fault {
        name: "read-after-bulk",
        what: "a read of one that was given back among others",
        commit: read_after_bulk_release,
    },
    Fault { name: "overrun", what: "a write to the first byte behind a block", commit: overrun },
    Fault {
        name: "overrun-into-next",
        what: "the same, where the next block begins there, and is free",
        commit: overrun_into_the_next,
    },
    Fault { name: "leak", what: "memory that nobody can reach any more", commit: leak },
    Fault {
        name: "uninitialised",
        what: "a decision by what was never written",
        commit: uninitialised,
    },
];

/// By two threads, so that it is a race. The second one takes the block, the only one, after the first
/// has written; nothing but the pool orders the two, and the write comes after that.
fn write_after_release() {
    let pool = plain_stack(1).expect("memory for a small pool");
    let is_written = AtomicBool::new(false);
    together(2, |number| {
        if number == 1 {
            while !is_written.load(Ordering::Relaxed) {
                give_way();
            }
        }
        // The second one may see the flag before the release.
        let block = wait_for(|| pool.acquire());
        // SAFETY: held, until the line after it. The write behind that is the fault.
        unsafe {
            block.write(1);
            if number == 0 {
                pool.release(block);
                block.write(2);
                is_written.store(true, Ordering::Relaxed);
            } else {
                pool.release(block);
            }
        }
    });
}

/// Out of a magazine and back into it.
fn read_after_release() {
    let pool = magazines(100).expect("memory for a small pool");
    let block = pool.acquire().expect("all are free");
    // SAFETY: acquired above. The read behind is the fault.
    unsafe {
        pool.release(block);
        black_box(block.read());
    }
}

fn read_after_bulk_release() {
    let pool = magazines(100).expect("memory for a small pool");
    let mut blocks = [None; 3];
    assert!(pool.acquire_bulk(&mut blocks), "all are free");
    let [_, block, _] = blocks.map(Option::unwrap);
    // SAFETY: acquired above. The read behind is the fault.
    unsafe {
        pool.release_bulk(&mut blocks);
        black_box(block.read());
    }
}

fn overrun() {
    overrun_in(&plain_stack(2).expect("memory for a small pool"));
}

/// Blocks of 64 bytes are also that far apart.
fn overrun_into_the_next() {
    overrun_in(&MutexAlloc::new(64, 2).expect("memory for a small pool"));
}

fn overrun_in(pool: &dyn BlockAlloc) {
    let block = pool.acquire().expect("two are free");
    // SAFETY: the first block of two, so inside the region. That it is behind the block is the fault.
    unsafe { black_box(block.add(pool.block_size())).write(1) };
    // SAFETY: acquired above.
    unsafe { pool.release(block) };
}

fn leak() {
    black_box(Box::leak(Box::new([1_u8; 100])));
}

fn uninitialised() {
    // SAFETY: a layout with bytes.
    let memory = unsafe { std::alloc::alloc(std::alloc::Layout::new::<u64>()) };
    // SAFETY: allocated; the read of it is the fault.
    if unsafe { black_box(memory).read_volatile() } == 7 {
        println!("seven");
    }
    // SAFETY: allocated above, with this layout.
    unsafe { std::alloc::dealloc(memory, std::alloc::Layout::new::<u64>()) };
}
