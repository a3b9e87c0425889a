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
//! cargo bench-allocators --workload pair,burst,replace,handover,bulk --block-size 256 --arena 4096 --threads 1,2
//! cargo bench-allocators --workload pair,near-full,exhausted --block-size 256 --arena 1000 --threads 1,2
//! cargo bench-allocators --workload pair --block-size 16,64K --arena 100,10000 --threads 1,2,64
//! cargo run --release -p block-lockfree --example scaling
//! ```
//!
//! | aim | reached | |
//! |---|---|---|
//! | pair at least 1.5x as fast as the best general allocator | 2.27 on 1 thread, 1.19 on 2: 1.5x jemalloc (3.52, 1.85), 1.31x and 1.26x snmalloc (2.98, 1.49), 2.0x mimalloc, 3.0x glibc | missed against snmalloc |
//! | the handle within a tenth of the bare calls | pair 2.29 and 1.19: 1 % and none | met |
//! | the checked path at most 9.3 | pair 8.4 and 4.4 | met |
//! | 32 taken, 32 given back, at least 1.4x | 3.41 and 1.61: 1.27x and 1.35x snmalloc; in another run 1.44x and 1.22x | missed |
//! | random replacement in 1,000 blocks a thread, at least 1.4x | 3.01 and 1.57: 1.34x and 1.28x jemalloc; less the loop's own 1.48 and 0.75, 1.7x and 1.5x | missed |
//! | hand-over at least 2x, at most 16 | 10.1, beside 6.7 for the ring and the blocks alone: 3.2x snmalloc; in another run 7.7 | met |
//! | bulk of 32 at most 0.55 a block | 0.24 and 0.12; in another run 0.54 and 0.27 | met |
//! | flat within a tenth: blocks of 16 B to 64 KiB, 100 to 10^7 of them | 2.22 to 2.23 from 16 B x 100 to 64 KiB x 10,000; by the example, 2.58 to 2.66 from 16 B x 100 to 64 B x 10^7 | met |
//! | 2 threads 1.9x the throughput of 1 | 1.89x to 1.92x; by the example 1.95x to 2.03x | at the edge |
//! | 64 threads 0.95x that of 2, no cliff up to 1,024 | 0.91x in the harness (1.27 beside 1.16); by the example 0.84x (100 blocks) to 1.01x, and 1.6 with 1,024 threads | missed; met |
//! | with 99.8 % held, a pair on 2 threads at most 15 % more | 1.22 beside 1.14: 7 % | met |
//! | a call on an empty pool at most 10 on 2 threads | 2.1 | met |
//! | at most 1 KiB for each thread that uses a pool | 512 bytes, in pages of eight | met |
//!
//! Ten thousand pools of ten blocks of 64 bytes, each used by a thread, take 8.9 KiB each: a page of
//! blocks, a page for the magazines of the first eight threads, the rest metadata. Both figures of
//! memory are measured and held by `cargo test -p block-lockfree --test memory_of_threads --test
//! memory_of_pools`. Each pool also reserves 1 MiB of address space.
//!
//! A checked free on two threads that work on neighbouring blocks can cost 50: two marks of the
//! ledger on one cache line. So it is for the last blocks of a pool, fewer than 64, whose marks lie
//! together: for the last two of 1,000, for one.
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
//! | for the high-water mark, pops that say where they left the frontier (on an EPYC) | plain stack 14.2 to 14.5 | no: a push onto the frontier writes it down |
//! | refusals counted in the thread's slot; on the plain stack in one of eight cells (on an EPYC) | a refusal 4.4 to 4.8, and 2.4 to 6.8 | yes |
//!
//! # What is left
//!
//! The path is bound by the number of instructions, not by the chain of loads and stores: two pools
//! used by turns cost the same per pair as one. What is left to save are the comparison with the
//! size of the table and the re-entry check, six of 33 instructions, and neither can go without
//! giving up plain stacks behind the same type, or signal handlers.
//!
//! # Examples
//!
//! What can be tuned on a pool, by who has measured: how many blocks a magazine holds.
//!
//! ```
//! use block_core::BlockAllocExt;
//! use block_lockfree::LockFreeAlloc;
//!
//! let fast = LockFreeAlloc::new(256, 4096)?; // magazines of 62, the default
//! let plain = LockFreeAlloc::new(256, 4096)?.with_magazine(0); // no call waits for another thread
//! assert_eq!(fast.alloc()?.len(), plain.alloc()?.len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
