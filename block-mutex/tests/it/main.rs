//! The tests that may share one process.

mod bad_inputs;
mod conformance;
mod stats;
