//! What models of this crate and of the backends run on: loom, which tries every execution within a
//! bound, under the memory model; or shuttle, which tries random ones, of more threads and longer, with
//! every atomic operation sequentially consistent. In builds with `--cfg block_loom` or `--cfg block_shuttle` alone.
//!
//! A model says its [`Bound`]. shuttle tries schedules of two kinds, so many of each: uniformly random ones, and
//! those of probabilistic concurrency testing (PCT; Burckhardt et al., ASPLOS 2010) of depth 3, which find any
//! bug of so few ordering constraints with a known probability.

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

/// How many executions of a model are tried.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// loom: all of them. shuttle: 1,000 of each kind, or as many as `SHUTTLE_ITERATIONS` says.
    Exhaustive,
    /// loom: those with at most so many preemptions, or as many as `LOOM_MAX_PREEMPTIONS` says. shuttle: as
    /// above.
    Within(usize),
    /// Of shuttle's own models, longer than loom can explore: 5,000 of each kind, or as many as
    /// `SHUTTLE_ITERATIONS` says.
    #[cfg(block_shuttle)]
    Random,
}

/// Runs a body in all executions within the bound, and prints how many there were.
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
