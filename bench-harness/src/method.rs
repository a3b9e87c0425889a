//! The method: what a figure says, and what it does not.
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
//! - Each [workload](crate::workload::Workload) is a named model with its source. What it holds from start
//!   to end is taken before the time and given back after it. Of `exhausted` the figure is the time
//!   of a refusal.
//! - "x best" is the median of the best general allocator in the same case, divided by the row's.
//! - The loop is compiled for each contender and each [payload](crate::payload::Payload): no dyn call, no
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
//!   there once, inside the region, and the pool's count must agree, before and after. Pools of
//!   other crates have no region.
//!
//! The first failure ends the run with exit code 1. Of `malloc`, which has no bound, only the
//! overlap of live blocks can be checked; the same goes for pools that grow.
//!
//! # What is foretold
//!
//! How far the workspace's own pools scale beyond the cores at hand: from how often a block makes a
//! cache line move that all threads write, and what the machine takes to move one. The method, and
//! what it leaves out, is the page [`scaling`](crate::scaling).
//!
//! # How far to trust it
//!
//! - The run goes over all cases several times ([`passes`](crate::record::Settings::passes)), each time
//!   with new pools: where the memory lies, and what the machine did in one part of the minute, then
//!   shows in the samples.
//! - The [control](crate::control) is one pool measured twice, as two contenders. What it differs by
//!   from itself is stated after each run, and in a test the two come out equal. A factor between two
//!   contenders that is no greater than that says nothing.
//! - A result of less than twice the loop's own cost is marked (`~`): it says as much of the loop as
//!   of the contender.
//! - A run warns: if threads share a core, or hardware threads of one; if the loop alone shows that
//!   threads did not have a core each; if other programs or other virtual machines had more than 5 % of
//!   the machine's time; if the middle half of a cell's samples lies over more than 25 % of the median; if
//!   the clock steps by more than 1 % of the shortest sample; if threads could not be pinned; if it
//!   was built without optimisation.
//! - Where counting the blocks of an arena takes more than a quarter of a second, a cell has one
//!   sample a pass.
//!
//! # What is not measured
//!
//! Building a pool and the first touch of its memory. What a real holder does with a block between
//! take and give, and its cache misses. Memory used. Single calls are timed if asked for, by
//! `--latency`: [latency](crate::latency) says how, and what their tail means.
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
//!   its lower alignment and the missing bound. The buffers in pools of other crates have that
//!   alignment too.
//! - Unless asked for more only the first byte is touched, and a last-in-first-out pool hands out
//!   the same few blocks again: in its favour against the queues, whose blocks come round in turn. That is a
//!   property of the pool, but a program that uses its blocks whole will see less of it, as
//!   `--payload block` does.
//! - Every run begins with the free blocks in order of address. In a pool that was once drained and
//!   filled in random order a working set lies all over the arena, and costs misses of the cache and
//!   the address translation that a new pool's does not: in favour of the pools. Huge pages help.
//! - Block size and arena hardly matter to a pool that touches one byte; they do to its caches.
//! - Link-time optimisation inlines the pools into the loop, `malloc` is a call: in favour of the
//!   pools, as in a program.
