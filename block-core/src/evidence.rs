//! How the promises of these crates are shown to hold, and how to see it again.
//!
//! No block twice, none lost, no data race, every bad input refused: no single tool sees all of that. The
//! steps below each see a part, and [bugs on purpose](#bugs-on-purpose) show that they do. `.ci/run` runs all of
//! them from a clean checkout, with one verdict a step, and says which it had to skip, as something is missing; `.ci/run NAME...` runs those that are named.
//!
//! | claim | shown by | step of `.ci/run` | bounds |
//! |---|---|---|---|
//! | calls do what their pages say | unit tests, examples | `tests` | |
//! | [invariants](crate#invariants) 1 to 6, of every backend | the suite `block_core::conformance`, on every way of use; it rejects each of some thirty broken pools | `tests` | up to 80 threads, random sequences of calls |
//! | bad inputs and events change nothing that they should not | [a test for each, named for it](#bad-inputs-and-events) | `tests` | |
//! | orderings, and no mix-up of old and new heads | [models](#models-of-everything-that-threads-share), loom | `loom` | stack, ledger, buffers: two threads, all executions. Magazines, depot, ends of threads, whose calls are longer: two threads, two or three preemptions. Three threads: one to three |
//! | long interleavings: magazines, reclaims, ends of threads, waiting | the same and longer models, shuttle | `shuttle` | up to 9 threads, 2,000 to 10,000 random schedules each |
//! | owners without `membarrier` | the tests once more, with fences | `real_fence` | |
//! | no data race on blocks | ThreadSanitizer, blocks written plainly | `tsan` | 5 threads, seconds |
//! | no use of a free block, no overrun, no leak | AddressSanitizer, free blocks poisoned; memcheck | `asan`, `memcheck` | the same |
//! | no undefined behaviour, provenance included, in threads and with raw pointers | Miri, under both borrow models | `miri` | some rounds of thirteen scenes, one or two seeds |
//! | no panic, overflow or disagreement, whatever is asked for | libFuzzer: constructors and calls, both backends beside a model | `fuzz` | a minute, and a corpus that `tests` replays |
//! | nothing is lost, becomes slower or grows, however long a pool is used | [a soak](#endurance) | `tests`, for a moment | three minutes, or as asked for |
//! | as few contended operations as are claimed | counted read-modify-writes | `counting` | |
//! | no heap and no system where none is promised | linked without them | `no_std`, `heap_only`, `bare_metal` | |
//! | words of 32 bits, no 64-bit atomics | the tests that these break first, as a 32-bit x86 program; built for a 32-bit PowerPC | `targets` | the rest by name, see below |
//! | **the tests have teeth** | planted bugs, each of which makes a named test fail | `planted_bugs` | |
//!
//! # Longer, or one alone
//!
//! ```text
//! .ci/planted-bugs no-tag                 one bug, and the test that finds it
//! .ci/sanitizers thread address           these sanitizers
//! .ci/sanitizers miri_core                Miri, for some minutes, on tests of the core
//! .ci/targets                             every test on 32-bit x86; aarch64 with pages of 4 and of 64 KiB
//! .ci/fuzz --time 3600 --keep found       an hour, whose corpus a later run goes on from
//! .ci/mutants block-core/src/alloc.rs     changes of a file that no test sees, beside those explained below
//! .ci/coverage --lines                    lines that no test runs
//! SHUTTLE_ITERATIONS=1000000 ...          more schedules, on the command of a model's page
//! LOOM_MAX_PREEMPTIONS=4 ...              more executions of three threads
//! ```
//!
//! On aarch64 the tests run in an emulator, chosen for what another page size or instruction set can break. What no
//! run of it on an x86 machine shows is a weaker memory model, since every access is that of an x86: orderings
//! are loom's to check. Tests that need more addresses than a target has, or more memory than the emulator, are
//! named as skipped, with the reason. A target without 64-bit atomics is only built, and its atomics are
//! `portable-atomic`'s, by locks.
//!
//! A program of yours can be watched, too: built with `-Zsanitizer=address` and `--cfg block_asan`, a read or
//! write of a block that was given back, or past its end, is reported with both call stacks.
//!
//! # Endurance
//!
//! ```text
//! cargo run --release -p bench-harness --example soak -- --time 2h
//! ```
//!
//! mixes everything, about once a second, on every pool: all workloads of the harness, exhaustion and recovery,
//! threads that end with full caches, buffers, waiting; signal handlers that allocate in the middle of calls, and
//! forked children that take whatever there is. Every block is stamped while it is held. Then all stands
//! still: `available()`, `stats()` and what is held have to make the capacity, and every block has to be there
//! once, here and in a child. At the end it says whether time per operation or resident memory rose, with a
//! confidence interval for the slope, beside the same loops without an allocator: what rises by more than a
//! bound, or is lost, is exit code 1. Record, picture and page of the longest run are kept in the repository, as
//! `bench-harness/docs/measured/soak.json`, `soak.svg` and `soak.md`.
//!
//! # Examples
//!
//! A backend of yours is held to the same:
//!
//! ```
//! # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
//! # #[cfg(feature = "conformance")]
//! # fn main() {
//! use block_core::conformance::{Factory, checked_free, exclusive};
//!
//! // SAFETY: the closure keeps no part of the pool.
//! let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
//! exclusive(&pools);
//! checked_free(&pools);
//! # }
//! # #[cfg(not(feature = "conformance"))]
//! # fn main() {}
//! ```
//!
#![doc = include_str!("../docs/bad-inputs.md")]
#![doc = include_str!("../docs/models.md")]
#![doc = include_str!("../docs/mutants.md")]
