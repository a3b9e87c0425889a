//! What the magazines cost, what was tried, and what it gave.
//!
//! Two cores of a virtual Xeon (Ice Lake class), Linux 6.18, rustc 1.95; blocks of 256 bytes, 4,096
//! of them, threads pinned. Every figure is a median of many short runs in which the contenders took
//! turns, in nanoseconds of the machine per block taken and given back. Ratios hold from run to run,
//! the figures themselves drift by a tenth.
//!
//! # Where it stands
//!
//! ```console
//! cargo bench-allocators --workload all --contender lock-free,plain-stack,system,mimalloc,jemalloc,snmalloc,loop \
//!     --block-size 256 --arena 4096 --threads 1,2
//! ```
//!
//! @@RESULTS@@
//!
//! # What an operation does
//!
//! Sixteen instructions to take a block and seventeen to give one back, no call, no atomic
//! read-modify-write: the thread's place from its own memory, one comparison with the size of the
//! table, `active = 1`, the state, the length, the address, the length again, `active = 0`.
//!
//! # What was tried
//!
//! | idea | effect | kept |
//! |---|---|---|
//! | the short path inlined, whatever its size seems to the compiler | pair 2.83 to 2.65 | yes |
//! | no magazines as an empty table, instead of a branch of its own | with the line above | yes |
//! | a thread's number kept as an offset in bytes; a state that is zero when there is nothing to heed; one branch for "inside already" and "not open" | pair 2.65 to 2.25, replace 3.3 to 2.7, bulk 0.34 to 0.26 | yes |
//! | two branches instead of the one | pair 2.45 | no |
//! | plain memory for the addresses, moved as a block | bulk of 32: 0.26 a block, 1.0 with atomic entries | yes |
//! | whole batches handed over in a depot, beside links walked one by one | hand-over 18 to 16 | yes |
//! | 64 cells in the depot, instead of 16 | hand-over the same | no |
//! | magazines of 30 | burst of 32 at 2 threads 12 instead of 1.6, hand-over 26 | no |
//! | magazines of 62: a slot is then 512 bytes | | yes |
//! | the marks of the ledger spread over cache lines | checked pair at 2 threads 41 to 4.3; at 1 thread 7.5 to 8.4 | yes |
//! | batches that shrink when magazines are called in, and grow again | a pair with 998 of 1,000 blocks held costs what it costs with none held | yes |
//!
//! # What is left
//!
//! The path is bound by the number of instructions, not by the chain of loads and stores: two pools
//! used by turns cost the same per pair as one. What is left to save are the comparison with the
//! size of the table and the re-entry check, six of 33 instructions, and neither can go without
//! giving up plain stacks behind the same type, or signal handlers.
