//! Models that loom and shuttle share: the numbers of threads and what threads leave behind, the window in which
//! a tag must not come round, the frontier. Those of loom alone are in `loom` and `loom_magazines`, those of
//! shuttle alone in `shuttle`; `block-core`'s `docs/models.md` says what each of them covers.
//!
//! ```text
//! RUSTFLAGS='--cfg block_loom'    cargo test --release -p block-lockfree --test models
//! RUSTFLAGS='--cfg block_shuttle' cargo test --release -p block-lockfree --test models
//! ```
//!
//! Each model says its threads, blocks and operations, and its bound under loom. Under shuttle each is tried in
//! 1,000 uniformly random schedules and in 1,000 of PCT with depth 3; those that are shuttle's alone, in 5,000
//! of each. `SHUTTLE_ITERATIONS` overrides both.

#![cfg(any(block_loom, block_shuttle))]

/// A static's atomics are real in the library, and modelled here.
mod sync {
    pub(crate) use block_core::models::AtomicUsize as StaticUsize;
    pub(crate) use block_core::models::sync::atomic::Ordering;
}

#[path = "../../src/bitmap.rs"]
mod bitmap;
#[allow(dead_code, reason = "of what the models of magazines need, a part")]
#[path = "../loom_magazines/pool.rs"]
mod pool;
mod stack;
mod threads;
