//! Models of what threads share in this crate: the crate's own files, with the atomics and locks of loom or
//! shuttle in place of the standard library's. The page `docs/models.md` says what each of them covers.
//!
//! ```text
//! RUSTFLAGS='--cfg block_loom'    cargo test --release -p block-core --test models
//! RUSTFLAGS='--cfg block_shuttle' cargo test --release -p block-core --test models
//! ```
//!
//! Each model says its threads, blocks and operations, and its bound under loom: two threads are explored
//! exhaustively, three within so many preemptions, or `LOOM_MAX_PREEMPTIONS`. Under shuttle each is tried in
//! 1,000 uniformly random schedules and in 1,000 of PCT with depth 3; the longer models at the end of each
//! file, which are shuttle's alone, in 5,000 of each. `SHUTTLE_ITERATIONS` overrides both.

#![cfg(any(block_loom, block_shuttle))]

mod sync {
    pub(crate) use block_core::models::AtomicUsize;
    pub(crate) use block_core::models::sync::atomic::{AtomicPtr, AtomicU8, Ordering, fence};
    pub(crate) use block_core::models::sync::{Mutex, MutexGuard};
    pub(crate) use std::sync::PoisonError;

    macro_rules! const_outside_models {
        ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
            $(#[$attribute])* $visibility fn $($rest)*
        };
    }
    pub(crate) use const_outside_models;
}

#[allow(dead_code, reason = "what the models do not call")]
#[path = "../../src/alloc.rs"]
mod alloc;
#[allow(dead_code, reason = "what the models do not call")]
#[path = "../../src/leaks.rs"]
mod leaks;
#[allow(dead_code, reason = "what the models do not call")]
#[path = "../../src/ledger.rs"]
mod ledger;
#[allow(dead_code, reason = "what the models do not call")]
#[path = "../../src/wait/line.rs"]
mod line;
#[path = "../../src/shared_pool/owners.rs"]
mod owners;
#[allow(dead_code, reason = "what the models do not call")]
#[path = "../../src/wait/queue.rs"]
mod queue;
#[allow(dead_code, reason = "what the models do not call")]
#[path = "../../src/spread.rs"]
mod spread;
#[path = "../../src/wait/wake.rs"]
mod wake;
#[allow(dead_code, reason = "what the models do not call")]
#[path = "../../src/shares/word.rs"]
mod word;

mod blocks;
mod frees;
mod owning;
mod region;
mod shares;
mod waiting;

use block_core::models::sync::Arc;
use block_core::models::thread;
use block_core::{
    AllocError, BlockIndex, BlockLayout, FreeError, RegionError, RegionOptions, Stats,
};
use region::{Region, SideTable};

/// Work on what is shared, by a thread of its own.
fn on_another_thread<S: Send + Sync + 'static, T: Send + 'static>(
    shared: &Arc<S>,
    work: impl FnOnce(&S) -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    let shared = Arc::clone(shared);
    thread::spawn(move || work(&shared))
}
