//! Small tests that Miri runs: `.ci/run miri`. Without Miri they are ordinary tests.
#![cfg(not(any(block_loom, block_shuttle)))]

mod raw_pointers;
mod scenes;
