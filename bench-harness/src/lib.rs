//! Compares the workspace's block pools with each other, with general allocators and with the pools
//! of other crates, on real threads.
//!
//! ```console
//! cargo run --release -p bench-harness -- --help
//! cargo run --release -p bench-harness -- --workload all --block-size 256 --capacity 4096 --threads 1,2
//! cargo run --release -p bench-harness -- --contender all --workload pair  # other crates' pools too
//! cargo run --release -p bench-harness -- --workload near-full:90,bulk:8:32:512 --payload none,block
//! cargo bench-allocators --workload pair  # jemalloc and snmalloc too: needs make and C++20
//! cargo bench -p bench-harness            # the usual cells, by the same code, under criterion
//! cargo run --release -p bench-harness --example buffers  # what buffers cost, beside bytes
//! cargo run --release -p bench-harness --example hardening  # what it costs to find mistakes
//! cargo run --release -p bench-harness --example echo     # an echo server on a pool's blocks
//! cargo run --release -p bench-harness --example particles  # a world of boxes, beside Box
//! cargo run --release -p bench-harness --example pipeline  # packets in bulk, beside mimalloc
//! cargo run --release -p bench-harness --example soak -- --time 2h  # is anything lost, or slower in the end?
//! cargo bench-counting                    # how often threads meet in the pools, counted anew
//! ```
//!
//! # Plans
//!
//! Without arguments the usual cases are measured, in about a minute. A [plan](plan::Plan) measures
//! others: a sweep over one thing (`block-sizes`, `arenas`, `threads`, `occupancy`, `payloads`), DPDK's
//! grid of bulk calls (`bulk-grid`), or `full`, all of it with latencies, in a quarter of an hour or more. What
//! is asked for by an option takes the place of the plan's choice. A run that takes longer than the
//! usual one says first how long, then shows the time left.
//!
//! # Reports
//!
//! A table goes to the terminal; after it stands where the run left its [record], a page with charts
//! and a picture of the headline (`--report` chooses the folder). The page has all that it needs in
//! it: verdicts, a table of all figures coloured by their ratio to the best, curves of what changes
//! with threads, blocks and arenas, latencies, the machine, the method in short, and each figure. It
//! asks nothing of the network and runs no script; it can be read on a phone, in the dark and on paper.
//!
//! # Pages
//!
//! - `docs/METHODOLOGY.md`: the meaning of the figures, the checks, and the bias.
//! - [record]: what a record holds, and how two of them are compared.
//! - [latency]: how single calls are timed, and what their tail means.
//! - [buffers]: what it costs to freeze, clone and slice a buffer.
//! - [hardening]: what it costs to let a pool find mistakes.
//! - [scaling]: how saturation is foretold, and what the model leaves out.
//! - `docs/adding-a-contender.md`: how to add one, with an example that is a test.
//!
//! The folder `docs/measured` has the record and the report of one machine, and those of the longest soak.

pub mod arguments;
mod barrier;
pub mod buffers;
mod clock;
pub mod command;
pub mod compare;
pub mod contender;
pub mod control;
mod distinct;
pub mod fault;
mod folder;
pub mod grid;
pub mod hardening;
pub mod latency;
pub mod lineup;
pub mod machine;
pub mod median;
pub mod numbers;
pub mod origin;
pub mod output;
pub mod payload;
pub mod peers;
pub mod plan;
mod probe;
mod rank_sum;
pub mod record;
mod report;
pub mod ring;
pub mod sampler;
pub mod scaling;
pub mod session;
mod stock;
pub mod stop;
mod stored;
pub mod subject;
pub mod surroundings;
mod verdict;
pub mod workers;
pub mod workload;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../docs/adding-a-contender.md")]
mod adding_a_contender {}
