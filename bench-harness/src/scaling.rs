//! At how many cores a contender stops getting faster, foretold from what was counted and measured
//! on this machine.
//!
//! Threads that share nothing scale with the cores. What stops them is a cache line that all of them
//! write: it is at one core at a time. So three figures say how far a pool can scale: how often a
//! block makes such a line move, how long a move takes, and how long everything else does.
//!
//! A report has them where a run has cells of the workspace's own pools at one thread and at more,
//! with a core for each. Other crates' pools and allocators cannot be counted, and are left out.
//!
//! # What is counted
//!
//! Atomic read-modify-writes (compare-and-swap, swap, fetch-and-add) for each block taken and given
//! back, those that fail included, as they move the line too:
//!
//! - *shared*: on lines that every thread writes. The stack's head, the phases of the depot's cells,
//!   the reclaimers' lock with its counts of those who wait, and the mutex. A free mutex is locked
//!   by one and unlocked by another, so a pair is four. (That is the mutex of Linux; elsewhere it may
//!   take more.)
//! - *marks*: on the ledger's mark of a block, on the checked path. Its line is shared with those who
//!   hold one of 63 other blocks. They stand in the file of counts and are not foretold from.
//!
//! The pools count themselves, in a build of its own with `--cfg block_counting`. Each thread counts
//! apart from the others. The figure is the difference of a long and a short run on new pools, so
//! that first uses and what is done before and after cancel out, and magazines are warm; on one
//! thread, where one can do the workload, it is the same each time. Blocks are of 64 bytes in an
//! arena of 4,096; the one does not matter to what is counted, the other only where it is tiny.
//!
//! ```console
//! cargo bench-counting   # writes bench-harness/counts.csv anew; ordinary builds read it
//! ```
//!
//! A check counts again, and fails if the file says something else. An ordinary build has no
//! counters at all:
//!
//! ```compile_fail,E0432
//! use block_core::counting;
//! ```
//!
//! # What a transfer costs
//!
//! Two threads on cores of their own increment one word in turn: each reads until the word says that
//! it is its turn, then adds one. The time of a run by the number of turns is the time of a
//! transfer. There are 201 short runs, or as many as take a third of a second; the
//! median is used, the least is shown.
//!
//! Two threads that add to one word without waiting for each other need far less per addition: a
//! core does several while it has the line. On the two cores of a virtual machine (AMD EPYC) it was
//! 2 to 10 ns against 24 to 39 in turn. But a call of a pool is not like that: it reads the head, then
//! what the head leads to, then swaps, and the line is gone in between. There two threads needed
//! 63 to 86 ns for a pair on the plain stack in most runs: two transfers of 32 to 43 ns. So it is the
//! transfer in turn that foretells.
//!
//! # The model
//!
//! With `r` shared read-modify-writes a block, `t` for a transfer and `a` for a block on one thread,
//! nobody else there:
//!
//! - without sharing, `n` cores take `n / a` blocks a nanosecond;
//! - a line that is moved `r` times a block is busy for `r t`, so all cores together take at most
//!   `1 / (r t)`;
//! - hence at most `a / (r t)` times what one thread takes: the cores at which it *saturates*. The
//!   speed-up foretold of `n` cores, from 2 on, is the lesser of `n` and that.
//!
//! These are the bounds of operational analysis (P. J. Denning, J. P. Buzen, "The Operational
//! Analysis of Queueing Network Models", ACM Computing Surveys 10, 1978). Below 1 the second core
//! makes it slower: one thread alone keeps the line in its cache, and pays no transfer. Medians
//! are over the block sizes and arenas of the run; a speed-up that was measured is of one block size
//! and arena.
//!
//! `r` is the sum over all lines, not that of the busiest one: as if all were one line.
//!
//! # In whose favour it errs
//!
//! - Lines of their own work at the same time: the sum is against a pool that spreads its
//!   read-modify-writes, that is, against the one with a depot. Of hand-over, where that counts,
//!   nothing is foretold, as there is no single thread to start from.
//! - A thread waits for its own transfers even where nobody queues: with `c = a / (r t)`, `n` cores
//!   take about `n c / (c + 1)` times the blocks at most. The model leaves this out, in favour of the
//!   pools: by a third on two cores where `c` is 2, by a tenth where it is 9, and not at all from
//!   `c + 1` cores on, where the line is saturated anyway.
//! - What was counted was counted on one thread, without the attempts that fail because another
//!   thread came first: in favour of the stack.
//! - A thread that gets the line again before another does pays no transfer: against all, most of all
//!   the mutex, which a thread can lock twice in a row.
//!
//! # What it leaves out
//!
//! - Lines that are not shared by all: the marks of the checked path, the links of neighbouring
//!   blocks, the blocks themselves. "Never" saturated means: not by a line that all threads write. The
//!   checked path loses to its marks, and bulk calls to the links that they walk, well before.
//! - Plain stores, and loads of lines that others have written since. They come with a
//!   read-modify-write of the same line mostly, and then cost nothing more.
//! - Sockets. A transfer between two of them costs 2 to 7.5 times one within (T. David, R. Guerraoui,
//!   V. Trigonakis, "Everything You Always Wanted to Know About Synchronization but Were Afraid to
//!   Ask", SOSP 2013). It is measured between the first two cores: if those are two threads of one
//!   core, it costs next to nothing, and the model is far too kind.
//! - Threads that share a core (SMT) do not double it, and cores that all work run slower than one.
//! - The queue before a line: the price of a transfer grows with those who want it, and processors
//!   do not serve them in turn. Sleeping and waking at a mutex. Backing off, which none of the pools does.
//! - Bandwidth of the memory, misses of caches that cores share, translation of addresses.
//! - A hypervisor that stops one of the cores: those who wait for it, wait; and the others look
//!   better than they are. One that moves a core: the price is that of the moment when the run began,
//!   and on the machine above one run of five found it five times as high.
//! - Reclaiming, near exhaustion, with several threads: on one thread it is over after one.
//!
//! So it is a bound for lines that are shared, for each pool by the same measure. Believe the
//! measured points where there are any.

pub mod counts;
mod model;
mod outlook;
#[cfg(block_counting)]
pub mod recount;
mod transfer;

use serde::{Deserialize, Serialize};

pub(crate) use outlook::Outlook;

/// The machine's price of sharing, and what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// What it takes to move a cache line that two cores write in turn from one to the other: the
    /// median, in nanoseconds.
    pub transfer_ns: f64,
    /// The least of the samples.
    pub transfer_min_ns: f64,
    /// One for each contender and workload that was counted and measured.
    pub saturations: Vec<Saturation>,
}

/// One contender at one workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saturation {
    /// The contender.
    pub contender: String,
    /// The path through it.
    pub path: String,
    /// The workload.
    pub workload: String,
    /// Read-modify-writes on lines that all threads write, for each block taken and given back: counted.
    pub shared_rmws: f64,
    /// Nanoseconds of a thread per block where nobody else is there: measured.
    pub alone_ns: f64,
    /// From so many cores on more cores take no more blocks; nothing if no line is shared. Below 1:
    /// two cores are already slower than one.
    pub cores: Option<f64>,
    /// What was measured on this machine.
    pub points: Vec<Point>,
}

/// A measured number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Threads, each with a core of its own.
    pub threads: usize,
    /// How many times the blocks of one thread they took and gave back in the same time.
    pub speedup: f64,
    /// How many times it would be by the model.
    pub foretold: f64,
}
