//! Sequences of calls on pools of every construction: whatever the bytes say, no call panics, no sum
//! overflows, and the backends and a model agree on every answer.
//!
//! ```text
//! bytes --> Input = construction + calls --+--> lock-free, with magazines --> answers --+
//!                                          +--> lock-free, plain stack    --> answers --+--> all equal
//!                                          +--> mutex                     --> answers --+
//! ```
//!
//! Each pool is called beside a model of its own, which knows how many blocks are free, what lies in every
//! block, which are out raw and who waits. Which block a call gets is the backend's choice; whether it gets
//! one, which error it gets instead, and what the block holds is not. What a constructor must answer is
//! computed in 128 bits (`expected.rs`).
//!
//! A large pool is reserved, not touched: what would write to all of a block, to all blocks, or to a
//! heap takes part only where it is small (`setup.rs`).
//!
//! | program | what it does |
//! |---|---|
//! | `.ci/fuzz` | lets libFuzzer look for inputs that fail, with AddressSanitizer and all checks for overflow |
//! | `cargo test -p block-fuzz` | the committed corpus again, and 600 random inputs |
//! | `cargo run -p block-fuzz -- FILE` | shows an input of the fuzzer's as calls, and makes them |

mod bytes;
mod calls;
mod construct;
mod containers;
mod contents;
mod expected;
mod input;
mod model;
mod requests;
mod setup;
mod subject;
mod threads;
mod world;

pub use input::Input;
