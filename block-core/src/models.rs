//! The basis of the models of this crate and of the backends: loom, which tries every execution
//! within a bound under the memory model, or shuttle, which tries random executions, with more
//! threads and longer, in which every atomic operation is sequentially consistent. Only in builds
//! with `--cfg block_loom` or `--cfg block_shuttle`.
//!
//! Each model names its [`Bound`]. shuttle tries two kinds of schedules: uniformly random ones, and
//! those of probabilistic concurrency testing (PCT; Burckhardt et al., ASPLOS 2010) of depth 3,
//! which find any bug with that few ordering constraints with a known probability.

mod turns;
mod weak;

#[cfg(block_loom)]
pub use loom::{sync, thread};
#[cfg(block_shuttle)]
pub use shuttle::{sync, thread};

pub use self::turns::UnsafeCell;
pub use self::weak::{AtomicU32, AtomicU64, AtomicUsize, fail_next_swap};
#[cfg(block_loom)]
pub use self::weak::{free_memory, track_memory};

/// The number of executions of a model.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// loom: all. shuttle: 1,000 of each kind, or `SHUTTLE_ITERATIONS`.
    Exhaustive,
    /// loom: those with at most this many preemptions, or `LOOM_MAX_PREEMPTIONS`. shuttle: as
    /// above.
    Within(usize),
    /// For models that only shuttle can explore: 5,000 of each kind, or `SHUTTLE_ITERATIONS`.
    #[cfg(block_shuttle)]
    Random,
}

/// Runs a body in all executions within the bound, and prints their number.
#[cfg(block_loom)]
pub fn check(bound: Bound, body: impl Fn() + Send + Sync + 'static) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = match bound {
        Bound::Exhaustive => None,
        Bound::Within(preemptions) => builder.preemption_bound.or(Some(preemptions)),
    };
    builder.max_branches = 20_000;
    let executions = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&executions);
    builder.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        body();
    });
    std::println!("{executions:?} executions");
}

/// Runs a body in many random schedules of both kinds.
#[cfg(block_shuttle)]
pub fn check(bound: Bound, body: impl Fn() + Send + Sync + 'static) {
    use shuttle::scheduler::{PctScheduler, RandomScheduler};

    let usual = if matches!(bound, Bound::Random) { 5000 } else { 1000 };
    let asked_for = std::env::var("SHUTTLE_ITERATIONS");
    let iterations = asked_for.map_or(usual, |it| it.parse().expect("a number"));
    let mut config = shuttle::Config::new();
    config.silence_warnings = true;
    let body = std::sync::Arc::new(body);
    let again = std::sync::Arc::clone(&body);
    shuttle::Runner::new(RandomScheduler::new(iterations), config.clone()).run(move || body());
    shuttle::Runner::new(PctScheduler::new(3, iterations), config).run(move || again());
}
