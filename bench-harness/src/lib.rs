//! Compares the workspace's block pools with each other, with general allocators and with the pools
//! of other crates, on real threads.
//!
//! ```console
//! cargo run --release -p bench-harness -- --help
//! cargo run --release -p bench-harness -- --workload all --block-size 256 --arena 4096 --threads 1,2
//! cargo run --release -p bench-harness -- --contender all --workload pair  # other crates' pools too
//! cargo run --release -p bench-harness -- --workload near-full:90,bulk:8:32:512 --payload none,block
//! cargo bench-allocators --workload pair  # jemalloc and snmalloc too: needs make and C++20
//! cargo bench -p bench-harness            # the usual cells, by the same code, under criterion
//! cargo bench-counting                    # how often threads meet in the pools, counted anew
//! ```
//!
//! # Records
//!
//! `--format json` writes the [record](record::Record) of the run: every sample, the settings, the
//! machine with its kernel, the toolchain, the crate's version, the commit it was built from (with
//! `-dirty` if tracked files had changed), the date, and the version of the format. `--format csv`
//! has all of that in each row, the samples in one field with spaces between them.
//!
//! For people there are two more forms. `--format html` is one page, with all that it needs in it: the
//! verdicts, a table of all figures coloured by their ratio to the best, curves of what changes with
//! threads, blocks and arenas, the machine, the method in short, and each figure. It asks nothing of
//! the network and runs no script; it can be read on a phone, in the dark and on paper. `--format svg` is
//! a picture of the headline: the fastest path of each contender at the shortest workload. Both
//! can be made from a record as well, without measuring:
//!
//! ```console
//! bench-harness --from old.json --format html --output report.html
//! bench-harness --from old.json --format svg --output headline.svg
//! ```
//!
//! ```console
//! bench-harness --format json --output old.json
//! bench-harness --compare old.json                  # measures, then says what has changed
//! bench-harness --compare old.json --with new.json  # measures nothing
//! ```
//!
//! A [comparison](compare::Comparison) gives for each cell that both records have the change of its
//! median in percent, with a 95 % confidence interval that assumes nothing of how the samples are
//! distributed. A cell is *slower* or *faster* if the interval leaves no change out; it takes six
//! samples in either record to tell. Where a cell is slower, and its median by more than
//! `--tolerance`, the exit code is 3. The loop alone is compared, but does not count.
//!
//! The interval knows the spread of the samples within each run. It does not know what changes from
//! run to run: where the memory lies, what else the machine does, how warm it is. And of a hundred
//! cells that did not change, up to five may seem to. The tolerance is there for both, but where
//! threads contend, or share a busy machine, the same program can differ from itself by far more:
//! on such a machine choose cells of one thread, or compare again before you believe it.
//!
//! Ctrl-C and SIGTERM end a run after the current sample. The report is written with the cells that
//! have a sample, however few, and says that it was interrupted; the exit code is 130. Before the
//! first sample nothing is written, and `--output` keeps what it has. The second Ctrl-C ends the
//! program at once, and writes nothing.
//!
//! # What is measured
//!
//! A *cell* is one path through one contender at one *case*: a workload, a number of threads, a
//! block size and an arena. Its figure is the wall time from the first thread's start to the last
//! one's end, divided by the blocks that all threads together took and gave back: nanoseconds of
//! the machine per block, not of a thread. Two threads that never meet halve it.
//!
//! - Threads are pinned, one to a core, wrapping round where there are more threads than cores, and
//!   leave a spin barrier together. Each does the same number of pairs.
//! - The contenders of a case take turns, round by round, in an order in which places and
//!   predecessors change, so that drift of the machine's speed meets all alike. The least and the
//!   median over the rounds are shown; the verdict is on the median. Under `cargo bench` they
//!   cannot take turns: criterion measures one after the other.
//! - Each [workload](workload::Workload) is a named model with its source. What it holds from start
//!   to end is taken before the time and given back after it. Of `exhausted` the figure is the time
//!   of a refusal.
//! - "x best" is the median of the best general allocator in the same case, divided by the row's.
//! - The loop is compiled for each contender and each [payload](payload::Payload): no dyn call, no
//!   branch on what is measured. Unless `--payload` says otherwise the first byte of each block is
//!   written, behind `black_box`; those of `bulk` and `exhausted` are not touched.
//! - `loop` is the same loop over blocks that each thread keeps. It is shown, not subtracted: of
//!   `churn` it is nearly all, the birth and the end of a thread for every 32 blocks.
//!
//! # What is checked
//!
//! - Before a case is measured, each contender runs it in an arena with just as many blocks as the
//!   threads hold at once. Blocks are stamped while they are held and compared before they are
//!   given back, and no take may fail.
//! - After each measured run, untimed, all blocks are taken through the same path: each must be
//!   there once, inside the region, and the pool's count must agree, before and after. Pools of other crates have
//!   no region.
//!
//! The first failure ends the run with exit code 1. Of `malloc`, which has no bound, only the
//! overlap of live blocks can be checked; the same goes for pools that grow.
//!
//! # What is foretold
//!
//! How far the workspace's own pools scale beyond the cores at hand: from how often a block makes a
//! cache line move that all threads write, and what the machine takes to move one. The method, and
//! what it leaves out, is the page [`scaling`].
//!
//! # What is not measured
//!
//! Building a pool and the first touch of its memory. What a real holder does with a block between
//! take and give, and its cache misses. Memory used. Single calls are timed if asked for, by
//! `--latency`: [latency] says how, and what their tail means.
//!
//! # In whose favour it errs
//!
//! - A thread that is done early leaves the others less contended: in favour of contenders under
//!   contention, most of all of unfair ones.
//! - On a busy machine threads that should contend run one after another: in favour of contenders
//!   under contention, tenfold and more. The loop alone shows it, and the report then says so.
//! - Where threads share a core, few of them meet inside a call: what a stopped thread costs the
//!   others shows in the tail, less in this mean.
//! - The threads of `larson` and `churn` that succeed each other on a core never overlap, so that what
//!   one leaves behind is always there for the next: in favour of contenders that adopt it.
//! - Equal sizes, nothing else on the heap, no fragmentation: in favour of `malloc`, as are
//!   its lower alignment and the missing bound. The buffers in pools of other crates have that alignment too.
//! - Unless asked for more only the first byte is touched, and a last-in-first-out pool hands out the same few blocks
//!   again: in its favour against the queues, whose blocks come round in turn. That is a
//!   property of the pool, but a program that uses its blocks whole will see less of it, as
//!   `--payload block` does.
//! - Every run begins with the free blocks in order of address. In a pool that was once drained and
//!   filled in random order a working set lies all over the arena, and costs misses of the cache and
//!   the address translation that a new pool's does not: in favour of the pools. Huge pages help.
//! - Block size and arena hardly matter to a pool that touches one byte; they do to its caches.
//! - Link-time optimisation inlines the pools into the loop, `malloc` is a call: in favour of the
//!   pools, as in a program.

pub mod adding_a_contender;
pub mod barrier;
mod clock;
pub mod command;
pub mod compare;
pub mod contender;
pub mod control;
pub mod fault;
mod folder;
pub mod grid;
pub mod latency;
pub mod lineup;
pub mod machine;
mod median;
pub mod origin;
mod output;
pub mod payload;
pub mod peers;
pub mod plan;
mod probe;
pub mod record;
pub mod report;
pub mod ring;
pub mod sampler;
pub mod scaling;
pub mod session;
mod stock;
pub mod stop;
pub mod stored;
pub mod subject;
pub mod surroundings;
pub mod verdict;
pub mod workers;
pub mod workload;

mod arguments;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
